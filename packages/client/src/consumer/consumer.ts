import type { MessageQueue } from '../admin/types.ts';
import type { ReceivedMessage } from '../message/message.ts';
import type { AllocateStrategy } from './allocate.ts';

/** Where a group without a committed offset starts in a queue; a Date: the first message stored at or after it. */
export type ConsumeFrom = 'first' | 'last' | Date;

export interface Subscription {
  /** `*`, `a || b`, or an SQL92 condition. */
  readonly expression: string;
  /** Default `TAG`. */
  readonly type?: 'TAG' | 'SQL92' | undefined;
}

export interface ConsumerOptions {
  /** Members of one group share the messages. Letters, digits, `%`, `|`, `-`, `_`; at most 120. */
  readonly group: string;
  /** Topic to expression: `{ orders: '*' }`. All members of a group must subscribe to the same. */
  readonly subscriptions: Readonly<Record<string, string | Subscription>>;
  /** Default `last`, as Apache's clients. Exact: brokers are told not to answer 0 for a queue that is still small. */
  readonly from?: ConsumeFrom | undefined;
  /** `clustering` (default): each message to one member; `broadcasting`: to every member, no retries. */
  readonly model?: 'clustering' | 'broadcasting' | undefined;
  /** Must be the same in all members. Default {@link averageAllocation}. */
  readonly allocate?: AllocateStrategy | undefined;
  /** Deliveries of one message before it goes to `%DLQ%group`. Default 16. */
  readonly maxReconsumeTimes?: number | undefined;
  /** Milliseconds a message may stay unsettled. Default 900 000 (15 min). */
  readonly consumeTimeoutMs?: number | undefined;
  /** Messages per pull, 1 to 1024; brokers give at most 32. Default 32. */
  readonly pullBatchSize?: number | undefined;
  /** Messages a queue may hold in memory. Default 1000. */
  readonly cachedMessagesMax?: number | undefined;
  /** Bytes of bodies a queue may hold in memory. Default 104 857 600 (100 MiB). */
  readonly cachedBytesMax?: number | undefined;
  /** Offsets between the first unsettled and the last cached message of a queue. Default 2000. */
  readonly offsetSpanMax?: number | undefined;
  /** Broadcasting only: a directory where offsets are kept over a restart. Default: in memory. */
  readonly offsetDirectory?: string | undefined;
  /** How often offsets are committed, ms. Default 5000. */
  readonly commitIntervalMs?: number | undefined;
}

/** Called with a message. Resolving acknowledges it, throwing retries it, unless the handler settled it itself. */
export type MessageHandler = (message: ReceivedMessage) => unknown;

export interface RunOptions {
  /** Messages handled at the same time. Default 1. */
  readonly concurrency?: number | undefined;
  /** Stops taking messages when aborted. */
  readonly signal?: AbortSignal | undefined;
  /** Told about everything a handler throws; the message is retried anyway. */
  readonly onError?: ((error: unknown, message: ReceivedMessage) => void) | undefined;
}

export interface StopOptions {
  /** Milliseconds that messages under way may take. What is unsettled then is delivered again, to whoever owns the queue. Default 5000. */
  readonly drainMs?: number | undefined;
}

/**
 * A member of a consumer group (a "push consumer": it pulls ahead, within limits). Iterate it, or give it a handler.
 * Iteration hands out a message when asked for one; settle each. It ends when the consumer stops.
 */
export interface Consumer extends AsyncIterable<ReceivedMessage>, AsyncDisposable {
  readonly group: string;
  /** Handles messages until `stop` or the signal; resolves then. Handler errors never end it. */
  run(handler: MessageHandler, options?: RunOptions): Promise<void>;
  /** Adds or replaces a subscription. */
  subscribe(topic: string, expression?: string | Subscription): Promise<void>;
  unsubscribe(topic: string): Promise<void>;
  /** Queues this member owns now, sorted; without those of the group's retry topic. */
  assignment(): readonly MessageQueue[];
  /** Stops handing out and pulling until `resume`; stays a member. */
  pause(): void;
  resume(): void;
  /** Sends the offsets of what was settled to the brokers. */
  commit(): Promise<void>;
  /** No new messages; waits for those under way; commits; leaves the group. */
  stop(options?: StopOptions): Promise<void>;
}
