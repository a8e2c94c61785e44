/**
 * What a response's `code` means (Apache's ResponseCode, RemotingSysResponseCode, LiteResponseCode and the controller's codes).
 * The numbers 2000–2016 are also request codes: two separate number spaces.
 */
export const ResponseCode = {
  success: 0,
  systemError: 1,
  systemBusy: 2,
  requestCodeNotSupported: 3,
  transactionFailed: 4,
  flushDiskTimeout: 10,
  slaveNotAvailable: 11,
  flushSlaveTimeout: 12,
  messageIllegal: 13,
  serviceNotAvailable: 14,
  versionNotSupported: 15,
  noPermission: 16,
  topicNotExist: 17,
  topicExistAlready: 18,
  pullNotFound: 19,
  pullRetryImmediately: 20,
  pullOffsetMoved: 21,
  queryNotFound: 22,
  subscriptionParseFailed: 23,
  subscriptionNotExist: 24,
  subscriptionNotLatest: 25,
  subscriptionGroupNotExist: 26,
  filterDataNotExist: 27,
  filterDataNotLatest: 28,
  invalidParameter: 29,
  transactionShouldCommit: 200,
  transactionShouldRollback: 201,
  transactionStateUnknow: 202,
  transactionStateGroupWrong: 203,
  noBuyerId: 204,
  notInCurrentUnit: 205,
  consumerNotOnline: 206,
  consumeMsgTimeout: 207,
  noMessage: 208,
  pollingFull: 209,
  pollingTimeout: 210,
  brokerNotExist: 211,
  brokerDispatchNotComplete: 212,
  broadcastConsumption: 213,
  flowControl: 215,
  notLeaderForQueue: 501,
  illegalOperation: 604,
  goAway: 1500,
  rpcUnknown: -1000,
  rpcAddrIsNull: -1002,
  rpcSendToChannelFailed: -1004,
  rpcTimeOut: -1006,
  controllerFencedMasterEpoch: 2000,
  controllerFencedSyncStateSetEpoch: 2001,
  controllerInvalidMaster: 2002,
  controllerInvalidReplicas: 2003,
  controllerMasterNotAvailable: 2004,
  controllerInvalidRequest: 2005,
  controllerBrokerNotAlive: 2006,
  controllerNotLeader: 2007,
  controllerBrokerMetadataNotExist: 2008,
  controllerInvalidCleanBrokerMetadata: 2009,
  controllerBrokerNeedToBeRegistered: 2010,
  controllerMasterStillExist: 2011,
  controllerElectMasterFailed: 2012,
  controllerAlterSyncStateSetFailed: 2013,
  controllerBrokerIdInvalid: 2014,
  controllerJraftInternalError: 2015,
  controllerBrokerLiveInfoNotExists: 2016,
  lmqQuotaExceeded: 2017,
  liteSubscriptionQuotaExceeded: 2018,
  userNotExist: 3001,
  policyNotExist: 3002,
} as const;
export type ResponseCode = (typeof ResponseCode)[keyof typeof ResponseCode];

/** Codes that only a client's own library produces; never on the wire. */
export const ClientCode = {
  connectBroker: 10_001,
  accessBrokerTimeout: 10_002,
  brokerNotExist: 10_003,
  noNameServer: 10_004,
  topicNotFound: 10_005,
  requestTimeout: 10_006,
  createReplyMessage: 10_007,
} as const;

const names = new Map<number, string>(Object.entries(ResponseCode).map(([name, code]) => [code, toUpperSnake(name)]));

function toUpperSnake(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase();
}

/** Apache's name of a response code (`TOPIC_NOT_EXIST`), or `CODE_<n>`. For logs and error texts. */
export function responseCodeName(code: number): string {
  return names.get(code) ?? `CODE_${code}`;
}
