import { SubscriptionData } from './heartbeat.ts';
import { mapOf, queueMapOf } from './map-shapes.ts';
import { array, maybe, oneOf, scalar } from './shape.ts';
import { struct } from './struct.ts';
import type { ValueOf } from './struct.ts';

/** A queue as a push consumer holds it. `droped` is spelled so on the wire. */
export const ProcessQueueInfo = struct('ProcessQueueInfo', {
  commitOffset: scalar.long(),
  cachedMsgMinOffset: scalar.long(),
  cachedMsgMaxOffset: scalar.long(),
  cachedMsgCount: scalar.int(),
  cachedMsgSizeInMiB: scalar.int(),
  transactionMsgMinOffset: scalar.long(),
  transactionMsgMaxOffset: scalar.long(),
  transactionMsgCount: scalar.int(),
  locked: scalar.boolean(),
  tryUnlockTimes: scalar.long(),
  lastLockTimestamp: scalar.long(),
  droped: scalar.boolean(),
  lastPullTimestamp: scalar.long(),
  lastConsumeTimestamp: scalar.long(),
});
export type ProcessQueueInfo = ValueOf<typeof ProcessQueueInfo>;

export const PopProcessQueueInfo = struct('PopProcessQueueInfo', {
  waitAckCount: scalar.int(),
  droped: scalar.boolean(),
  lastPopTimestamp: scalar.long(),
});
export type PopProcessQueueInfo = ValueOf<typeof PopProcessQueueInfo>;

export const ConsumeStatus = struct('ConsumeStatus', {
  pullRT: scalar.double(),
  pullTPS: scalar.double(),
  consumeRT: scalar.double(),
  consumeOKTPS: scalar.double(),
  consumeFailedTPS: scalar.double(),
  consumeFailedMsgs: scalar.long(),
});
export type ConsumeStatus = ValueOf<typeof ConsumeStatus>;

/** What a consumer tells about itself; see `PROP_*` for the fixed keys of `properties`. */
export const ConsumerRunningInfo = struct('ConsumerRunningInfo', {
  properties: mapOf(scalar.string()),
  subscriptionSet: array(SubscriptionData),
  mqTable: queueMapOf(ProcessQueueInfo),
  mqPopTable: queueMapOf(PopProcessQueueInfo),
  statusTable: mapOf(ConsumeStatus),
  userConsumerInfo: mapOf(scalar.string()),
  jstack: maybe(scalar.string()),
});
export type ConsumerRunningInfo = ValueOf<typeof ConsumerRunningInfo>;

/** Keys of {@link ConsumerRunningInfo}'s properties. */
export const ConsumerRunningInfoKey = {
  nameserverAddress: 'PROP_NAMESERVER_ADDR',
  threadPoolCoreSize: 'PROP_THREADPOOL_CORE_SIZE',
  consumeOrderly: 'PROP_CONSUMEORDERLY',
  consumeType: 'PROP_CONSUME_TYPE',
  clientVersion: 'PROP_CLIENT_VERSION',
  startTimestamp: 'PROP_CONSUMER_START_TIMESTAMP',
} as const;

export const ConsumeMessageDirectlyResult = struct('ConsumeMessageDirectlyResult', {
  order: scalar.boolean(),
  autoCommit: scalar.boolean(true),
  consumeResult: oneOf('CR_SUCCESS', 'CR_LATER', 'CR_ROLLBACK', 'CR_COMMIT', 'CR_THROW_EXCEPTION', 'CR_RETURN_NULL'),
  remark: maybe(scalar.string()),
  spentTimeMills: scalar.long(),
});
export type ConsumeMessageDirectlyResult = ValueOf<typeof ConsumeMessageDirectlyResult>;
