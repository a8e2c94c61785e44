import type { KeyValueStore } from '@kitemq/runtime';
import { readUint53, writeUint53 } from '../views/row-key.ts';
import { KeyPrefix } from '../views/view.ts';
import { keyDigestBytes } from './message-key.ts';

/** Reads and names the checkpoint's rows of compacted queues. Keys that are returned are filled in again by the next call. */
export class CompactionRows {
  readonly #chunkKey: Buffer = Buffer.alloc(9, KeyPrefix.compactedChunk);
  readonly #digestKey: Buffer = Buffer.alloc(5 + keyDigestBytes, KeyPrefix.compactedKey);
  readonly #offset: Buffer = Buffer.alloc(8);
  rows: KeyValueStore | undefined;
  /** What no checkpoint has, of all queues. */
  dirtyEntries = 0;

  chunkKey(id: number, number: number): Buffer {
    this.#chunkKey.writeUInt32BE(id, 1);
    this.#chunkKey.writeUInt32BE(number, 5);
    return this.#chunkKey;
  }

  digestKey(id: number, digest: string): Buffer {
    this.#digestKey.writeUInt32BE(id, 1);
    this.#digestKey.write(digest, 5, 'latin1');
    return this.#digestKey;
  }

  offsetValue(offset: number): Buffer {
    writeUint53(this.#offset, 0, offset);
    return this.#offset;
  }

  chunk(id: number, number: number): Buffer | undefined {
    return asBuffer(this.rows?.get(this.chunkKey(id, number)));
  }

  offsetOf(id: number, digest: string): number | undefined {
    const value = asBuffer(this.rows?.get(this.digestKey(id, digest)));
    return value === undefined ? undefined : readUint53(value, 0);
  }

  /** Visits the numbers of stored chunks from `number` on until `visit` returns false. */
  chunksFrom(id: number, number: number, visit: (number: number) => boolean): void {
    const start = Buffer.from(this.chunkKey(id, number));
    const end = Buffer.from(this.chunkKey(id + 1, 0));
    this.rows?.range(start, end, (key) => visit(Buffer.from(key.buffer, key.byteOffset, key.byteLength).readUInt32BE(5)));
  }
}

function asBuffer(bytes: Uint8Array | undefined): Buffer | undefined {
  return bytes === undefined ? undefined : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
