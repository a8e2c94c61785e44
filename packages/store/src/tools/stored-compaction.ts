import type { RowsSnapshot } from '../checkpoint/lmdb-snapshot.ts';
import { chunkOf, emptyChunk, entryAt, entryCount, findEntry, type SparseEntry } from '../compaction/sparse-chunk.ts';
import { readUint53, RowKey, RowKeyReader } from '../views/row-key.ts';
import { KeyPrefix } from '../views/view.ts';

const bufferOf = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** The compacted beginning of a queue as a checkpoint's rows have it. */
export class StoredCompaction {
  readonly topic: string;
  readonly queueId: number;
  /** The first offset that was not compacted yet. */
  readonly end: number;
  readonly #id: number;
  readonly #rows: RowsSnapshot;

  constructor(rows: RowsSnapshot, key: Uint8Array, value: Uint8Array) {
    const reader = new RowKeyReader(key);
    this.topic = reader.text();
    this.queueId = reader.uint32();
    this.#id = bufferOf(value).readUInt32BE(0);
    this.end = readUint53(bufferOf(value), 4);
    this.#rows = rows;
  }

  find(offset: number): SparseEntry | undefined {
    const chunk = this.#rows.get(new RowKey(KeyPrefix.compactedChunk).uint32(this.#id).uint32(chunkOf(offset)).bytes());
    return findEntry(chunk === undefined ? emptyChunk : bufferOf(chunk), offset);
  }

  /** The offset of the latest message with this key. */
  offsetOf(digest: string): number | undefined {
    const value = this.#rows.get(Buffer.concat([new RowKey(KeyPrefix.compactedKey).uint32(this.#id).bytes(), Buffer.from(digest, 'latin1')]));
    return value === undefined ? undefined : readUint53(bufferOf(value), 0);
  }

  /** Visits all entries, by offset. */
  forEach(visit: (entry: SparseEntry) => void): void {
    const [start, end] = [this.#id, this.#id + 1].map((id) => new RowKey(KeyPrefix.compactedChunk).uint32(id).bytes()) as [Buffer, Buffer];
    this.#rows.range(start, end, (key, value) => {
      const number = bufferOf(key).readUInt32BE(5);
      const chunk = bufferOf(value);
      for (let index = 0, count = entryCount(chunk); index < count; index++) visit(entryAt(chunk, number, index));
    });
  }
}

/** All queues of a checkpoint that have a compacted beginning. */
export function readStoredCompactions(rows: RowsSnapshot): StoredCompaction[] {
  const found: StoredCompaction[] = [];
  rows.range(Buffer.of(KeyPrefix.compactedQueue), Buffer.of(KeyPrefix.compactedQueue + 1), (key, value) => void found.push(new StoredCompaction(rows, key, value)));
  return found;
}
