import { defineCommand } from '../command.ts';
import { defineHeader, optional, required, rpcFields, topicFields } from '../header.ts';
import type { HeaderOf } from '../header.ts';
import {
  ConsumeStats, ConsumeStatsList, GetConsumerStatusBody, QueryConsumeTimeSpanBody, QueryCorrectionOffsetBody, ResetOffsetBody,
} from '../bodies/consume-stats.ts';
import { ConsumerConnection, GroupList, ProducerConnection, ProducerTableInfo, QuerySubscriptionResponseBody } from '../bodies/heartbeat.ts';
import { GroupForbidden, SubscriptionGroupConfig, SubscriptionGroupList, SubscriptionGroupWrapper } from '../bodies/subscription-group.ts';
import { TopicList } from '../bodies/topic-route.ts';
import { GetConsumerStatusRequestHeader, ResetOffsetRequestHeader } from './pushes.ts';

export const GetAllSubscriptionGroupRequestHeader = defineHeader('GetAllSubscriptionGroupRequestHeader', {
  groupSeq: required.int(),
  dataVersion: optional.string(),
  maxGroupNum: optional.int(),
});
export type GetAllSubscriptionGroupRequestHeader = HeaderOf<typeof GetAllSubscriptionGroupRequestHeader>;

export const GetAllSubscriptionGroupResponseHeader = defineHeader('GetAllSubscriptionGroupResponseHeader', {
  totalGroupNum: required.int(),
});
export type GetAllSubscriptionGroupResponseHeader = HeaderOf<typeof GetAllSubscriptionGroupResponseHeader>;

export const GetSubscriptionGroupConfigRequestHeader = defineHeader('GetSubscriptionGroupConfigRequestHeader', {
  group: required.string(),
  ...rpcFields,
});
export type GetSubscriptionGroupConfigRequestHeader = HeaderOf<typeof GetSubscriptionGroupConfigRequestHeader>;

export const DeleteSubscriptionGroupRequestHeader = defineHeader('DeleteSubscriptionGroupRequestHeader', {
  groupName: required.string(),
  cleanOffset: optional.boolean(),
  ...rpcFields,
});
export type DeleteSubscriptionGroupRequestHeader = HeaderOf<typeof DeleteSubscriptionGroupRequestHeader>;

export const UpdateGroupForbiddenRequestHeader = defineHeader('UpdateGroupForbiddenRequestHeader', {
  group: required.string(),
  topic: required.string(),
  readable: optional.boolean(),
  ...topicFields,
});
export type UpdateGroupForbiddenRequestHeader = HeaderOf<typeof UpdateGroupForbiddenRequestHeader>;

export const GetConsumerConnectionListRequestHeader = defineHeader('GetConsumerConnectionListRequestHeader', {
  consumerGroup: required.string(),
  ...rpcFields,
});
export type GetConsumerConnectionListRequestHeader = HeaderOf<typeof GetConsumerConnectionListRequestHeader>;

export const GetProducerConnectionListRequestHeader = defineHeader('GetProducerConnectionListRequestHeader', {
  producerGroup: required.string(),
  ...rpcFields,
});
export type GetProducerConnectionListRequestHeader = HeaderOf<typeof GetProducerConnectionListRequestHeader>;

export const GetConsumeStatsRequestHeader = defineHeader('GetConsumeStatsRequestHeader', {
  consumerGroup: required.string(),
  topic: optional.string(),
  topicList: optional.string(),
  ...topicFields,
});
export type GetConsumeStatsRequestHeader = HeaderOf<typeof GetConsumeStatsRequestHeader>;

export const GetConsumeStatsInBrokerHeader = defineHeader('GetConsumeStatsInBrokerHeader', {
  isOrder: required.boolean(),
});
export type GetConsumeStatsInBrokerHeader = HeaderOf<typeof GetConsumeStatsInBrokerHeader>;

export const QueryTopicConsumeByWhoRequestHeader = defineHeader('QueryTopicConsumeByWhoRequestHeader', {
  topic: required.string(),
  ...topicFields,
});
export type QueryTopicConsumeByWhoRequestHeader = HeaderOf<typeof QueryTopicConsumeByWhoRequestHeader>;

export const QueryTopicsByConsumerRequestHeader = defineHeader('QueryTopicsByConsumerRequestHeader', {
  group: required.string(),
  ...rpcFields,
});
export type QueryTopicsByConsumerRequestHeader = HeaderOf<typeof QueryTopicsByConsumerRequestHeader>;

export const QuerySubscriptionByConsumerRequestHeader = defineHeader('QuerySubscriptionByConsumerRequestHeader', {
  group: required.string(),
  topic: optional.string(),
  ...topicFields,
});
export type QuerySubscriptionByConsumerRequestHeader = HeaderOf<typeof QuerySubscriptionByConsumerRequestHeader>;

export const QueryConsumeTimeSpanRequestHeader = defineHeader('QueryConsumeTimeSpanRequestHeader', {
  topic: required.string(),
  group: required.string(),
  ...topicFields,
});
export type QueryConsumeTimeSpanRequestHeader = HeaderOf<typeof QueryConsumeTimeSpanRequestHeader>;

export const QueryCorrectionOffsetHeader = defineHeader('QueryCorrectionOffsetHeader', {
  filterGroups: optional.string(),
  compareGroup: required.string(),
  topic: required.string(),
  ...topicFields,
});
export type QueryCorrectionOffsetHeader = HeaderOf<typeof QueryCorrectionOffsetHeader>;

export const CloneGroupOffsetRequestHeader = defineHeader('CloneGroupOffsetRequestHeader', {
  srcGroup: required.string(),
  destGroup: required.string(),
  topic: optional.string(),
  offline: optional.boolean(),
  ...rpcFields,
});
export type CloneGroupOffsetRequestHeader = HeaderOf<typeof CloneGroupOffsetRequestHeader>;

export const updateAndCreateSubscriptionGroup = defineCommand({
  name: 'UPDATE_AND_CREATE_SUBSCRIPTIONGROUP',
  code: 200,
  direction: 'A→B',
  requestBody: SubscriptionGroupConfig,
  summary: 'Creates or changes a consumer group.',
});

export const updateAndCreateSubscriptionGroupList = defineCommand({
  name: 'UPDATE_AND_CREATE_SUBSCRIPTIONGROUP_LIST',
  code: 225,
  direction: 'A→B',
  requestBody: SubscriptionGroupList,
  summary: 'Creates or changes several consumer groups.',
});

export const getAllSubscriptionGroupConfig = defineCommand({
  name: 'GET_ALL_SUBSCRIPTIONGROUP_CONFIG',
  code: 201,
  direction: 'B↔B, A→B',
  request: GetAllSubscriptionGroupRequestHeader,
  response: GetAllSubscriptionGroupResponseHeader,
  responseBody: SubscriptionGroupWrapper,
  summary: 'Reads all consumer groups, by pages when asked for.',
});

export const getSubscriptionGroupConfig = defineCommand({
  name: 'GET_SUBSCRIPTIONGROUP_CONFIG',
  code: 352,
  direction: 'A→B',
  request: GetSubscriptionGroupConfigRequestHeader,
  responseBody: SubscriptionGroupConfig,
  summary: 'Reads the settings of a consumer group.',
});

export const deleteSubscriptionGroup = defineCommand({
  name: 'DELETE_SUBSCRIPTIONGROUP',
  code: 207,
  direction: 'A→B',
  request: DeleteSubscriptionGroupRequestHeader,
  summary: 'Deletes a consumer group.',
});

export const updateAndGetGroupForbidden = defineCommand({
  name: 'UPDATE_AND_GET_GROUP_FORBIDDEN',
  code: 353,
  direction: 'A→B',
  request: UpdateGroupForbiddenRequestHeader,
  responseBody: GroupForbidden,
  summary: 'Reads and changes whether a group may read a topic.',
});

export const getConsumerConnectionList = defineCommand({
  name: 'GET_CONSUMER_CONNECTION_LIST',
  code: 203,
  direction: 'A→B',
  request: GetConsumerConnectionListRequestHeader,
  responseBody: ConsumerConnection,
  summary: 'Reads the connections of the consumers of a group.',
});

export const getProducerConnectionList = defineCommand({
  name: 'GET_PRODUCER_CONNECTION_LIST',
  code: 204,
  direction: 'A→B',
  request: GetProducerConnectionListRequestHeader,
  responseBody: ProducerConnection,
  summary: 'Reads the connections of the producers of a group.',
});

export const getAllProducerInfo = defineCommand({
  name: 'GET_ALL_PRODUCER_INFO',
  code: 328,
  direction: 'A→B',
  responseBody: ProducerTableInfo,
  summary: 'Reads all connected producers.',
});

export const getConsumeStats = defineCommand({
  name: 'GET_CONSUME_STATS',
  code: 208,
  direction: 'A→B',
  request: GetConsumeStatsRequestHeader,
  responseBody: ConsumeStats,
  summary: 'Reads how far a group has come in its queues.',
});

export const getBrokerConsumeStats = defineCommand({
  name: 'GET_BROKER_CONSUME_STATS',
  code: 317,
  direction: 'A→B',
  request: GetConsumeStatsInBrokerHeader,
  responseBody: ConsumeStatsList,
  summary: 'Reads how far all groups of a broker have come.',
});

export const queryTopicConsumeByWho = defineCommand({
  name: 'QUERY_TOPIC_CONSUME_BY_WHO',
  code: 300,
  direction: 'A→B',
  request: QueryTopicConsumeByWhoRequestHeader,
  responseBody: GroupList,
  summary: 'Reads which groups consume a topic.',
});

export const queryTopicsByConsumer = defineCommand({
  name: 'QUERY_TOPICS_BY_CONSUMER',
  code: 343,
  direction: 'A→B',
  request: QueryTopicsByConsumerRequestHeader,
  responseBody: TopicList,
  summary: 'Reads which topics a group consumes.',
});

export const querySubscriptionByConsumer = defineCommand({
  name: 'QUERY_SUBSCRIPTION_BY_CONSUMER',
  code: 345,
  direction: 'A→B',
  request: QuerySubscriptionByConsumerRequestHeader,
  responseBody: QuerySubscriptionResponseBody,
  summary: 'Reads what a group subscribes of a topic.',
});

export const queryConsumeTimeSpan = defineCommand({
  name: 'QUERY_CONSUME_TIME_SPAN',
  code: 303,
  direction: 'A→B',
  request: QueryConsumeTimeSpanRequestHeader,
  responseBody: QueryConsumeTimeSpanBody,
  summary: 'Reads the age of the messages a group still has to consume.',
});

export const queryCorrectionOffset = defineCommand({
  name: 'QUERY_CORRECTION_OFFSET',
  code: 308,
  direction: 'A→B',
  request: QueryCorrectionOffsetHeader,
  responseBody: QueryCorrectionOffsetBody,
  summary: 'Reads the smallest offset that any group has of each queue.',
});

export const invokeBrokerToResetOffset = defineCommand({
  name: 'INVOKE_BROKER_TO_RESET_OFFSET',
  code: 222,
  direction: 'A→B',
  request: ResetOffsetRequestHeader,
  responseBody: ResetOffsetBody,
  summary: 'Moves the offsets of a group to a time or an offset.',
});

export const invokeBrokerToGetConsumerStatus = defineCommand({
  name: 'INVOKE_BROKER_TO_GET_CONSUMER_STATUS',
  code: 223,
  direction: 'A→B',
  request: GetConsumerStatusRequestHeader,
  responseBody: GetConsumerStatusBody,
  summary: 'Reads the offsets that the clients of a group hold.',
});

export const cloneGroupOffset = defineCommand({
  name: 'CLONE_GROUP_OFFSET',
  code: 314,
  direction: 'A→B',
  request: CloneGroupOffsetRequestHeader,
  summary: 'Copies the offsets of a group to another.',
});
