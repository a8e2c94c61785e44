import { entriesPerChunk, entryBytes } from './queue-entry.ts';

/** Chunks kept: 2 MiB. */
export const cachedChunksMax = 512;

/** Chunk numbers that fit in a key beside the queue's number: 13 billion messages of a queue; those beyond are not kept. */
const numbersMax = 2 ** 26;

/** Full chunks that were read from the checkpoint lately: a reader that catches up asks for each of them several times. */
export class ChunkCache {
  /** By queue number and chunk number, oldest first. */
  readonly #chunks = new Map<number, Uint8Array>();

  get size(): number {
    return this.#chunks.size;
  }

  get(queueId: number, number: number): Uint8Array | undefined {
    return this.#chunks.get(queueId * numbersMax + number);
  }

  /** Keeps the chunk if it is full: others still grow. */
  add(queueId: number, number: number, entries: Uint8Array): void {
    if (entries.length !== entriesPerChunk * entryBytes || number >= numbersMax) return;
    this.#chunks.set(queueId * numbersMax + number, entries);
    if (this.#chunks.size <= cachedChunksMax) return;
    for (const oldest of this.#chunks.keys()) {
      this.#chunks.delete(oldest);
      break;
    }
  }

  /** The checkpoint gets another version of it. */
  remove(queueId: number, number: number): void {
    if (this.#chunks.size > 0) this.#chunks.delete(queueId * numbersMax + number);
  }
}
