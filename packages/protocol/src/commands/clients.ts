import { defineCommand } from '../command.ts';
import { defineHeader, optional, required, rpcFields } from '../header.ts';
import type { HeaderOf } from '../header.ts';
import { CheckClientRequestBody, GetConsumerListByGroupResponseBody, HeartbeatData } from '../bodies/heartbeat.ts';
import { LockBatchRequestBody, LockBatchResponseBody, UnlockBatchRequestBody } from '../bodies/rebalance.ts';

export const HeartbeatResponseHeader = defineHeader('HeartbeatResponseHeader', {
  supportsHeartbeatV2: optional.boolean('IS_SUPPORT_HEART_BEAT_V2'),
  subscriptionChanged: optional.boolean('IS_SUB_CHANGE'),
});
export type HeartbeatResponseHeader = HeaderOf<typeof HeartbeatResponseHeader>;

export const UnregisterClientRequestHeader = defineHeader('UnregisterClientRequestHeader', {
  clientID: required.string(),
  producerGroup: optional.string(),
  consumerGroup: optional.string(),
  ...rpcFields,
});
export type UnregisterClientRequestHeader = HeaderOf<typeof UnregisterClientRequestHeader>;

export const GetConsumerListByGroupRequestHeader = defineHeader('GetConsumerListByGroupRequestHeader', {
  consumerGroup: required.string(),
  ...rpcFields,
});
export type GetConsumerListByGroupRequestHeader = HeaderOf<typeof GetConsumerListByGroupRequestHeader>;

export const NotifyConsumerIdsChangedRequestHeader = defineHeader('NotifyConsumerIdsChangedRequestHeader', {
  consumerGroup: required.string(),
  ...rpcFields,
});
export type NotifyConsumerIdsChangedRequestHeader = HeaderOf<typeof NotifyConsumerIdsChangedRequestHeader>;

export const heartBeat = defineCommand({
  name: 'HEART_BEAT',
  code: 34,
  direction: 'C→B',
  requestBody: HeartbeatData,
  response: HeartbeatResponseHeader,
  summary: 'Says which groups a client belongs to and what it subscribes; repeated to stay alive.',
});

export const unregisterClient = defineCommand({
  name: 'UNREGISTER_CLIENT',
  code: 35,
  direction: 'C→B',
  request: UnregisterClientRequestHeader,
  summary: 'Signs a client off from a group.',
});

export const checkClientConfig = defineCommand({
  name: 'CHECK_CLIENT_CONFIG',
  code: 46,
  direction: 'C→B',
  requestBody: CheckClientRequestBody,
  summary: 'Checks a subscription before a client starts.',
});

export const getConsumerListByGroup = defineCommand({
  name: 'GET_CONSUMER_LIST_BY_GROUP',
  code: 38,
  direction: 'C→B',
  request: GetConsumerListByGroupRequestHeader,
  responseBody: GetConsumerListByGroupResponseBody,
  summary: 'Reads the client ids of the online members of a group.',
});

export const notifyConsumerIdsChanged = defineCommand({
  name: 'NOTIFY_CONSUMER_IDS_CHANGED',
  code: 40,
  direction: 'B→C',
  request: NotifyConsumerIdsChangedRequestHeader,
  summary: 'Tells a client that the members of its group changed.',
});

export const lockBatchMq = defineCommand({
  name: 'LOCK_BATCH_MQ',
  code: 41,
  direction: 'C→B, B↔B',
  requestBody: LockBatchRequestBody,
  responseBody: LockBatchResponseBody,
  summary: 'Locks queues for ordered consumption.',
});

export const unlockBatchMq = defineCommand({
  name: 'UNLOCK_BATCH_MQ',
  code: 42,
  direction: 'C→B, B↔B',
  requestBody: UnlockBatchRequestBody,
  summary: 'Unlocks queues.',
});
