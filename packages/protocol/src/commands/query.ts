import { defineCommand } from '../command.ts';
import { defineHeader, optional, required, topicFields } from '../header.ts';
import type { HeaderOf } from '../header.ts';
import { QueryConsumeQueueResponseBody } from '../bodies/consume-stats.ts';
import { recordsBody } from '../bodies/plain-bodies.ts';

export const QueryMessageRequestHeader = defineHeader('QueryMessageRequestHeader', {
  topic: required.string(),
  key: required.string(),
  maxNum: required.int(),
  beginTimestamp: required.long(),
  endTimestamp: required.long(),
  indexType: optional.string(),
  lastKey: optional.string(),
  uniqueKeyQuery: optional.boolean('_UNIQUE_KEY_QUERY'),
  ...topicFields,
});
export type QueryMessageRequestHeader = HeaderOf<typeof QueryMessageRequestHeader>;

export const QueryMessageResponseHeader = defineHeader('QueryMessageResponseHeader', {
  indexLastUpdateTimestamp: required.long(),
  indexLastUpdatePhyoffset: required.long(),
});
export type QueryMessageResponseHeader = HeaderOf<typeof QueryMessageResponseHeader>;

export const ViewMessageRequestHeader = defineHeader('ViewMessageRequestHeader', {
  topic: optional.string(),
  offset: required.long(),
});
export type ViewMessageRequestHeader = HeaderOf<typeof ViewMessageRequestHeader>;

export const QueryConsumeQueueRequestHeader = defineHeader('QueryConsumeQueueRequestHeader', {
  topic: optional.string(),
  queueId: optional.int(),
  index: optional.long(),
  count: optional.int(),
  consumerGroup: optional.string(),
  ...topicFields,
});
export type QueryConsumeQueueRequestHeader = HeaderOf<typeof QueryConsumeQueueRequestHeader>;

export const queryMessage = defineCommand({
  name: 'QUERY_MESSAGE',
  code: 12,
  direction: 'C→B',
  request: QueryMessageRequestHeader,
  response: QueryMessageResponseHeader,
  responseBody: recordsBody,
  summary: 'Finds messages by key or unique key.',
});

export const viewMessageById = defineCommand({
  name: 'VIEW_MESSAGE_BY_ID',
  code: 33,
  direction: 'C→B',
  request: ViewMessageRequestHeader,
  responseBody: recordsBody,
  summary: 'Reads the message at a commit log offset.',
});

export const queryConsumeQueue = defineCommand({
  name: 'QUERY_CONSUME_QUEUE',
  code: 321,
  direction: 'A→B',
  request: QueryConsumeQueueRequestHeader,
  responseBody: QueryConsumeQueueResponseBody,
  summary: 'Reads entries of a consume queue as they are stored.',
});
