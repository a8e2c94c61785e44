import type { KeyValueBatch } from '@kitemq/runtime';
import type { ConsumeQueue } from '../views/consume-queue.ts';
import type { CompactionRows } from './compaction-rows.ts';
import { ChangedChunk, chunkOf, emptyChunk, entryAt, entryCount, findEntry, indexFrom, sparseChunkOffsets, type SparseEntry } from './sparse-chunk.ts';

/** What a changed chunk counts for among the entries that wait for a checkpoint. */
const dirtyEntriesOfChunk = 64;

/** What a compacted message says about itself. */
export interface CompactedMessage extends SparseEntry {
  /** Stands for its key; undefined without. */
  readonly digest: string | undefined;
  /** An empty body: the key has no value any more. */
  readonly isTombstone: boolean;
}

/** What a checkpoint says of a compacted queue. */
export interface CompactedQueueRow {
  readonly id: number;
  readonly end: number;
}

/**
 * The compacted beginning of a queue: where the latest message of each key is, by queue offset, with holes. It is what readers see before
 * {@link boundary}; behind it they see the whole queue.
 */
export class CompactedQueue {
  /** Names its rows. */
  readonly id: number;
  /** The first offset that was not compacted yet. */
  end: number;
  /** It has something that no checkpoint has. */
  dirty = true;
  readonly #rows: CompactionRows;
  readonly #queue: ConsumeQueue;
  #chunks = new Map<number, ChangedChunk>();
  #keys = new Map<string, number | undefined>();
  /** The first offset of all, as found when it was asked for last; -1 when there was none, or something before or at it changed. */
  #first = -1;
  /** In a checkpoint that is not committed yet. */
  #capturedChunks = new Map<number, ChangedChunk>();
  #capturedKeys = new Map<string, number | undefined>();

  constructor(queue: ConsumeQueue, rows: CompactionRows, row: CompactedQueueRow) {
    this.#queue = queue;
    this.#rows = rows;
    this.id = row.id;
    this.end = row.end;
  }

  get queue(): ConsumeQueue {
    return this.#queue;
  }

  /** Before it readers get what is here, from it on what the queue has. */
  get boundary(): number {
    return Math.max(this.end, this.#queue.minOffset);
  }

  /** The first offset that has a message. */
  get minOffset(): number {
    const { boundary } = this;
    if (this.#first < 0 || this.#first >= boundary) this.#first = this.next(0, boundary)?.offset ?? -1;
    return this.#first < 0 ? boundary : this.#first;
  }

  /** The entry of `offset`. */
  find(offset: number): SparseEntry | undefined {
    return findEntry(this.#chunk(chunkOf(offset)) ?? emptyChunk, offset);
  }

  /** The first entry at or behind `offset` and before `limit`. */
  next(offset: number, limit: number): SparseEntry | undefined {
    let found: SparseEntry | undefined;
    this.forEach(offset, limit, (entry) => {
      found = entry;
      return false;
    });
    return found;
  }

  /** Visits entries from `offset` on and before `limit`, in order, until `visit` returns false. */
  forEach(offset: number, limit: number, visit: (entry: SparseEntry) => boolean): void {
    let from = offset;
    while (from < limit) {
      const number = this.#nextChunk(chunkOf(from));
      if (number === undefined) return;
      const chunk = this.#chunk(number) ?? emptyChunk;
      const count = entryCount(chunk);
      for (let index = indexFrom(chunk, number, from); index < count; index++) {
        const entry = entryAt(chunk, number, index);
        if (entry.offset >= limit || !visit(entry)) return;
      }
      from = (number + 1) * sparseChunkOffsets;
    }
  }

  /**
   * Takes the queue's next message: it supersedes the one of its key. A tombstone stays like a value at first: readers that have seen what it
   * removes must get to see it, and the log may still have copies of that behind it.
   */
  compact(message: CompactedMessage): void {
    const { digest } = message;
    if (digest === undefined) return;
    const known = this.#offsetOf(digest);
    if (known !== undefined && known >= message.offset) return;
    if (known !== undefined) this.#remove(known);
    this.#put(message);
    this.#setKey(digest, message.offset);
  }

  /** A message of this queue lies at another place of the log now (and did so in the log's order). */
  carried(message: CompactedMessage): void {
    const { digest, offset } = message;
    if (digest === undefined) return;
    const known = this.#offsetOf(digest);
    // One that was kept without its key.
    if (known !== undefined && known > offset) return this.#remove(offset);
    if (known !== undefined && known < offset) this.#remove(known);
    this.#put(message);
    this.#setKey(digest, offset);
  }

  /** The queue's next message, which cannot be read now: it stays, whatever its key is, until it is carried. */
  keep(entry: SparseEntry): void {
    this.#put(entry);
  }

  /** The record of the entry cannot be read any more. */
  lost(offset: number): void {
    this.#remove(offset);
  }

  /** A tombstone has outlived all that it hides. */
  buried({ digest, offset }: CompactedMessage): void {
    this.#remove(offset);
    if (digest !== undefined && this.#offsetOf(digest) === offset) this.#setKey(digest, undefined);
  }

  /** Puts what changed; it stays readable here until {@link checkpointed}. */
  checkpoint(batch: KeyValueBatch): void {
    const rows = this.#rows;
    for (const [number, chunk] of this.#chunks) {
      if (chunk.bytes.length === 0) batch.remove(rows.chunkKey(this.id, number));
      else batch.put(rows.chunkKey(this.id, number), chunk.bytes);
      this.#capturedChunks.set(number, chunk);
    }
    for (const [digest, offset] of this.#keys) {
      if (offset === undefined) batch.remove(rows.digestKey(this.id, digest));
      else batch.put(rows.digestKey(this.id, digest), rows.offsetValue(offset));
      this.#capturedKeys.set(digest, offset);
    }
    this.#chunks = new Map();
    this.#keys = new Map();
    this.dirty = false;
  }

  checkpointed(): void {
    this.#capturedChunks = new Map();
    this.#capturedKeys = new Map();
  }

  #chunk(number: number): Buffer | undefined {
    return this.#chunks.get(number)?.bytes ?? this.#capturedChunks.get(number)?.bytes ?? this.#rows.chunk(this.id, number);
  }

  #put(entry: SparseEntry): void {
    this.#changed(chunkOf(entry.offset)).put(entry);
  }

  #remove(offset: number): void {
    if (this.find(offset) !== undefined) this.#changed(chunkOf(offset)).remove(offset);
  }

  #changed(number: number): ChangedChunk {
    if (this.#first >= 0 && number <= chunkOf(this.#first)) this.#first = -1;
    let chunk = this.#chunks.get(number);
    if (chunk === undefined) {
      chunk = new ChangedChunk(number, this.#chunk(number) ?? emptyChunk);
      this.#chunks.set(number, chunk);
      this.#rows.dirtyEntries += dirtyEntriesOfChunk;
    }
    this.dirty = true;
    return chunk;
  }

  #offsetOf(digest: string): number | undefined {
    if (this.#keys.has(digest)) return this.#keys.get(digest);
    if (this.#capturedKeys.has(digest)) return this.#capturedKeys.get(digest);
    return this.#rows.offsetOf(this.id, digest);
  }

  #setKey(digest: string, offset: number | undefined): void {
    this.#keys.set(digest, offset);
    this.#rows.dirtyEntries++;
    this.dirty = true;
  }

  /** The first chunk from `number` on that has entries. */
  #nextChunk(number: number): number | undefined {
    const here = this.#chunk(number);
    if (here !== undefined && here.length > 0) return number;
    let next: number | undefined;
    for (const chunks of [this.#chunks, this.#capturedChunks]) {
      for (const [candidate, chunk] of chunks) {
        if (candidate > number && (next === undefined || candidate < next) && chunk.bytes.length > 0 && this.#chunk(candidate) === chunk.bytes) next = candidate;
      }
    }
    this.#rows.chunksFrom(this.id, number + 1, (stored) => {
      if (next !== undefined && stored >= next) return false;
      const chunk = this.#chunk(stored);
      if (chunk === undefined || chunk.length === 0) return true;
      next = stored;
      return false;
    });
    return next;
  }
}
