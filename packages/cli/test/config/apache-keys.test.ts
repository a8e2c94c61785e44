import { describe, expect, it } from 'vitest';
import { brokerService } from '../../src/services/broker.ts';
import { nameserverService } from '../../src/services/nameserver.ts';
import { standaloneService } from '../../src/services/standalone.ts';

/** The 200 most used keys of Apache 5.5.0's broker.conf, and those of its remoting layer. */
const brokerKeys = `
  brokerClusterName brokerName brokerId brokerRole listenPort haListenPort brokerIP1 brokerIP2 namesrvAddr brokerPermission storePathRootDir storePathCommitLog deleteWhen
  fileReservedTime deleteFileBatchMax cleanResourceInterval diskMaxUsedSpaceRatio diskSpaceCleanForciblyRatio diskSpaceWarningLevelRatio cleanFileForciblyEnable
  mappedFileSizeCommitLog mappedFileSizeConsumeQueue flushDiskType syncFlushTimeout flushIntervalCommitLog flushCommitLogTimed flushCommitLogLeastPages
  flushIntervalConsumeQueue transientStorePoolEnable transientStorePoolSize osPageCacheBusyTimeOutMills maxMessageSize maxTransferBytesOnMessageInMemory
  maxTransferCountOnMessageInMemory maxTransferBytesOnMessageInDisk maxTransferCountOnMessageInDisk accessMessageInMemoryMaxRatio maxFilterMessageSize
  travelCqFileNumWhenGetMessage messageIndexEnable messageIndexSafe maxHashSlotNum maxIndexNum maxMsgsNumBatch defaultQueryMaxNum checkCRCOnRecover duplicationEnable
  enabledAppendPropCRC forceVerifyPropCRC autoMessageVersionOnTopicLen storeType enableConsumeQueueExt enableCompaction compactionScheduleInternal maxOffsetMapSize
  messageDelayLevel flushDelayOffsetInterval enableScheduleAsyncDeliver timerWheelEnable timerMaxDelaySec timerPrecisionMs timerRollWindowSlot timerCongestNumEachSlot
  timerStopEnqueue timerStopDequeue timerRocksDBEnable haSendHeartbeatInterval haHousekeepingInterval haTransferBatchSize haMaxGapNotInSync haFlowControlEnable
  maxHaTransferByteInSecond slaveTimeout totalReplicas inSyncReplicas minInSyncReplicas allAckInSyncStateSet enableAutoInSyncReplicas haMaxTimeSlaveNotCatchup
  syncFromLastFile asyncLearner offsetCheckInSlave enableDLegerCommitLog dLegerGroup dLegerPeers dLegerSelfId autoCreateTopicEnable defaultTopicQueueNums clusterTopicEnable
  brokerTopicEnable autoCreateSubscriptionGroup enableCreateSysGroup messageStorePlugIn msgTraceTopicName traceTopicEnable traceOn regionId sendMessageThreadPoolNums
  pullMessageThreadPoolNums sendThreadPoolQueueCapacity pullThreadPoolQueueCapacity brokerFastFailureEnable waitTimeMillsInSendQueue waitTimeMillsInPullQueue
  waitTimeMillsInHeartbeatQueue waitTimeMillsInTransactionQueue waitTimeMillsInAckQueue flushConsumerOffsetInterval longPollingEnable shortPollingTimeMills
  notifyConsumerIdsChangedEnable realTimeNotifyConsumerChange transferMsgByHeap slaveReadEnable disableConsumeIfConsumerReadSlowly consumerFallbehindThreshold
  startAcceptSendRequestTimeStamp enablePropertyFilter filterSupportRetry enableCalcFilterBitMap expectConsumerNumUseFilter maxErrorRateOfBloomFilter
  rejectTransactionMessage rejectPullConsumerEnable transactionTimeOut transactionCheckMax transactionCheckInterval transactionOpMsgMaxSize transactionOpBatchInterval
  transRocksDBEnable registerBrokerTimeoutMills registerNameServerPeriod forceRegister compressedRegister enableSingleTopicRegister enableSplitRegistration
  splitRegistrationSize brokerHeartbeatInterval brokerNotActiveTimeoutMillis sendHeartbeatTimeoutMillis channelExpiredTimeout enableSlaveActingMaster enableRemoteEscape
  skipPreOnline compatibleWithOldNameSrv syncBrokerMemberGroupPeriod lockInStrictMode enableControllerMode controllerAddr fetchControllerAddrByDnsLookup
  syncBrokerMetadataPeriod checkSyncStateSetPeriod syncControllerMetadataPeriod controllerHeartBeatTimeoutMills brokerElectionPriority defaultMessageRequestMode
  defaultPopShareQueueNum serverLoadBalancerEnable reviveQueueNum reviveInterval popPollingSize maxPopPollingSize popFromRetryProbability popFromRetryProbabilityForPriority
  priorityOrderAsc enableRetryTopicV2 retrieveMessageFromPopRetryTopicV1 popResponseReturnActualRetryTopic enablePopBufferMerge popConsumerKVServiceEnable
  enablePopMessageThreshold popInflightMessageThreshold initPopOffsetByCheckMsgInMem popLongPollingForceNotifyInterval useServerSideResetOffset enableBroadcastOffsetStore
  broadcastOffsetExpireSecond broadcastOffsetExpireMaxSecond storeReplyMessageEnable recallMessageEnable allowRecallWhenBrokerNotWriteable enableMixedMessageType
  validateSystemTopicWhenUpdateTopic clearRetryTopicWhenDeleteTopic enableLmq enableMultiDispatch maxLmqConsumeQueueNum enableLiteEventMode maxLiteSubscriptionCount
  liteSubscriptionCheckTimeoutMills minLiteTTl coldDataFlowControlEnable cgColdReadThreshold globalColdReadThreshold enableNetWorkFlowControl configBlackList
  configManagerVersion metricsExporterType metricsPromExporterPort enableBatchPush
  bindAddress serverWorkerThreads serverCallbackExecutorThreads serverSelectorThreads serverOnewaySemaphoreValue serverAsyncSemaphoreValue serverChannelMaxIdleTimeSeconds
  serverSocketSndBufSize serverSocketRcvBufSize serverSocketBacklog enableShutdownGracefully shutdownWaitTimeSeconds useEpollNativeSelector
  authenticationEnabled authenticationProvider authenticationMetadataProvider authenticationWhitelist initAuthenticationUser innerClientAuthenticationCredentials
  authorizationEnabled authorizationWhitelist migrateAuthFromV1Enabled`;

const nameserverKeys = `
  listenPort kvConfigPath configStorePath productEnvName clusterTest orderMessageEnable returnOrderTopicConfigToBroker clientRequestThreadPoolNums defaultThreadPoolNums
  clientRequestThreadPoolQueueCapacity defaultThreadPoolQueueCapacity scanNotActiveBrokerInterval unRegisterBrokerQueueCapacity supportActingMaster enableAllTopicList
  enableTopicList notifyMinBrokerIdChanged enableControllerInNamesrv needWaitForService waitSecondsForService deleteTopicWithBrokerRegistration configBlackList
  bindAddress serverWorkerThreads serverCallbackExecutorThreads serverSelectorThreads serverOnewaySemaphoreValue serverAsyncSemaphoreValue serverChannelMaxIdleTimeSeconds
  serverSocketSndBufSize serverSocketRcvBufSize serverSocketBacklog enableShutdownGracefully shutdownWaitTimeSeconds useEpollNativeSelector`;

const words = (text: string): string[] => text.trim().split(/\s+/);

describe("Apache's keys", () => {
  it.each([
    ['broker', brokerService, words(brokerKeys)],
    ['nameserver', nameserverService, words(nameserverKeys)],
  ] as const)('of a %s file are all understood: each has an effect, or a reason why not', (_name, service, keys) => {
    const known = service.settings();
    const unknown = keys.filter((key) => !known.has(key) && service.ignored[key] === undefined);
    expect(unknown).toEqual([]);
  });

  it.each([brokerService, nameserverService, standaloneService])('every setting of $name has a description and, when a default, one that it accepts', (service) => {
    for (const setting of service.settings().values()) {
      expect(setting.description.length, setting.key).toBeGreaterThan(10);
      expect(setting.schema.safeParse(undefined).success, setting.key).toBe(true);
      if (setting.defaultValue !== undefined) expect(setting.schema.safeParse(setting.defaultValue).success, setting.key).toBe(true);
    }
  });

  it('are not at once a setting and without effect', () => {
    for (const service of [brokerService, nameserverService]) expect(Object.keys(service.ignored).filter((key) => service.settings().has(key))).toEqual([]);
  });
});
