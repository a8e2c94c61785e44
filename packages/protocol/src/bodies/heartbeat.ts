import { mapOf } from './map-shapes.ts';
import { array, maybe, oneOf, scalar } from './shape.ts';
import { struct } from './struct.ts';
import type { ValueOf } from './struct.ts';

const consumeTypeShape = oneOf('CONSUME_PASSIVELY', 'CONSUME_ACTIVELY', 'CONSUME_POP');
const messageModelShape = oneOf('CLUSTERING', 'BROADCASTING', 'LITE_SELECTIVE');
const consumeFromWhereShape = oneOf(
  'CONSUME_FROM_LAST_OFFSET',
  'CONSUME_FROM_LAST_OFFSET_AND_FROM_MIN_WHEN_BOOT_FIRST',
  'CONSUME_FROM_MIN_OFFSET',
  'CONSUME_FROM_MAX_OFFSET',
  'CONSUME_FROM_FIRST_OFFSET',
  'CONSUME_FROM_TIMESTAMP',
);
/** Pull, push, pop. */
export type ConsumeType = ValueOf<typeof consumeTypeShape>;
export type MessageModel = ValueOf<typeof messageModelShape>;
export type ConsumeFromWhere = ValueOf<typeof consumeFromWhereShape>;

/** What a group reads of a topic. `codeSet` holds the Java hash of each tag; `subVersion` is the time (ms) of the last change. */
export const SubscriptionData = struct('SubscriptionData', {
  classFilterMode: scalar.boolean(),
  topic: scalar.string(),
  subString: scalar.string(),
  tagsSet: array(scalar.string()),
  codeSet: array(scalar.int()),
  subVersion: scalar.long(),
  expressionType: scalar.string('TAG'),
});
export type SubscriptionData = ValueOf<typeof SubscriptionData>;

export const ProducerData = struct('ProducerData', { groupName: scalar.string() });
export type ProducerData = ValueOf<typeof ProducerData>;

export const ConsumerData = struct('ConsumerData', {
  groupName: scalar.string(),
  consumeType: consumeTypeShape,
  messageModel: messageModelShape,
  consumeFromWhere: consumeFromWhereShape,
  subscriptionDataSet: array(SubscriptionData),
  unitMode: scalar.boolean(),
});
export type ConsumerData = ValueOf<typeof ConsumerData>;

/** Who a client is and what it reads. */
export const HeartbeatData = struct('HeartbeatData', {
  clientID: scalar.string(),
  producerDataSet: array(ProducerData),
  consumerDataSet: array(ConsumerData),
  heartbeatFingerprint: scalar.int(),
  withoutSub: scalar.boolean(),
});
export type HeartbeatData = ValueOf<typeof HeartbeatData>;

export const CheckClientRequestBody = struct('CheckClientRequestBody', {
  clientId: scalar.string(),
  group: scalar.string(),
  subscriptionData: SubscriptionData,
  namespace: maybe(scalar.string()),
});
export type CheckClientRequestBody = ValueOf<typeof CheckClientRequestBody>;

/** A client's connection; `language` is the name on the wire, `version` the ordinal ({@link MqVersion}). */
export const Connection = struct('Connection', {
  clientId: scalar.string(),
  clientAddr: scalar.string(),
  language: scalar.string('JAVA'),
  version: scalar.int(),
});
export type Connection = ValueOf<typeof Connection>;

export const ConsumerConnection = struct('ConsumerConnection', {
  connectionSet: array(Connection),
  subscriptionTable: mapOf(SubscriptionData),
  consumeType: consumeTypeShape,
  messageModel: messageModelShape,
  consumeFromWhere: consumeFromWhereShape,
});
export type ConsumerConnection = ValueOf<typeof ConsumerConnection>;

export const ProducerConnection = struct('ProducerConnection', { connectionSet: array(Connection) });
export type ProducerConnection = ValueOf<typeof ProducerConnection>;

export const ProducerInfo = struct('ProducerInfo', {
  clientId: scalar.string(),
  remoteIP: scalar.string(),
  language: scalar.string('JAVA'),
  version: scalar.int(),
  lastUpdateTimestamp: scalar.long(),
});
export type ProducerInfo = ValueOf<typeof ProducerInfo>;

export const ProducerTableInfo = struct('ProducerTableInfo', { data: mapOf(array(ProducerInfo)) });
export type ProducerTableInfo = ValueOf<typeof ProducerTableInfo>;

export const GetConsumerListByGroupResponseBody = struct('GetConsumerListByGroupResponseBody', { consumerIdList: array(scalar.string()) });
export type GetConsumerListByGroupResponseBody = ValueOf<typeof GetConsumerListByGroupResponseBody>;

export const GroupList = struct('GroupList', { groupList: array(scalar.string()) });
export type GroupList = ValueOf<typeof GroupList>;

export const QuerySubscriptionResponseBody = struct('QuerySubscriptionResponseBody', {
  subscriptionData: maybe(SubscriptionData),
  group: scalar.string(),
  topic: scalar.string(),
});
export type QuerySubscriptionResponseBody = ValueOf<typeof QuerySubscriptionResponseBody>;
