import { defineCommand } from '../command.ts';
import { defineHeader, optional, required, rpcFields, topicFields, topicFieldsUnnamed } from '../header.ts';
import type { HeaderOf } from '../header.ts';
import { bytesBody } from '../bodies/plain-bodies.ts';

export const SendMessageRequestHeader = defineHeader('SendMessageRequestHeader', {
  producerGroup: required.string(),
  topic: required.string(),
  defaultTopic: required.string(),
  defaultTopicQueueNums: required.int(),
  queueId: required.int(),
  sysFlag: required.int(),
  bornTimestamp: required.long(),
  flag: required.int(),
  properties: optional.string(),
  reconsumeTimes: optional.int(),
  unitMode: optional.boolean(),
  batch: optional.boolean(),
  maxReconsumeTimes: optional.int(),
  ...topicFields,
});
export type SendMessageRequestHeader = HeaderOf<typeof SendMessageRequestHeader>;

export const SendMessageResponseHeader = defineHeader(
  'SendMessageResponseHeader',
  {
    msgId: required.string(),
    queueId: required.int(),
    queueOffset: required.long(),
    transactionId: optional.string(),
    batchUniqId: optional.string(),
    recallHandle: optional.string(),
    regionId: optional.string('MSG_REGION'),
    traceOn: optional.boolean('TRACE_ON'),
  },
  { strict: true },
);
export type SendMessageResponseHeader = HeaderOf<typeof SendMessageResponseHeader>;

export const SendMessageRequestHeaderV2 = defineHeader(
  'SendMessageRequestHeaderV2',
  {
    producerGroup: required.string('a'),
    topic: required.string('b'),
    defaultTopic: required.string('c'),
    defaultTopicQueueNums: required.int('d'),
    queueId: required.int('e'),
    sysFlag: required.int('f'),
    bornTimestamp: required.long('g'),
    flag: required.int('h'),
    properties: optional.string('i'),
    reconsumeTimes: optional.int('j'),
    unitMode: optional.boolean('k'),
    maxReconsumeTimes: optional.int('l'),
    batch: optional.boolean('m'),
    brokerName: optional.string('n'),
    ...topicFieldsUnnamed,
  },
  { strict: true },
);
export type SendMessageRequestHeaderV2 = HeaderOf<typeof SendMessageRequestHeaderV2>;

export const ConsumerSendMsgBackRequestHeader = defineHeader('ConsumerSendMsgBackRequestHeader', {
  offset: required.long(),
  group: required.string(),
  delayLevel: required.int(),
  originMsgId: optional.string(),
  originTopic: optional.string(),
  unitMode: optional.boolean(),
  maxReconsumeTimes: optional.int(),
  ...rpcFields,
});
export type ConsumerSendMsgBackRequestHeader = HeaderOf<typeof ConsumerSendMsgBackRequestHeader>;

export const RecallMessageRequestHeader = defineHeader('RecallMessageRequestHeader', {
  producerGroup: optional.string(),
  topic: required.string(),
  recallHandle: required.string(),
  ...topicFields,
});
export type RecallMessageRequestHeader = HeaderOf<typeof RecallMessageRequestHeader>;

export const RecallMessageResponseHeader = defineHeader('RecallMessageResponseHeader', {
  msgId: required.string(),
  regionId: optional.string('MSG_REGION'),
});
export type RecallMessageResponseHeader = HeaderOf<typeof RecallMessageResponseHeader>;

export const sendMessage = defineCommand({
  name: 'SEND_MESSAGE',
  code: 10,
  direction: 'C→B',
  request: SendMessageRequestHeader,
  requestBody: bytesBody('message body'),
  response: SendMessageResponseHeader,
  summary: 'Sends a message, with the long field names that old clients use.',
});

export const sendMessageV2 = defineCommand({
  name: 'SEND_MESSAGE_V2',
  code: 310,
  direction: 'C→B',
  request: SendMessageRequestHeaderV2,
  requestBody: bytesBody('message body'),
  response: SendMessageResponseHeader,
  summary: 'Sends a message; what clients use by default.',
});

export const sendBatchMessage = defineCommand({
  name: 'SEND_BATCH_MESSAGE',
  code: 320,
  direction: 'C→B',
  request: SendMessageRequestHeaderV2,
  requestBody: bytesBody('batch of messages'),
  response: SendMessageResponseHeader,
  summary: 'Sends several messages of one topic and queue at once.',
});

export const sendReplyMessage = defineCommand({
  name: 'SEND_REPLY_MESSAGE',
  code: 324,
  direction: 'C→B',
  request: SendMessageRequestHeader,
  requestBody: bytesBody('reply body'),
  response: SendMessageResponseHeader,
  summary: 'Sends the reply to a request message, with long field names.',
});

export const sendReplyMessageV2 = defineCommand({
  name: 'SEND_REPLY_MESSAGE_V2',
  code: 325,
  direction: 'C→B',
  request: SendMessageRequestHeaderV2,
  requestBody: bytesBody('reply body'),
  response: SendMessageResponseHeader,
  summary: 'Sends the reply to a request message.',
});

export const consumerSendMsgBack = defineCommand({
  name: 'CONSUMER_SEND_MSG_BACK',
  code: 36,
  direction: 'C→B',
  request: ConsumerSendMsgBackRequestHeader,
  summary: 'Hands a consumed message back, to be delivered again later or put into the dead letter queue.',
});

export const recallMessage = defineCommand({
  name: 'RECALL_MESSAGE',
  code: 370,
  direction: 'C→B',
  request: RecallMessageRequestHeader,
  response: RecallMessageResponseHeader,
  summary: 'Takes a timed message back before it is due.',
});
