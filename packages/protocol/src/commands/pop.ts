import { defineCommand } from '../command.ts';
import { defineHeader, optional, required, topicFields } from '../header.ts';
import type { HeaderOf } from '../header.ts';
import { BatchAckMessageRequestBody } from '../bodies/batch-ack.ts';
import { recordsBody } from '../bodies/plain-bodies.ts';
import {
  MessageRequestModeSerializeWrapper, QueryAssignmentRequestBody, QueryAssignmentResponseBody, SetMessageRequestModeRequestBody,
} from '../bodies/rebalance.ts';

export const PopMessageRequestHeader = defineHeader('PopMessageRequestHeader', {
  consumerGroup: required.string(),
  topic: required.string(),
  queueId: required.int(),
  maxMsgNums: required.int(),
  invisibleTime: required.long(),
  pollTime: required.long(),
  bornTime: required.long(),
  initMode: required.int(),
  expType: optional.string(),
  exp: optional.string(),
  order: optional.boolean(),
  attemptId: optional.string(),
  ...topicFields,
});
export type PopMessageRequestHeader = HeaderOf<typeof PopMessageRequestHeader>;

export const PopMessageResponseHeader = defineHeader('PopMessageResponseHeader', {
  popTime: required.long(),
  invisibleTime: required.long(),
  reviveQid: required.int(),
  restNum: required.long(),
  startOffsetInfo: optional.string(),
  msgOffsetInfo: optional.string(),
  orderCountInfo: optional.string(),
});
export type PopMessageResponseHeader = HeaderOf<typeof PopMessageResponseHeader>;

export const AckMessageRequestHeader = defineHeader('AckMessageRequestHeader', {
  consumerGroup: required.string(),
  topic: required.string(),
  queueId: required.int(),
  extraInfo: required.string(),
  offset: required.long(),
  liteTopic: optional.string(),
  ...topicFields,
});
export type AckMessageRequestHeader = HeaderOf<typeof AckMessageRequestHeader>;

export const ChangeInvisibleTimeRequestHeader = defineHeader('ChangeInvisibleTimeRequestHeader', {
  consumerGroup: required.string(),
  topic: required.string(),
  queueId: required.int(),
  extraInfo: required.string(),
  offset: required.long(),
  invisibleTime: required.long(),
  liteTopic: optional.string(),
  suspend: optional.boolean(),
  ...topicFields,
});
export type ChangeInvisibleTimeRequestHeader = HeaderOf<typeof ChangeInvisibleTimeRequestHeader>;

export const ChangeInvisibleTimeResponseHeader = defineHeader('ChangeInvisibleTimeResponseHeader', {
  popTime: required.long(),
  invisibleTime: required.long(),
  reviveQid: required.int(),
});
export type ChangeInvisibleTimeResponseHeader = HeaderOf<typeof ChangeInvisibleTimeResponseHeader>;

export const NotificationRequestHeader = defineHeader('NotificationRequestHeader', {
  consumerGroup: required.string(),
  topic: required.string(),
  queueId: required.int(),
  pollTime: required.long(),
  bornTime: required.long(),
  order: optional.boolean(),
  attemptId: optional.string(),
  expType: optional.string(),
  exp: optional.string(),
  ...topicFields,
});
export type NotificationRequestHeader = HeaderOf<typeof NotificationRequestHeader>;

export const NotificationResponseHeader = defineHeader('NotificationResponseHeader', {
  hasMsg: required.boolean(),
  pollingFull: optional.boolean(),
});
export type NotificationResponseHeader = HeaderOf<typeof NotificationResponseHeader>;

export const PollingInfoRequestHeader = defineHeader('PollingInfoRequestHeader', {
  consumerGroup: required.string(),
  topic: required.string(),
  queueId: required.int(),
  ...topicFields,
});
export type PollingInfoRequestHeader = HeaderOf<typeof PollingInfoRequestHeader>;

export const PollingInfoResponseHeader = defineHeader('PollingInfoResponseHeader', {
  pollingNum: required.int(),
});
export type PollingInfoResponseHeader = HeaderOf<typeof PollingInfoResponseHeader>;

export const PeekMessageRequestHeader = defineHeader('PeekMessageRequestHeader', {
  topic: required.string(),
  queueId: required.int(),
  maxMsgNums: required.int(),
  consumerGroup: required.string(),
  ...topicFields,
});
export type PeekMessageRequestHeader = HeaderOf<typeof PeekMessageRequestHeader>;

export const popMessage = defineCommand({
  name: 'POP_MESSAGE',
  code: 200_050,
  direction: 'C→B',
  request: PopMessageRequestHeader,
  response: PopMessageResponseHeader,
  responseBody: recordsBody,
  summary: 'Reads messages that stay invisible to others until acknowledged or timed out; waits when there is none.',
});

export const ackMessage = defineCommand({
  name: 'ACK_MESSAGE',
  code: 200_051,
  direction: 'C→B',
  request: AckMessageRequestHeader,
  summary: 'Acknowledges one popped message.',
});

export const batchAckMessage = defineCommand({
  name: 'BATCH_ACK_MESSAGE',
  code: 200_151,
  direction: 'C→B',
  requestBody: BatchAckMessageRequestBody,
  summary: 'Acknowledges many popped messages, of several queues and groups.',
});

export const changeMessageInvisibleTime = defineCommand({
  name: 'CHANGE_MESSAGE_INVISIBLETIME',
  code: 200_053,
  direction: 'C→B',
  request: ChangeInvisibleTimeRequestHeader,
  response: ChangeInvisibleTimeResponseHeader,
  summary: 'Changes when a popped message becomes visible again.',
});

export const notification = defineCommand({
  name: 'NOTIFICATION',
  code: 200_054,
  direction: 'C→B',
  request: NotificationRequestHeader,
  response: NotificationResponseHeader,
  summary: 'Waits until there is something to pop.',
});

export const pollingInfo = defineCommand({
  name: 'POLLING_INFO',
  code: 200_055,
  direction: 'C→B',
  request: PollingInfoRequestHeader,
  response: PollingInfoResponseHeader,
  summary: 'Counts the pop requests that wait on a queue.',
});

export const peekMessage = defineCommand({
  name: 'PEEK_MESSAGE',
  code: 200_052,
  direction: 'C→B',
  request: PeekMessageRequestHeader,
  response: PopMessageResponseHeader,
  responseBody: recordsBody,
  summary: 'Reads at the pop offset of a group without locking or acknowledging.',
});

export const popRollback = defineCommand({
  name: 'POP_ROLLBACK',
  code: 200_056,
  direction: 'A→B',
  summary: 'Moves pop records of the key-value store back to the file store.',
});

export const queryAssignment = defineCommand({
  name: 'QUERY_ASSIGNMENT',
  code: 400,
  direction: 'C→B',
  requestBody: QueryAssignmentRequestBody,
  responseBody: QueryAssignmentResponseBody,
  summary: 'Asks the broker which queues a consumer is to read, and how.',
});

export const setMessageRequestMode = defineCommand({
  name: 'SET_MESSAGE_REQUEST_MODE',
  code: 401,
  direction: 'A→B',
  requestBody: SetMessageRequestModeRequestBody,
  summary: 'Sets how a group reads a topic: by pull or by pop.',
});

export const getAllMessageRequestMode = defineCommand({
  name: 'GET_ALL_MESSAGE_REQUEST_MODE',
  code: 402,
  direction: 'B↔B',
  responseBody: MessageRequestModeSerializeWrapper,
  summary: 'Reads all pull-or-pop settings, for a slave.',
});
