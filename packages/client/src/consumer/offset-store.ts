import type { MessageQueue } from '../admin/types.ts';

/** Keeps how far a group (or, broadcasting, this client) is. */
export interface OffsetStore {
  /** Undefined when there is no offset yet. Throws when it could not be found out: that is not the same. */
  read(queue: MessageQueue, signal: AbortSignal): Promise<number | undefined>;
  /** Remembers the offset until the next `flush`. */
  set(queue: MessageQueue, offset: number): void;
  /**
   * Remembers an offset that a group without one begins at anyway. It is not told to anybody: told late, after another owner's first commits,
   * it would throw the group back.
   */
  assume(queue: MessageQueue, offset: number): void;
  /** Makes what was set since the last flush lasting; resolves when it is. Never rejects: what failed is tried with the next flush. */
  flush(timeoutMs: number): Promise<void>;
  /** As `flush`, for one queue, which is then forgotten. */
  release(queue: MessageQueue, timeoutMs: number): Promise<void>;
  /** What was set or read last, for running info. */
  current(queue: MessageQueue): number | undefined;
}
