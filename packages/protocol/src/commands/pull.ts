import { defineCommand } from '../command.ts';
import { defineHeader, optional, required, topicFields } from '../header.ts';
import type { HeaderOf } from '../header.ts';
import { recordsBody } from '../bodies/plain-bodies.ts';

export const PullMessageRequestHeader = defineHeader(
  'PullMessageRequestHeader',
  {
    consumerGroup: required.string(),
    topic: required.string(),
    liteTopic: optional.string(),
    queueId: required.int(),
    queueOffset: required.long(),
    maxMsgNums: required.int(),
    sysFlag: required.int(),
    commitOffset: required.long(),
    suspendTimeoutMillis: required.long(),
    subscription: optional.string(),
    subVersion: required.long(),
    expressionType: optional.string(),
    maxMsgBytes: optional.int(),
    requestSource: optional.int(),
    proxyFrowardClientId: optional.string(),
    ...topicFields,
  },
  { strict: true },
);
export type PullMessageRequestHeader = HeaderOf<typeof PullMessageRequestHeader>;

export const PullMessageResponseHeader = defineHeader(
  'PullMessageResponseHeader',
  {
    suggestWhichBrokerId: required.long(),
    nextBeginOffset: required.long(),
    minOffset: required.long(),
    maxOffset: required.long(),
    offsetDelta: optional.long(),
    topicSysFlag: optional.int(),
    groupSysFlag: optional.int(),
    forbiddenType: optional.int(),
  },
  { strict: true },
);
export type PullMessageResponseHeader = HeaderOf<typeof PullMessageResponseHeader>;

export const pullMessage = defineCommand({
  name: 'PULL_MESSAGE',
  code: 11,
  direction: 'C→B',
  request: PullMessageRequestHeader,
  response: PullMessageResponseHeader,
  responseBody: recordsBody,
  summary: 'Reads messages of a queue; waits at the broker when there is none and the request allows it.',
});

export const litePullMessage = defineCommand({
  name: 'LITE_PULL_MESSAGE',
  code: 361,
  direction: 'C→B',
  request: PullMessageRequestHeader,
  response: PullMessageResponseHeader,
  responseBody: recordsBody,
  summary: 'As PULL_MESSAGE, for lite pull consumers, on threads of its own.',
});
