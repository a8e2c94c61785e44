import { mapOf } from './map-shapes.ts';
import { MessageQueue } from './message-queue.ts';
import { array, maybe, oneOf, scalar } from './shape.ts';
import { struct } from './struct.ts';
import type { ValueOf } from './struct.ts';

const lockFields = {
  consumerGroup: scalar.string(),
  clientId: scalar.string(),
  onlyThisBroker: scalar.boolean(),
  mqSet: array(MessageQueue),
};

export const LockBatchRequestBody = struct('LockBatchRequestBody', lockFields);
export type LockBatchRequestBody = ValueOf<typeof LockBatchRequestBody>;

/** The queues that the caller owns now. */
export const LockBatchResponseBody = struct('LockBatchResponseBody', { lockOKMQSet: array(MessageQueue) });
export type LockBatchResponseBody = ValueOf<typeof LockBatchResponseBody>;

export const UnlockBatchRequestBody = struct('UnlockBatchRequestBody', lockFields);
export type UnlockBatchRequestBody = ValueOf<typeof UnlockBatchRequestBody>;

const requestModeShape = oneOf('PULL', 'POP');
export type MessageRequestMode = ValueOf<typeof requestModeShape>;

export const QueryAssignmentRequestBody = struct('QueryAssignmentRequestBody', {
  topic: scalar.string(),
  consumerGroup: scalar.string(),
  clientId: scalar.string(),
  strategyName: scalar.string(),
  messageModel: oneOf('CLUSTERING', 'BROADCASTING', 'LITE_SELECTIVE'),
});
export type QueryAssignmentRequestBody = ValueOf<typeof QueryAssignmentRequestBody>;

export const MessageQueueAssignment = struct('MessageQueueAssignment', {
  messageQueue: MessageQueue,
  mode: requestModeShape,
  attachments: maybe(mapOf(scalar.string())),
});
export type MessageQueueAssignment = ValueOf<typeof MessageQueueAssignment>;

/** Absent assignments: keep what you have; empty ones: you own nothing. */
export const QueryAssignmentResponseBody = struct('QueryAssignmentResponseBody', {
  messageQueueAssignments: maybe(array(MessageQueueAssignment)),
});
export type QueryAssignmentResponseBody = ValueOf<typeof QueryAssignmentResponseBody>;

export const SetMessageRequestModeRequestBody = struct('SetMessageRequestModeRequestBody', {
  topic: scalar.string(),
  consumerGroup: scalar.string(),
  mode: requestModeShape,
  popShareQueueNum: scalar.int(),
});
export type SetMessageRequestModeRequestBody = ValueOf<typeof SetMessageRequestModeRequestBody>;

/** By topic, then by group. */
export const MessageRequestModeSerializeWrapper = struct('MessageRequestModeSerializeWrapper', {
  messageRequestModeMap: mapOf(mapOf(SetMessageRequestModeRequestBody)),
});
export type MessageRequestModeSerializeWrapper = ValueOf<typeof MessageRequestModeSerializeWrapper>;
