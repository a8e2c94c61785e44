import type { KeyValueBatch, KeyValueStore } from '@kitemq/runtime';
import type { RowsSnapshot } from '../checkpoint/lmdb-snapshot.ts';
import { entriesPerChunk, entryBytes } from '../views/queue-entry.ts';
import { readUint53, RowKey, RowKeyReader } from '../views/row-key.ts';
import { KeyPrefix } from '../views/view.ts';

/** A queue as a checkpoint's row has it. */
export interface QueueRow {
  readonly topic: string;
  readonly queueId: number;
  readonly id: number;
  readonly min: number;
  readonly next: number;
}

const bufferOf = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);

export function readQueueRow(key: Uint8Array, value: Uint8Array): QueueRow {
  const reader = new RowKeyReader(key);
  const row = bufferOf(value);
  return { topic: reader.text(), queueId: reader.uint32(), id: row.readUInt32BE(0), min: readUint53(row, 4), next: readUint53(row, 12) };
}

/** All queues of a checkpoint, by row key in latin1. */
export function readQueueRows(rows: RowsSnapshot): Map<string, QueueRow> {
  const found = new Map<string, QueueRow>();
  rows.range(Buffer.of(KeyPrefix.queue), Buffer.of(KeyPrefix.queue + 1), (key, value) => void found.set(bufferOf(key).toString('latin1'), readQueueRow(key, value)));
  return found;
}

/**
 * Where views checkpoint into that were folded from the log again, to be compared with a checkpoint on disk. Queue entries are compared as they
 * come and not kept (there may be more than fit in memory); the few other rows are kept and compared at the end.
 */
export class FoldedRows implements KeyValueStore {
  readonly #stored: RowsSnapshot;
  readonly #storedQueues: ReadonlyMap<string, QueueRow>;
  /** Folded queue rows by key, and their keys by queue number. */
  readonly queues: Map<string, QueueRow> = new Map();
  readonly #keys = new Map<number, string>();
  /** The last chunk of each folded queue: the view goes on filling it. */
  readonly #last = new Map<number, { readonly number: number; readonly entries: Buffer }>();
  /** Rows of the other views, by key in latin1. */
  readonly plain: Map<string, Buffer> = new Map();
  /** First differing queue offset by folded queue number. */
  readonly differing: Map<number, number> = new Map();
  entriesCompared = 0;

  constructor(stored: RowsSnapshot, storedQueues: ReadonlyMap<string, QueueRow>) {
    this.#stored = stored;
    this.#storedQueues = storedQueues;
  }

  get(key: Uint8Array): Uint8Array | undefined {
    if (key[0] !== KeyPrefix.queueChunk) return this.plain.get(bufferOf(key).toString('latin1'));
    const id = bufferOf(key).readUInt32BE(1);
    const number = bufferOf(key).readUInt32BE(5);
    const last = this.#last.get(id);
    return last?.number === number ? last.entries : this.#storedChunk(id, number);
  }

  range(start: Uint8Array, end: Uint8Array, visit: (key: Uint8Array, value: Uint8Array) => boolean | void): void {
    for (const [key, value] of this.plain) {
      const bytes = Buffer.from(key, 'latin1');
      if (bytes.compare(start) >= 0 && bytes.compare(end) < 0 && visit(bytes, value) === false) return;
    }
  }

  commitSync(fill: (batch: KeyValueBatch) => void): void {
    fill({ put: (key, value) => this.#put(key, value), remove: (key) => this.#remove(key), removeRange: (start) => this.#removeRange(start) });
  }

  commit(fill: (batch: KeyValueBatch) => void, done: (error: Error | undefined) => void): void {
    this.commitSync(fill);
    queueMicrotask(() => done(undefined));
  }

  flush(done: (error: Error | undefined) => void): void {
    queueMicrotask(() => done(undefined));
  }

  sizeSync(): number {
    return 0;
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  #put(key: Uint8Array, value: Uint8Array): void {
    const text = bufferOf(key).toString('latin1');
    switch (key[0]) {
      case KeyPrefix.queue: {
        const row = readQueueRow(key, value);
        this.queues.set(text, row);
        this.#keys.set(row.id, text);
        return;
      }
      case KeyPrefix.queueChunk:
        return this.#putChunk(bufferOf(key), value);
      case KeyPrefix.consumerOffset:
      case KeyPrefix.setting:
        this.plain.set(text, Buffer.from(value));
    }
  }

  #remove(key: Uint8Array): void {
    const text = bufferOf(key).toString('latin1');
    this.queues.delete(text);
    this.plain.delete(text);
  }

  /** Only chunks are removed by range: all of a queue that is gone. */
  #removeRange(start: Uint8Array): void {
    if (start[0] !== KeyPrefix.queueChunk || start.length < 5) return;
    const id = bufferOf(start).readUInt32BE(1);
    this.#last.delete(id);
    this.differing.delete(id);
    this.#keys.delete(id);
  }

  #putChunk(key: Buffer, value: Uint8Array): void {
    const id = key.readUInt32BE(1);
    const number = key.readUInt32BE(5);
    const last = this.#last.get(id);
    if (last === undefined || number >= last.number) this.#last.set(id, { number, entries: Buffer.from(value) });
    if (this.differing.has(id)) return;
    const stored = this.#storedOf(id);
    // A queue that is missing altogether is found by its row.
    if (stored === undefined) return;
    const offset = this.#firstDifference(number, bufferOf(value), stored);
    if (offset !== undefined) this.differing.set(id, offset);
  }

  #firstDifference(number: number, entries: Buffer, stored: QueueRow): number | undefined {
    const first = number * entriesPerChunk;
    const count = entries.length / entryBytes;
    const found = this.#stored.get(chunkKey(stored.id, number));
    for (let slot = Math.max(0, stored.min - first); slot < count; slot++) {
      const at = slot * entryBytes;
      this.entriesCompared++;
      if (found === undefined || found.length < at + entryBytes || entries.compare(found, at, at + entryBytes, at, at + entryBytes) !== 0) return first + slot;
    }
    return undefined;
  }

  #storedOf(id: number): QueueRow | undefined {
    const key = this.#keys.get(id);
    return key === undefined ? undefined : this.#storedQueues.get(key);
  }

  #storedChunk(id: number, number: number): Uint8Array | undefined {
    const stored = this.#storedOf(id);
    return stored === undefined ? undefined : this.#stored.get(chunkKey(stored.id, number));
  }
}

function chunkKey(id: number, number: number): Buffer {
  return new RowKey(KeyPrefix.queueChunk).uint32(id).uint32(number).bytes();
}
