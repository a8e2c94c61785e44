import { defineCommand } from '../command.ts';
import { defineHeader, optional, required, rpcFields } from '../header.ts';
import type { HeaderOf } from '../header.ts';
import {
  GetBrokerLiteInfoResponseBody, GetLiteClientInfoResponseBody, GetLiteGroupInfoResponseBody, GetLiteTopicInfoResponseBody,
  GetParentTopicInfoResponseBody, LiteSubscriptionCtlRequestBody,
} from '../bodies/lite.ts';
import { recordsBody } from '../bodies/plain-bodies.ts';
import { AckMessageRequestHeader } from './pop.ts';

export const PopLiteMessageRequestHeader = defineHeader('PopLiteMessageRequestHeader', {
  clientId: required.string(),
  consumerGroup: required.string(),
  topic: required.string(),
  maxMsgNum: required.int(),
  invisibleTime: required.long(),
  pollTime: required.long(),
  bornTime: required.long(),
  attemptId: optional.string(),
  ...rpcFields,
});
export type PopLiteMessageRequestHeader = HeaderOf<typeof PopLiteMessageRequestHeader>;

export const PopLiteMessageResponseHeader = defineHeader('PopLiteMessageResponseHeader', {
  popTime: required.long(),
  invisibleTime: required.long(),
  reviveQid: required.int(),
  startOffsetInfo: optional.string(),
  msgOffsetInfo: optional.string(),
  orderCountInfo: optional.string(),
});
export type PopLiteMessageResponseHeader = HeaderOf<typeof PopLiteMessageResponseHeader>;

export const LiteSubscriptionCtlRequestHeader = defineHeader('LiteSubscriptionCtlRequestHeader', rpcFields);
export type LiteSubscriptionCtlRequestHeader = HeaderOf<typeof LiteSubscriptionCtlRequestHeader>;

export const NotifyUnsubscribeLiteRequestHeader = defineHeader('NotifyUnsubscribeLiteRequestHeader', {
  liteTopic: required.string(),
  consumerGroup: required.string(),
  clientId: required.string(),
  ...rpcFields,
});
export type NotifyUnsubscribeLiteRequestHeader = HeaderOf<typeof NotifyUnsubscribeLiteRequestHeader>;

export const GetParentTopicInfoRequestHeader = defineHeader('GetParentTopicInfoRequestHeader', {
  topic: required.string(),
});
export type GetParentTopicInfoRequestHeader = HeaderOf<typeof GetParentTopicInfoRequestHeader>;

export const GetLiteTopicInfoRequestHeader = defineHeader('GetLiteTopicInfoRequestHeader', {
  parentTopic: optional.string(),
  liteTopic: optional.string(),
});
export type GetLiteTopicInfoRequestHeader = HeaderOf<typeof GetLiteTopicInfoRequestHeader>;

export const GetLiteClientInfoRequestHeader = defineHeader('GetLiteClientInfoRequestHeader', {
  parentTopic: optional.string(),
  group: optional.string(),
  clientId: optional.string(),
  maxCount: optional.int(),
});
export type GetLiteClientInfoRequestHeader = HeaderOf<typeof GetLiteClientInfoRequestHeader>;

export const GetLiteGroupInfoRequestHeader = defineHeader('GetLiteGroupInfoRequestHeader', {
  group: required.string(),
  liteTopic: optional.string(),
  topK: optional.int(),
});
export type GetLiteGroupInfoRequestHeader = HeaderOf<typeof GetLiteGroupInfoRequestHeader>;

export const TriggerLiteDispatchRequestHeader = defineHeader('TriggerLiteDispatchRequestHeader', {
  group: required.string(),
  clientId: optional.string(),
});
export type TriggerLiteDispatchRequestHeader = HeaderOf<typeof TriggerLiteDispatchRequestHeader>;

export const popLiteMessage = defineCommand({
  name: 'POP_LITE_MESSAGE',
  code: 200_070,
  direction: 'C→B',
  request: PopLiteMessageRequestHeader,
  response: PopLiteMessageResponseHeader,
  responseBody: recordsBody,
  summary: 'Pops messages of the lite topics that a client has subscribed to.',
});

export const liteSubscriptionCtl = defineCommand({
  name: 'LITE_SUBSCRIPTION_CTL',
  code: 200_071,
  direction: 'C→B',
  request: LiteSubscriptionCtlRequestHeader,
  requestBody: LiteSubscriptionCtlRequestBody,
  summary: 'Adds or removes lite topic subscriptions of a client.',
});

export const ackLiteMessage = defineCommand({
  name: 'ACK_LITE_MESSAGE',
  code: 200_072,
  direction: 'C→B',
  request: AckMessageRequestHeader,
  summary: 'Acknowledges a message of a lite topic; in practice ACK_MESSAGE with `liteTopic` is used.',
});

export const notifyUnsubscribeLite = defineCommand({
  name: 'NOTIFY_UNSUBSCRIBE_LITE',
  code: 200_073,
  direction: 'B→C',
  request: NotifyUnsubscribeLiteRequestHeader,
  summary: 'Tells a client that a lite subscription of its was dropped.',
});

export const getBrokerLiteInfo = defineCommand({
  name: 'GET_BROKER_LITE_INFO',
  code: 200_074,
  direction: 'A→B',
  responseBody: GetBrokerLiteInfoResponseBody,
  summary: 'Reads counters of a broker about lite topics.',
});

export const getParentTopicInfo = defineCommand({
  name: 'GET_PARENT_TOPIC_INFO',
  code: 200_075,
  direction: 'A→B',
  request: GetParentTopicInfoRequestHeader,
  responseBody: GetParentTopicInfoResponseBody,
  summary: 'Reads about the parent of lite topics.',
});

export const getLiteTopicInfo = defineCommand({
  name: 'GET_LITE_TOPIC_INFO',
  code: 200_076,
  direction: 'A→B',
  request: GetLiteTopicInfoRequestHeader,
  responseBody: GetLiteTopicInfoResponseBody,
  summary: 'Reads about one lite topic.',
});

export const getLiteClientInfo = defineCommand({
  name: 'GET_LITE_CLIENT_INFO',
  code: 200_077,
  direction: 'A→B',
  request: GetLiteClientInfoRequestHeader,
  responseBody: GetLiteClientInfoResponseBody,
  summary: 'Reads what a client has subscribed to of lite topics.',
});

export const getLiteGroupInfo = defineCommand({
  name: 'GET_LITE_GROUP_INFO',
  code: 200_078,
  direction: 'A→B',
  request: GetLiteGroupInfoRequestHeader,
  responseBody: GetLiteGroupInfoResponseBody,
  summary: 'Reads how far a group is behind in lite topics.',
});

export const triggerLiteDispatch = defineCommand({
  name: 'TRIGGER_LITE_DISPATCH',
  code: 200_079,
  direction: 'A→B',
  request: TriggerLiteDispatchRequestHeader,
  summary: 'Makes a broker deliver to the clients of a group again.',
});
