import { defineCommand } from '../command.ts';
import { defineHeader, optional, required, rpcFields, topicFields } from '../header.ts';
import type { HeaderOf } from '../header.ts';
import { TopicStatsTable } from '../bodies/consume-stats.ts';
import { CreateTopicListRequestBody, TopicConfigAndMappingSerializeWrapper, TopicConfigAndQueueMapping } from '../bodies/topic-config.ts';
import { TopicQueueMappingDetail } from '../bodies/topic-queue-mapping.ts';
import { TopicList } from '../bodies/topic-route.ts';

export const CreateTopicRequestHeader = defineHeader('CreateTopicRequestHeader', {
  topic: required.string(),
  defaultTopic: required.string(),
  readQueueNums: required.int(),
  writeQueueNums: required.int(),
  perm: required.int(),
  topicFilterType: required.string(),
  topicSysFlag: optional.int(),
  order: required.boolean(),
  attributes: optional.string(),
  force: optional.boolean(),
  ...topicFields,
});
export type CreateTopicRequestHeader = HeaderOf<typeof CreateTopicRequestHeader>;

export const CreateTopicListRequestHeader = defineHeader('CreateTopicListRequestHeader', rpcFields);
export type CreateTopicListRequestHeader = HeaderOf<typeof CreateTopicListRequestHeader>;

export const DeleteTopicRequestHeader = defineHeader('DeleteTopicRequestHeader', {
  topic: required.string(),
  ...topicFields,
});
export type DeleteTopicRequestHeader = HeaderOf<typeof DeleteTopicRequestHeader>;

export const GetAllTopicConfigRequestHeader = defineHeader('GetAllTopicConfigRequestHeader', {
  topicSeq: required.int(),
  dataVersion: optional.string(),
  maxTopicNum: optional.int(),
});
export type GetAllTopicConfigRequestHeader = HeaderOf<typeof GetAllTopicConfigRequestHeader>;

export const GetAllTopicConfigResponseHeader = defineHeader('GetAllTopicConfigResponseHeader', {
  totalTopicNum: optional.int(),
});
export type GetAllTopicConfigResponseHeader = HeaderOf<typeof GetAllTopicConfigResponseHeader>;

export const GetTopicConfigRequestHeader = defineHeader('GetTopicConfigRequestHeader', {
  topic: required.string(),
  ...topicFields,
});
export type GetTopicConfigRequestHeader = HeaderOf<typeof GetTopicConfigRequestHeader>;

export const GetTopicStatsInfoRequestHeader = defineHeader('GetTopicStatsInfoRequestHeader', {
  topic: required.string(),
  ...topicFields,
});
export type GetTopicStatsInfoRequestHeader = HeaderOf<typeof GetTopicStatsInfoRequestHeader>;

export const updateAndCreateTopic = defineCommand({
  name: 'UPDATE_AND_CREATE_TOPIC',
  code: 17,
  direction: 'A→B',
  request: CreateTopicRequestHeader,
  summary: 'Creates or changes a topic.',
});

export const updateAndCreateTopicList = defineCommand({
  name: 'UPDATE_AND_CREATE_TOPIC_LIST',
  code: 18,
  direction: 'A→B',
  request: CreateTopicListRequestHeader,
  requestBody: CreateTopicListRequestBody,
  summary: 'Creates or changes several topics, all or none.',
});

export const updateAndCreateStaticTopic = defineCommand({
  name: 'UPDATE_AND_CREATE_STATIC_TOPIC',
  code: 513,
  direction: 'A→B',
  request: CreateTopicRequestHeader,
  requestBody: TopicQueueMappingDetail,
  summary: 'Creates or changes a static topic with its logical queues.',
});

export const deleteTopicInBroker = defineCommand({
  name: 'DELETE_TOPIC_IN_BROKER',
  code: 215,
  direction: 'A→B',
  request: DeleteTopicRequestHeader,
  summary: 'Deletes a topic on a broker.',
});

export const getAllTopicConfig = defineCommand({
  name: 'GET_ALL_TOPIC_CONFIG',
  code: 21,
  direction: 'B↔B, A→B',
  request: GetAllTopicConfigRequestHeader,
  response: GetAllTopicConfigResponseHeader,
  responseBody: TopicConfigAndMappingSerializeWrapper,
  summary: 'Reads all topics, by pages when asked for.',
});

export const getTopicConfig = defineCommand({
  name: 'GET_TOPIC_CONFIG',
  code: 351,
  direction: 'A→B, B↔B',
  request: GetTopicConfigRequestHeader,
  responseBody: TopicConfigAndQueueMapping,
  summary: 'Reads the settings of a topic.',
});

export const getTopicStatsInfo = defineCommand({
  name: 'GET_TOPIC_STATS_INFO',
  code: 202,
  direction: 'A→B, B↔B',
  request: GetTopicStatsInfoRequestHeader,
  responseBody: TopicStatsTable,
  summary: 'Reads the offsets of all queues of a topic.',
});

export const getSystemTopicListFromBroker = defineCommand({
  name: 'GET_SYSTEM_TOPIC_LIST_FROM_BROKER',
  code: 305,
  direction: 'A→B',
  responseBody: TopicList,
  summary: 'Reads the names of the system topics of a broker.',
});

export const cleanUnusedTopic = defineCommand({
  name: 'CLEAN_UNUSED_TOPIC',
  code: 316,
  direction: 'A→B',
  summary: 'Removes consume queues of topics that no longer exist.',
});
