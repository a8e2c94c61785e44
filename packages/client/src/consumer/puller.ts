import type { CallOptions, MessageQueue } from '../admin/types.ts';
import type { Message } from '../message/message.ts';
import type { ConsumeFrom, Subscription } from './consumer.ts';

export interface PullerOptions {
  /** Whose committed offsets are used. Default `kitemq-puller`. */
  readonly group?: string | undefined;
}

export interface PullOptions extends CallOptions {
  /** Default: everything. */
  readonly expression?: string | Subscription | undefined;
  /** 1 to 32. Default 32. */
  readonly maxCount?: number | undefined;
  /** Milliseconds the broker may wait for a message. 0: answer at once. Default 0. */
  readonly waitMs?: number | undefined;
}

export interface FollowOptions {
  /** Where to start in queues for which the group has no committed offset. Default `last`. */
  readonly from?: ConsumeFrom | undefined;
  /** Start there also where the group has a committed offset. Default false. */
  readonly ignoreCommitted?: boolean | undefined;
  /** Default: everything. */
  readonly expression?: string | Subscription | undefined;
  /** Ends the iteration. */
  readonly signal?: AbortSignal | undefined;
}

/** What a pull found. `next` is where to go on; it is set in every case. */
export interface PullResult {
  /** `offset-illegal`: the offset lies outside [min, max]; go on at `next`. */
  readonly status: 'found' | 'none' | 'none-matched' | 'offset-illegal';
  readonly messages: readonly Message[];
  readonly next: number;
  readonly minOffset: number;
  readonly maxOffset: number;
}

/** Reads queues from where it is told, and commits only when it is told. Made by `client.puller()`. */
export interface Puller extends AsyncDisposable {
  readonly group: string;
  /** Queues of the topic that can be read, sorted. */
  queues(topic: string, options?: CallOptions): Promise<readonly MessageQueue[]>;
  pull(queue: MessageQueue, offset: number, options?: PullOptions): Promise<PullResult>;
  /** Moves on by itself over what does not match: every message of the queue from `offset` up to where its end was at the start. */
  read(queue: MessageQueue, offset: number, options?: PullOptions): AsyncIterable<Message>;
  /**
   * Reads the queues it is assigned, and waits for new messages, until the loop is left, the signal is aborted or the puller stops. Servers that are away
   * end nothing. At most one pull's messages per queue are in memory; commit what you have done yourself: `commit(queue, message.queueOffset + 1)`.
   */
  follow(queues: readonly MessageQueue[], options?: FollowOptions): AsyncIterable<Message>;
  minOffset(queue: MessageQueue, options?: CallOptions): Promise<number>;
  /** The offset that the next message gets. */
  maxOffset(queue: MessageQueue, options?: CallOptions): Promise<number>;
  /** The first offset stored at or after `timestamp` (ms since the epoch). */
  offsetByTime(queue: MessageQueue, timestamp: number | Date, options?: CallOptions): Promise<number>;
  /** The group's committed offset; undefined when there is none. */
  committed(queue: MessageQueue, options?: CallOptions): Promise<number | undefined>;
  commit(queue: MessageQueue, offset: number, options?: CallOptions): Promise<void>;
  stop(): Promise<void>;
}
