import { defineCommand } from '../command.ts';
import { defineHeader, optional, required, rpcFields } from '../header.ts';
import type { HeaderOf } from '../header.ts';
import { recordsBody } from '../bodies/plain-bodies.ts';

export const EndTransactionRequestHeader = defineHeader('EndTransactionRequestHeader', {
  topic: optional.string(),
  producerGroup: required.string(),
  tranStateTableOffset: required.long(),
  commitLogOffset: required.long(),
  commitOrRollback: required.int(),
  fromTransactionCheck: optional.boolean(),
  msgId: required.string(),
  transactionId: optional.string(),
  ...rpcFields,
});
export type EndTransactionRequestHeader = HeaderOf<typeof EndTransactionRequestHeader>;

export const CheckTransactionStateRequestHeader = defineHeader('CheckTransactionStateRequestHeader', {
  topic: optional.string(),
  tranStateTableOffset: required.long(),
  commitLogOffset: required.long(),
  msgId: optional.string(),
  transactionId: optional.string(),
  offsetMsgId: optional.string(),
  ...rpcFields,
});
export type CheckTransactionStateRequestHeader = HeaderOf<typeof CheckTransactionStateRequestHeader>;

export const ResumeCheckHalfMessageRequestHeader = defineHeader('ResumeCheckHalfMessageRequestHeader', {
  topic: optional.string(),
  msgId: optional.string(),
});
export type ResumeCheckHalfMessageRequestHeader = HeaderOf<typeof ResumeCheckHalfMessageRequestHeader>;

export const endTransaction = defineCommand({
  name: 'END_TRANSACTION',
  code: 37,
  direction: 'C→B',
  request: EndTransactionRequestHeader,
  summary: 'Commits or rolls back a half message; usually one-way.',
});

export const checkTransactionState = defineCommand({
  name: 'CHECK_TRANSACTION_STATE',
  code: 39,
  direction: 'B→C',
  request: CheckTransactionStateRequestHeader,
  requestBody: recordsBody,
  summary: 'Asks a producer what became of the transaction of a half message.',
});

export const resumeCheckHalfMessage = defineCommand({
  name: 'RESUME_CHECK_HALF_MESSAGE',
  code: 323,
  direction: 'A→B',
  request: ResumeCheckHalfMessageRequestHeader,
  summary: 'Puts a half message that was given up back, to be checked again.',
});
