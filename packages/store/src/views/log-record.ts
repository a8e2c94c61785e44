import type { ConsumeQueue } from './consume-queue.ts';

const noBytes: Uint8Array = new Uint8Array(0);

/**
 * A record as views see it. One object is filled in again and again: copy what you keep.
 * `bytes()` is the record as stored, valid for ever (a slice that never changes), but keep it only if you mean to pin that memory.
 */
export class LogRecord {
  position = 0;
  size = 0;
  topic = '';
  queueId = 0;
  /** -1 when the record has no place in its queue (prepared and rolled back transactions). */
  queueOffset = -1;
  /** How many offsets of its queue it takes: 1, more for an inner batch. */
  count = 1;
  tagsCode = 0;
  storeTimestamp = 0;
  /** False while a record of an earlier run is replayed: then nothing in memory can be newer than it. */
  live = false;
  /** The queue it was appended to, when it is known already. */
  queue: ConsumeQueue | undefined = undefined;
  /** Where the record lies in memory: valid only while it is applied. */
  block: Uint8Array = noBytes;
  blockOffset = 0;
  /** Keys that were staged for it when it was appended; -1: none were, they are in the record. */
  keyCount = -1;
  #read: (position: number, size: number) => Uint8Array;

  constructor(read: (position: number, size: number) => Uint8Array) {
    this.#read = read;
  }

  bytes(): Uint8Array {
    return this.#read(this.position, this.size);
  }
}
