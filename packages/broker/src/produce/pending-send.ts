import type { SendAnswer, SendMessageResponseHeader } from '@kitemq/protocol';
import type { Request } from '@kitemq/remoting';
import type { AppendCompletion, AppendOutcome } from '@kitemq/store';
import type { TopicEntry } from '../topics/topic-table.ts';

/** Answers sends when the store says how they ended. */
export interface SendAnswerer {
  sendEnded(send: PendingSend, outcome: AppendOutcome): void;
  /** The message ids of an answer. */
  messageIds(send: PendingSend): string;
}

const noBytes = new Uint8Array(0);

/**
 * A send that waits for the store: the one object that a send costs besides its request. It is the response header as well; the texts of that
 * are made only for those who read them as texts: usually they go to the socket as the bytes they are.
 */
export class PendingSend implements AppendCompletion, SendAnswer, SendMessageResponseHeader {
  physicalOffset = 0;
  queueOffset = 0;
  storeTimestamp = 0;
  physicalOffsets: number[] | undefined = undefined;
  recordBytes: Uint8Array | undefined = undefined;
  recordEnd = 0;
  readonly waitForFlush: boolean;
  readonly syncFlush: boolean;
  readonly request: Request;
  readonly topic: TopicEntry;
  readonly answerer: SendAnswerer;
  readonly messages: number;
  readonly bytes: number;
  // The response header.
  readonly queueId: number;
  /** The unique key lies so far before the record's end, in so many bytes. */
  readonly keyFromEnd: number;
  readonly keyLength: number;
  readonly batchKey: string | undefined;
  /** The batch is stored as one record, under this key. */
  readonly batchUniqId: string | undefined;
  readonly recallHandle: undefined = undefined;
  readonly regionId: string;
  readonly traceOn: boolean;

  constructor(answerer: SendAnswerer, request: Request, topic: TopicEntry, facts: SendFacts) {
    this.answerer = answerer;
    this.request = request;
    this.topic = topic;
    this.waitForFlush = facts.waitForFlush;
    this.syncFlush = topic.syncFlush;
    this.messages = facts.messages;
    this.bytes = facts.bytes;
    this.queueId = facts.queueId;
    this.keyFromEnd = facts.keyFromEnd;
    this.keyLength = facts.keyLength;
    this.batchKey = facts.batchKey;
    this.batchUniqId = facts.innerBatch ? facts.batchKey : undefined;
    this.regionId = facts.regionId;
    this.traceOn = facts.traceOn;
  }

  get keyBytes(): Uint8Array {
    return this.recordBytes ?? noBytes;
  }

  get keyStart(): number {
    return this.recordEnd - this.keyFromEnd;
  }

  get keyEnd(): number {
    return this.keyStart + this.keyLength;
  }

  get msgId(): string {
    return this.answerer.messageIds(this);
  }

  get transactionId(): string | undefined {
    if (this.keyLength === 0) return this.batchKey;
    return Buffer.from(this.keyBytes.buffer, this.keyBytes.byteOffset + this.keyStart, this.keyLength).toString('utf8');
  }

  appended(outcome: AppendOutcome): void {
    this.answerer.sendEnded(this, outcome);
    // The store goes on with that memory.
    this.recordBytes = undefined;
  }
}

/** What a {@link PendingSend} copies; one object, reused. */
export interface SendFacts {
  waitForFlush: boolean;
  messages: number;
  bytes: number;
  queueId: number;
  keyFromEnd: number;
  keyLength: number;
  /** The unique key of a batch, which is not stored. */
  batchKey: string | undefined;
  innerBatch: boolean;
  regionId: string;
  traceOn: boolean;
}
