import { OffsetWrapper, TopicOffset } from './consume-stats.ts';
import { mapOf } from './map-shapes.ts';
import { array, maybe, oneOf, scalar } from './shape.ts';
import { struct } from './struct.ts';
import type { ValueOf } from './struct.ts';

/** Where a new lite subscription begins. */
export const OffsetOption = struct('OffsetOption', { type: oneOf('POLICY', 'OFFSET', 'TAIL_N', 'TIMESTAMP'), value: scalar.long() });
export type OffsetOption = ValueOf<typeof OffsetOption>;

export const LiteSubscriptionDTO = struct('LiteSubscriptionDTO', {
  action: oneOf('PARTIAL_ADD', 'PARTIAL_REMOVE', 'COMPLETE_ADD', 'COMPLETE_REMOVE'),
  clientId: scalar.string(),
  group: scalar.string(),
  topic: scalar.string(),
  liteTopicSet: array(scalar.string()),
  offsetOption: maybe(OffsetOption),
  version: scalar.long(),
});
export type LiteSubscriptionDTO = ValueOf<typeof LiteSubscriptionDTO>;

export const LiteSubscriptionCtlRequestBody = struct('LiteSubscriptionCtlRequestBody', { subscriptionSet: array(LiteSubscriptionDTO) });
export type LiteSubscriptionCtlRequestBody = ValueOf<typeof LiteSubscriptionCtlRequestBody>;

export const LiteLagInfo = struct('LiteLagInfo', {
  liteTopic: scalar.string(),
  lagCount: scalar.long(),
  earliestUnconsumedTimestamp: scalar.long(),
});
export type LiteLagInfo = ValueOf<typeof LiteLagInfo>;

export const ClientGroup = struct('ClientGroup', { clientId: scalar.string(), group: scalar.string() });
export type ClientGroup = ValueOf<typeof ClientGroup>;

export const GetBrokerLiteInfoResponseBody = struct('GetBrokerLiteInfoResponseBody', {
  storeType: maybe(scalar.string()),
  maxLmqNum: scalar.int(),
  currentLmqNum: scalar.int(),
  liteSubscriptionCount: scalar.int(),
  orderInfoCount: scalar.int(),
  cqTableSize: scalar.int(),
  offsetTableSize: scalar.int(),
  eventMapSize: scalar.int(),
  topicMeta: mapOf(scalar.int()),
  groupMeta: mapOf(array(scalar.string())),
});
export type GetBrokerLiteInfoResponseBody = ValueOf<typeof GetBrokerLiteInfoResponseBody>;

export const GetParentTopicInfoResponseBody = struct('GetParentTopicInfoResponseBody', {
  topic: scalar.string(),
  ttl: scalar.int(),
  groups: array(scalar.string()),
  lmqNum: scalar.int(),
  liteTopicCount: scalar.int(),
});
export type GetParentTopicInfoResponseBody = ValueOf<typeof GetParentTopicInfoResponseBody>;

export const GetLiteTopicInfoResponseBody = struct('GetLiteTopicInfoResponseBody', {
  parentTopic: scalar.string(),
  liteTopic: scalar.string(),
  subscriber: array(ClientGroup),
  topicOffset: maybe(TopicOffset),
  shardingToBroker: scalar.boolean(),
});
export type GetLiteTopicInfoResponseBody = ValueOf<typeof GetLiteTopicInfoResponseBody>;

export const GetLiteClientInfoResponseBody = struct('GetLiteClientInfoResponseBody', {
  parentTopic: scalar.string(),
  group: scalar.string(),
  clientId: scalar.string(),
  lastAccessTime: scalar.long(),
  lastConsumeTime: scalar.long(),
  liteTopicCount: scalar.int(),
  liteTopicSet: array(scalar.string()),
});
export type GetLiteClientInfoResponseBody = ValueOf<typeof GetLiteClientInfoResponseBody>;

export const GetLiteGroupInfoResponseBody = struct('GetLiteGroupInfoResponseBody', {
  group: scalar.string(),
  parentTopic: scalar.string(),
  liteTopic: maybe(scalar.string()),
  earliestUnconsumedTimestamp: scalar.long(),
  totalLagCount: scalar.long(),
  liteTopicOffsetWrapper: maybe(OffsetWrapper),
  lagCountTopK: array(LiteLagInfo),
  lagTimestampTopK: array(LiteLagInfo),
});
export type GetLiteGroupInfoResponseBody = ValueOf<typeof GetLiteGroupInfoResponseBody>;
