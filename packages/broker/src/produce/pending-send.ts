import type { SendMessageResponseHeader } from '@kitemq/protocol';
import type { Request } from '@kitemq/remoting';
import type { AppendCompletion, AppendOutcome } from '@kitemq/store';
import type { TopicEntry } from '../topics/topic-table.ts';

/** Answers sends when the store says how they ended. */
export interface SendAnswerer {
  sendEnded(send: PendingSend, outcome: AppendOutcome): void;
}

/** A send that waits for the store: the one object that a send costs besides its request. It is the response header as well. */
export class PendingSend implements AppendCompletion, SendMessageResponseHeader {
  physicalOffset = 0;
  queueOffset = 0;
  storeTimestamp = 0;
  physicalOffsets: number[] | undefined = undefined;
  readonly waitForFlush: boolean;
  readonly request: Request;
  readonly topic: TopicEntry;
  readonly answerer: SendAnswerer;
  readonly messages: number;
  readonly bytes: number;
  // The response header.
  msgId = '';
  readonly queueId: number;
  readonly transactionId: string | undefined;
  readonly batchUniqId: undefined = undefined;
  readonly recallHandle: undefined = undefined;
  readonly regionId: string;
  readonly traceOn: boolean;

  constructor(answerer: SendAnswerer, request: Request, topic: TopicEntry, facts: SendFacts) {
    this.answerer = answerer;
    this.request = request;
    this.topic = topic;
    this.waitForFlush = facts.waitForFlush;
    this.messages = facts.messages;
    this.bytes = facts.bytes;
    this.queueId = facts.queueId;
    this.transactionId = facts.transactionId;
    this.regionId = facts.regionId;
    this.traceOn = facts.traceOn;
  }

  appended(outcome: AppendOutcome): void {
    this.answerer.sendEnded(this, outcome);
  }
}

/** What a {@link PendingSend} copies; one object, reused. */
export interface SendFacts {
  waitForFlush: boolean;
  messages: number;
  bytes: number;
  queueId: number;
  transactionId: string | undefined;
  regionId: string;
  traceOn: boolean;
}
