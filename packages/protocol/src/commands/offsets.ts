import { defineCommand } from '../command.ts';
import { defineHeader, optional, required, topicFields } from '../header.ts';
import type { HeaderOf } from '../header.ts';

export const QueryConsumerOffsetRequestHeader = defineHeader('QueryConsumerOffsetRequestHeader', {
  consumerGroup: required.string(),
  topic: required.string(),
  queueId: required.int(),
  setZeroIfNotFound: optional.boolean(),
  ...topicFields,
});
export type QueryConsumerOffsetRequestHeader = HeaderOf<typeof QueryConsumerOffsetRequestHeader>;

export const QueryConsumerOffsetResponseHeader = defineHeader('QueryConsumerOffsetResponseHeader', {
  offset: required.long(),
});
export type QueryConsumerOffsetResponseHeader = HeaderOf<typeof QueryConsumerOffsetResponseHeader>;

export const UpdateConsumerOffsetRequestHeader = defineHeader('UpdateConsumerOffsetRequestHeader', {
  consumerGroup: required.string(),
  topic: required.string(),
  queueId: required.int(),
  commitOffset: required.long(),
  ...topicFields,
});
export type UpdateConsumerOffsetRequestHeader = HeaderOf<typeof UpdateConsumerOffsetRequestHeader>;

export const SearchOffsetRequestHeader = defineHeader('SearchOffsetRequestHeader', {
  topic: required.string(),
  liteTopic: optional.string(),
  queueId: required.int(),
  timestamp: required.long(),
  boundaryType: optional.string(),
  ...topicFields,
});
export type SearchOffsetRequestHeader = HeaderOf<typeof SearchOffsetRequestHeader>;

export const SearchOffsetResponseHeader = defineHeader('SearchOffsetResponseHeader', {
  offset: required.long(),
});
export type SearchOffsetResponseHeader = HeaderOf<typeof SearchOffsetResponseHeader>;

export const GetMaxOffsetRequestHeader = defineHeader('GetMaxOffsetRequestHeader', {
  topic: required.string(),
  queueId: required.int(),
  committed: optional.boolean(),
  ...topicFields,
});
export type GetMaxOffsetRequestHeader = HeaderOf<typeof GetMaxOffsetRequestHeader>;

export const GetMaxOffsetResponseHeader = defineHeader('GetMaxOffsetResponseHeader', {
  offset: required.long(),
});
export type GetMaxOffsetResponseHeader = HeaderOf<typeof GetMaxOffsetResponseHeader>;

export const GetMinOffsetRequestHeader = defineHeader('GetMinOffsetRequestHeader', {
  topic: required.string(),
  queueId: required.int(),
  ...topicFields,
});
export type GetMinOffsetRequestHeader = HeaderOf<typeof GetMinOffsetRequestHeader>;

export const GetMinOffsetResponseHeader = defineHeader('GetMinOffsetResponseHeader', {
  offset: required.long(),
});
export type GetMinOffsetResponseHeader = HeaderOf<typeof GetMinOffsetResponseHeader>;

export const GetEarliestMsgStoretimeRequestHeader = defineHeader('GetEarliestMsgStoretimeRequestHeader', {
  topic: required.string(),
  queueId: required.int(),
  ...topicFields,
});
export type GetEarliestMsgStoretimeRequestHeader = HeaderOf<typeof GetEarliestMsgStoretimeRequestHeader>;

export const GetEarliestMsgStoretimeResponseHeader = defineHeader('GetEarliestMsgStoretimeResponseHeader', {
  timestamp: required.long(),
});
export type GetEarliestMsgStoretimeResponseHeader = HeaderOf<typeof GetEarliestMsgStoretimeResponseHeader>;

export const queryConsumerOffset = defineCommand({
  name: 'QUERY_CONSUMER_OFFSET',
  code: 14,
  direction: 'C→B',
  request: QueryConsumerOffsetRequestHeader,
  response: QueryConsumerOffsetResponseHeader,
  summary: 'Reads the committed offset of a group in a queue.',
});

export const updateConsumerOffset = defineCommand({
  name: 'UPDATE_CONSUMER_OFFSET',
  code: 15,
  direction: 'C→B',
  request: UpdateConsumerOffsetRequestHeader,
  summary: 'Commits an offset of a group in a queue; usually one-way.',
});

export const searchOffsetByTimestamp = defineCommand({
  name: 'SEARCH_OFFSET_BY_TIMESTAMP',
  code: 29,
  direction: 'C→B',
  request: SearchOffsetRequestHeader,
  response: SearchOffsetResponseHeader,
  summary: 'Finds the offset of the message stored at a time.',
});

export const getMaxOffset = defineCommand({
  name: 'GET_MAX_OFFSET',
  code: 30,
  direction: 'C→B, B↔B',
  request: GetMaxOffsetRequestHeader,
  response: GetMaxOffsetResponseHeader,
  summary: 'Reads the offset that the next message of a queue will get.',
});

export const getMinOffset = defineCommand({
  name: 'GET_MIN_OFFSET',
  code: 31,
  direction: 'C→B, B↔B',
  request: GetMinOffsetRequestHeader,
  response: GetMinOffsetResponseHeader,
  summary: 'Reads the smallest offset of a queue that is still stored.',
});

export const getEarliestMsgStoreTime = defineCommand({
  name: 'GET_EARLIEST_MSG_STORETIME',
  code: 32,
  direction: 'C→B',
  request: GetEarliestMsgStoretimeRequestHeader,
  response: GetEarliestMsgStoretimeResponseHeader,
  summary: 'Reads the store time of the oldest message of a queue.',
});
