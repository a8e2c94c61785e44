import { SubscriptionData } from './heartbeat.ts';
import { mapOf, numberMapOf, queueMapOf } from './map-shapes.ts';
import { MessageQueue } from './message-queue.ts';
import { array, maybe, scalar } from './shape.ts';
import { struct } from './struct.ts';
import type { ValueOf } from './struct.ts';

/** Where a group stands in a queue. */
export const OffsetWrapper = struct('OffsetWrapper', {
  brokerOffset: scalar.long(),
  consumerOffset: scalar.long(),
  pullOffset: scalar.long(),
  lastTimestamp: scalar.long(),
});
export type OffsetWrapper = ValueOf<typeof OffsetWrapper>;

export const ConsumeStats = struct('ConsumeStats', { offsetTable: queueMapOf(OffsetWrapper), consumeTps: scalar.double() });
export type ConsumeStats = ValueOf<typeof ConsumeStats>;

export const ConsumeStatsList = struct('ConsumeStatsList', {
  consumeStatsList: array(mapOf(array(ConsumeStats))),
  brokerAddr: maybe(scalar.string()),
  totalDiff: scalar.long(),
  totalInflightDiff: scalar.long(),
});
export type ConsumeStatsList = ValueOf<typeof ConsumeStatsList>;

export const TopicOffset = struct('TopicOffset', { minOffset: scalar.long(), maxOffset: scalar.long(), lastUpdateTimestamp: scalar.long() });
export type TopicOffset = ValueOf<typeof TopicOffset>;

export const TopicStatsTable = struct('TopicStatsTable', { topicPutTps: scalar.double(), offsetTable: queueMapOf(TopicOffset) });
export type TopicStatsTable = ValueOf<typeof TopicStatsTable>;

export const RollbackStats = struct('RollbackStats', {
  brokerName: scalar.string(),
  queueId: scalar.long(),
  brokerOffset: scalar.long(),
  consumerOffset: scalar.long(),
  timestampOffset: scalar.long(),
  rollbackOffset: scalar.long(),
});
export type RollbackStats = ValueOf<typeof RollbackStats>;

export const ConsumeByWho = struct('ConsumeByWho', {
  consumedGroup: array(scalar.string()),
  notConsumedGroup: array(scalar.string()),
  topic: scalar.string(),
  queueId: scalar.int(),
  offset: scalar.long(),
});
export type ConsumeByWho = ValueOf<typeof ConsumeByWho>;

export const BrokerStatsItem = struct('BrokerStatsItem', { sum: scalar.long(), tps: scalar.double(), avgpt: scalar.double() });
export type BrokerStatsItem = ValueOf<typeof BrokerStatsItem>;

export const BrokerStatsData = struct('BrokerStatsData', {
  statsMinute: BrokerStatsItem,
  statsHour: BrokerStatsItem,
  statsDay: BrokerStatsItem,
});
export type BrokerStatsData = ValueOf<typeof BrokerStatsData>;

/** The three texts repeat the times in readable form (`yyyy-MM-dd#HH:mm:ss:SSS`); readers ignore them. */
export const QueueTimeSpan = struct('QueueTimeSpan', {
  messageQueue: MessageQueue,
  minTimeStamp: scalar.long(),
  maxTimeStamp: scalar.long(),
  consumeTimeStamp: scalar.long(),
  delayTime: scalar.long(),
  minTimeStampStr: maybe(scalar.string()),
  maxTimeStampStr: maybe(scalar.string()),
  consumeTimeStampStr: maybe(scalar.string()),
});
export type QueueTimeSpan = ValueOf<typeof QueueTimeSpan>;

export const QueryConsumeTimeSpanBody = struct('QueryConsumeTimeSpanBody', { consumeTimeSpanSet: array(QueueTimeSpan) });
export type QueryConsumeTimeSpanBody = ValueOf<typeof QueryConsumeTimeSpanBody>;

export const QueryCorrectionOffsetBody = struct('QueryCorrectionOffsetBody', { correctionOffsets: numberMapOf(scalar.long()) });
export type QueryCorrectionOffsetBody = ValueOf<typeof QueryCorrectionOffsetBody>;

export const ResetOffsetBody = struct('ResetOffsetBody', { offsetTable: queueMapOf(scalar.long()) });
export type ResetOffsetBody = ValueOf<typeof ResetOffsetBody>;

export const MessageQueueForC = struct('MessageQueueForC', {
  brokerName: scalar.string(),
  offset: scalar.long(),
  queueId: scalar.int(),
  topic: scalar.string(),
});
export type MessageQueueForC = ValueOf<typeof MessageQueueForC>;

/** The same for clients that say they are written in C++. */
export const ResetOffsetBodyForC = struct('ResetOffsetBodyForC', { offsetTable: array(MessageQueueForC) });
export type ResetOffsetBodyForC = ValueOf<typeof ResetOffsetBodyForC>;

export const GetConsumerStatusBody = struct('GetConsumerStatusBody', {
  messageQueueTable: queueMapOf(scalar.long()),
  consumerTable: mapOf(queueMapOf(scalar.long())),
});
export type GetConsumerStatusBody = ValueOf<typeof GetConsumerStatusBody>;

export const OffsetMovedEvent = struct('OffsetMovedEvent', {
  consumerGroup: scalar.string(),
  messageQueue: MessageQueue,
  offsetRequest: scalar.long(),
  offsetNew: scalar.long(),
});
export type OffsetMovedEvent = ValueOf<typeof OffsetMovedEvent>;

export const ConsumeQueueData = struct('ConsumeQueueData', {
  physicOffset: scalar.long(),
  physicSize: scalar.int(),
  tagsCode: scalar.long(),
  extendDataJson: maybe(scalar.string()),
  bitMap: maybe(scalar.string()),
  eval: scalar.boolean(),
  msg: maybe(scalar.string()),
});
export type ConsumeQueueData = ValueOf<typeof ConsumeQueueData>;

export const QueryConsumeQueueResponseBody = struct('QueryConsumeQueueResponseBody', {
  subscriptionData: maybe(SubscriptionData),
  filterData: maybe(scalar.string()),
  queueData: array(ConsumeQueueData),
  maxQueueIndex: scalar.long(),
  minQueueIndex: scalar.long(),
});
export type QueryConsumeQueueResponseBody = ValueOf<typeof QueryConsumeQueueResponseBody>;
