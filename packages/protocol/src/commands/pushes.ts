import { defineCommand } from '../command.ts';
import { defineHeader, optional, required, rpcFields, topicFields, topicFieldsUnnamed } from '../header.ts';
import type { HeaderOf } from '../header.ts';
import { GetConsumerStatusBody, ResetOffsetBody } from '../bodies/consume-stats.ts';
import { ConsumeMessageDirectlyResult, ConsumerRunningInfo } from '../bodies/consumer-running-info.ts';
import { bytesBody, recordsBody } from '../bodies/plain-bodies.ts';

export const ReplyMessageRequestHeader = defineHeader('ReplyMessageRequestHeader', {
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
  bornHost: required.string(),
  storeHost: required.string(),
  storeTimestamp: required.long(),
  ...topicFields,
});
export type ReplyMessageRequestHeader = HeaderOf<typeof ReplyMessageRequestHeader>;

export const ResetOffsetRequestHeader = defineHeader('ResetOffsetRequestHeader', {
  group: required.string(),
  topic: required.string(),
  queueId: optional.int(),
  offset: optional.long(),
  timestamp: required.long(),
  isForce: required.boolean(),
  ...topicFields,
});
export type ResetOffsetRequestHeader = HeaderOf<typeof ResetOffsetRequestHeader>;

export const GetConsumerStatusRequestHeader = defineHeader('GetConsumerStatusRequestHeader', {
  topic: required.string(),
  group: required.string(),
  clientAddr: optional.string(),
  ...topicFields,
});
export type GetConsumerStatusRequestHeader = HeaderOf<typeof GetConsumerStatusRequestHeader>;

export const GetConsumerRunningInfoRequestHeader = defineHeader('GetConsumerRunningInfoRequestHeader', {
  consumerGroup: required.string(),
  clientId: required.string(),
  jstackEnable: optional.boolean(),
  ...rpcFields,
});
export type GetConsumerRunningInfoRequestHeader = HeaderOf<typeof GetConsumerRunningInfoRequestHeader>;

export const ConsumeMessageDirectlyResultRequestHeader = defineHeader('ConsumeMessageDirectlyResultRequestHeader', {
  consumerGroup: required.string(),
  clientId: optional.string(),
  msgId: optional.string(),
  brokerName: optional.string(),
  topic: optional.string(),
  topicSysFlag: optional.int(),
  groupSysFlag: optional.int(),
  ...topicFieldsUnnamed,
});
export type ConsumeMessageDirectlyResultRequestHeader = HeaderOf<typeof ConsumeMessageDirectlyResultRequestHeader>;

export const pushReplyMessageToClient = defineCommand({
  name: 'PUSH_REPLY_MESSAGE_TO_CLIENT',
  code: 326,
  direction: 'B→C',
  request: ReplyMessageRequestHeader,
  requestBody: bytesBody('reply body, compressed as sysFlag says'),
  summary: 'Delivers a reply message to the client that waits for it.',
});

export const resetConsumerClientOffset = defineCommand({
  name: 'RESET_CONSUMER_CLIENT_OFFSET',
  code: 220,
  direction: 'B→C',
  request: ResetOffsetRequestHeader,
  requestBody: ResetOffsetBody,
  summary: 'Tells a consumer to move its offsets.',
});

export const getConsumerStatusFromClient = defineCommand({
  name: 'GET_CONSUMER_STATUS_FROM_CLIENT',
  code: 221,
  direction: 'B→C',
  request: GetConsumerStatusRequestHeader,
  responseBody: GetConsumerStatusBody,
  summary: 'Asks a consumer for its offsets.',
});

export const getConsumerRunningInfo = defineCommand({
  name: 'GET_CONSUMER_RUNNING_INFO',
  code: 307,
  direction: 'A→B, B→C',
  request: GetConsumerRunningInfoRequestHeader,
  responseBody: ConsumerRunningInfo,
  summary: 'Asks for the running state of a consumer; the broker relays it to the client.',
});

export const consumeMessageDirectly = defineCommand({
  name: 'CONSUME_MESSAGE_DIRECTLY',
  code: 309,
  direction: 'A→B, B→C',
  request: ConsumeMessageDirectlyResultRequestHeader,
  requestBody: recordsBody,
  responseBody: ConsumeMessageDirectlyResult,
  summary: 'Has a consumer consume one message now; the broker relays it to the client.',
});
