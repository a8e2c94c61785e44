import type { MessageQueue } from '../admin/types.ts';

/** What a process queue needs to know about a cached message. */
export interface CachedMessage {
  readonly queueOffset: number;
  readonly bodyBytes: number;
  /** Set by `ProcessQueue.settle`. */
  settled: boolean;
}

export interface FlowLimits {
  readonly cachedMessagesMax: number;
  readonly cachedBytesMax: number;
  readonly offsetSpanMax: number;
}

/** Entries in front of the array that are given back to it in one go: keeps removal from the front amortised O(1). */
const COMPACT_AT = 512;

/**
 * The local part of one queue: messages pulled ahead, in offset order. Messages leave it in order of delivery and are settled in any order;
 * what may be committed is the offset of the first unsettled one, so that a crash repeats messages but never skips one.
 */
export class ProcessQueue<M extends CachedMessage> {
  readonly queue: MessageQueue;
  /** True once another member owns the queue: nothing of it is handed out or committed any more. */
  dropped = false;
  /** Where the next pull starts; undefined until the start offset is known. */
  nextOffset: number | undefined;
  lastPullAt = 0;
  lastSettleAt = 0;
  #entries: M[] = [];
  #head = 0;
  #cursor = 0;
  /** Messages whose retry failed: handed out again before new ones. */
  #redo: M[] = [];
  #cachedCount = 0;
  #cachedBytes = 0;

  constructor(queue: MessageQueue) {
    this.queue = queue;
  }

  /** Unsettled messages in memory. */
  get cachedCount(): number {
    return this.#cachedCount;
  }

  get cachedBytes(): number {
    return this.#cachedBytes;
  }

  /** Offsets from the first unsettled to the last cached message. */
  get offsetSpan(): number {
    const first = this.#entries[this.#head];
    const last = this.#entries[this.#entries.length - 1];
    return first === undefined || last === undefined ? 0 : last.queueOffset - first.queueOffset;
  }

  get firstOffset(): number | undefined {
    return this.#entries[this.#head]?.queueOffset;
  }

  get lastOffset(): number | undefined {
    return this.#cachedCount === 0 ? undefined : this.#entries[this.#entries.length - 1]?.queueOffset;
  }

  /** True when there is something to hand out. */
  get deliverable(): boolean {
    return !this.dropped && (this.#redo.length > 0 || this.#cursor < this.#entries.length);
  }

  /** True when a pull must wait until messages are settled. */
  full(limits: FlowLimits): boolean {
    return (
      this.#cachedCount >= limits.cachedMessagesMax ||
      this.#cachedBytes >= limits.cachedBytesMax ||
      this.offsetSpan >= limits.offsetSpanMax
    );
  }

  /** Appends pulled messages, ascending by offset; what is not beyond the last one is ignored (a repeated pull). */
  put(messages: readonly M[]): void {
    for (const message of messages) {
      const last = this.#entries[this.#entries.length - 1];
      if (last !== undefined && message.queueOffset <= last.queueOffset) continue;
      this.#entries.push(message);
      this.#cachedCount++;
      this.#cachedBytes += message.bodyBytes;
    }
  }

  /** The next message to hand out. */
  take(): M | undefined {
    if (this.dropped) return undefined;
    for (let again = this.#redo.shift(); again !== undefined; again = this.#redo.shift()) {
      if (!again.settled) return again;
    }
    const message = this.#entries[this.#cursor];
    if (message !== undefined) this.#cursor++;
    return message;
  }

  /** Puts a message that was taken back to be handed out once more. */
  giveBack(message: M): void {
    if (!message.settled) this.#redo.push(message);
  }

  /** Marks a message done. False when it was already. */
  settle(message: M): boolean {
    if (message.settled) return false;
    message.settled = true;
    this.#cachedCount--;
    this.#cachedBytes -= message.bodyBytes;
    while (this.#entries[this.#head]?.settled === true) this.#head++;
    if (this.#head === this.#entries.length) this.#reset();
    else if (this.#head >= COMPACT_AT) this.#compact();
    return true;
  }

  /** The offset that may be committed: everything below it is settled. Undefined before the first pull. */
  committable(): number | undefined {
    return this.#entries[this.#head]?.queueOffset ?? this.nextOffset;
  }

  /** Messages handed out and not settled, in order. */
  *outstanding(): Generator<M> {
    for (let index = this.#head; index < this.#cursor; index++) {
      const message = this.#entries[index];
      if (message !== undefined && !message.settled) yield message;
    }
  }

  /** Forgets everything cached, for a jump to another offset. Settling what was handed out before does nothing then. */
  clear(): void {
    for (let index = this.#head; index < this.#entries.length; index++) (this.#entries[index] as M).settled = true;
    this.#entries = [];
    this.#redo = [];
    this.#head = 0;
    this.#cursor = 0;
    this.#cachedCount = 0;
    this.#cachedBytes = 0;
  }

  /** All entries are settled; the last one is kept by `nextOffset`. */
  #reset(): void {
    this.#entries = [];
    this.#head = 0;
    this.#cursor = 0;
  }

  #compact(): void {
    this.#entries.splice(0, this.#head);
    this.#cursor -= this.#head;
    this.#head = 0;
  }
}
