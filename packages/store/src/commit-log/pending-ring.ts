import { assert } from '@kitemq/runtime';
import type { AppendCompletion } from '../message-store.ts';
import type { ConsumeQueue } from '../views/consume-queue.ts';

/** Appended records that are not visible yet, at most. Beyond, sends are answered with `busy`. */
export const pendingRecordsMax: number = 1 << 18;

const initialCapacity = 1 << 10;

/**
 * The records between "appended" and "visible", in log order, as columns: no object per message. An entry also holds who waits.
 * Two cursors move through it: `written` (waiters that need no flush are told) and `head` (records become visible).
 */
export class PendingRing {
  #mask = initialCapacity - 1;
  #positions = new Float64Array(initialCapacity);
  #sizes = new Int32Array(initialCapacity);
  #keyCounts = new Int32Array(initialCapacity);
  #queueOffsets = new Float64Array(initialCapacity);
  #tagsCodes = new Float64Array(initialCapacity);
  #storeTimestamps = new Float64Array(initialCapacity);
  #deadlines = new Float64Array(initialCapacity);
  #queues: (ConsumeQueue | undefined)[] = Array.from({ length: initialCapacity }, () => undefined);
  #completions: (AppendCompletion | undefined)[] = Array.from({ length: initialCapacity }, () => undefined);
  /** Of inner batches, by number: few records are. */
  #counts: Map<number, number> | undefined;
  /** Running numbers: head ≤ written ≤ tail; entry `n` is at `n & mask`. */
  head = 0;
  written = 0;
  tail = 0;
  /** Bytes of the records in it. */
  bytes = 0;

  get length(): number {
    return this.tail - this.head;
  }

  /** How many more entries are allowed. */
  get room(): number {
    return pendingRecordsMax - this.length;
  }

  /** Adds a record, for which nobody waits yet; the other columns are set by {@link setDetails}. Returns its number. */
  push(position: number, size: number, queue: ConsumeQueue): number {
    if (this.length > this.#mask) this.#grow();
    const number = this.tail++;
    const index = number & this.#mask;
    this.#positions[index] = position;
    this.#sizes[index] = size;
    this.#keyCounts[index] = -1;
    this.#queues[index] = queue;
    this.bytes += size;
    return number;
  }

  /** `queueOffset` is -1 for a record that gets no queue entry (prepared and rolled back transactions). */
  setDetails(number: number, queueOffset: number, tagsCode: number, storeTimestamp: number): void {
    const index = number & this.#mask;
    this.#queueOffsets[index] = queueOffset;
    this.#tagsCodes[index] = tagsCode;
    this.#storeTimestamps[index] = storeTimestamp;
  }

  /** The record takes so many offsets of its queue; without this call, one. */
  setCount(number: number, count: number): void {
    this.#counts ??= new Map();
    this.#counts.set(number, count);
  }

  count(number: number): number {
    return this.#counts?.get(number) ?? 1;
  }

  /** Latest monotonic time (ms) at which the waiter is told. */
  setDeadline(number: number, deadline: number): void {
    this.#deadlines[number & this.#mask] = deadline;
  }

  /** How many keys of the record are staged, -1 when none are. */
  setKeyCount(number: number, count: number): void {
    this.#keyCounts[number & this.#mask] = count;
  }

  keyCount(number: number): number {
    return this.#keyCounts[number & this.#mask] as number;
  }

  setCompletion(number: number, completion: AppendCompletion): void {
    this.#completions[number & this.#mask] = completion;
  }

  end(number: number): number {
    const index = number & this.#mask;
    return (this.#positions[index] as number) + (this.#sizes[index] as number);
  }

  position(number: number): number {
    return this.#positions[number & this.#mask] as number;
  }

  size(number: number): number {
    return this.#sizes[number & this.#mask] as number;
  }

  queueOffset(number: number): number {
    return this.#queueOffsets[number & this.#mask] as number;
  }

  tagsCode(number: number): number {
    return this.#tagsCodes[number & this.#mask] as number;
  }

  storeTimestamp(number: number): number {
    return this.#storeTimestamps[number & this.#mask] as number;
  }

  deadline(number: number): number {
    return this.#deadlines[number & this.#mask] as number;
  }

  queue(number: number): ConsumeQueue {
    return this.#queues[number & this.#mask] as ConsumeQueue;
  }

  /** Who waits for the record, without forgetting. */
  completion(number: number): AppendCompletion | undefined {
    return this.#completions[number & this.#mask];
  }

  /** Who waits for the record; from now on nobody. */
  takeCompletion(number: number): AppendCompletion | undefined {
    const index = number & this.#mask;
    const completion = this.#completions[index];
    if (completion !== undefined) this.#completions[index] = undefined;
    return completion;
  }

  /** Removes the oldest entry, which nobody waits for any more. */
  shift(): void {
    this.#counts?.delete(this.head);
    const index = this.head++ & this.#mask;
    this.bytes -= this.#sizes[index] as number;
    this.#queues[index] = undefined;
    this.#completions[index] = undefined;
  }

  /** Removes the newest entry. */
  pop(): void {
    const index = --this.tail & this.#mask;
    this.#counts?.delete(this.tail);
    this.bytes -= this.#sizes[index] as number;
    this.#queues[index] = undefined;
    this.#completions[index] = undefined;
    if (this.written > this.tail) this.written = this.tail;
  }

  #grow(): void {
    const capacity = (this.#mask + 1) * 2;
    assert(capacity <= pendingRecordsMax * 2, 'pending records are bounded');
    const mask = capacity - 1;
    const move = <T extends Float64Array | Int32Array>(from: T, to: T): T => {
      for (let n = this.head; n < this.tail; n++) to[n & mask] = from[n & this.#mask] as number;
      return to;
    };
    const moveRefs = <T>(from: (T | undefined)[]): (T | undefined)[] => {
      const to: (T | undefined)[] = Array.from({ length: capacity }, () => undefined);
      for (let n = this.head; n < this.tail; n++) to[n & mask] = from[n & this.#mask];
      return to;
    };
    this.#positions = move(this.#positions, new Float64Array(capacity));
    this.#sizes = move(this.#sizes, new Int32Array(capacity));
    this.#keyCounts = move(this.#keyCounts, new Int32Array(capacity));
    this.#queueOffsets = move(this.#queueOffsets, new Float64Array(capacity));
    this.#tagsCodes = move(this.#tagsCodes, new Float64Array(capacity));
    this.#storeTimestamps = move(this.#storeTimestamps, new Float64Array(capacity));
    this.#deadlines = move(this.#deadlines, new Float64Array(capacity));
    this.#queues = moveRefs(this.#queues);
    this.#completions = moveRefs(this.#completions);
    this.#mask = mask;
  }
}
