import { entryBytes, entryPosition, entrySize, entryTagsCode, writePlace, writeTagsCode } from '../views/queue-entry.ts';

/** Queue offsets that one chunk covers. */
export const sparseChunkOffsets = 256;

/** What is kept of an offset: its low byte, then a consume queue unit. */
const slotBytes = 1 + entryBytes;

/** Where the record of a queue offset is. */
export interface SparseEntry {
  readonly offset: number;
  readonly position: number;
  readonly size: number;
  readonly tagsCode: number;
}

export const emptyChunk: Buffer = Buffer.alloc(0);

/** How many entries a chunk holds. */
export const entryCount = (chunk: Buffer): number => chunk.length / slotBytes;

export const chunkOf = (offset: number): number => Math.floor(offset / sparseChunkOffsets);

/** The entry at `index` of chunk `number`. */
export function entryAt(chunk: Buffer, number: number, index: number): SparseEntry {
  const at = index * slotBytes;
  const unit = chunk.subarray(at + 1, at + slotBytes);
  return { offset: number * sparseChunkOffsets + (chunk[at] as number), position: entryPosition(unit, 0), size: entrySize(unit, 0), tagsCode: entryTagsCode(unit, 0) };
}

/** Index of the first entry whose offset is not before `offset`; the number of entries when there is none. */
export function indexFrom(chunk: Buffer, number: number, offset: number): number {
  const slot = offset - number * sparseChunkOffsets;
  let low = 0;
  let high = entryCount(chunk);
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((chunk[middle * slotBytes] as number) < slot) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The entry of `offset`; undefined when there is none. */
export function findEntry(chunk: Buffer, offset: number): SparseEntry | undefined {
  const number = chunkOf(offset);
  const index = indexFrom(chunk, number, offset);
  if (index === entryCount(chunk)) return undefined;
  const entry = entryAt(chunk, number, index);
  return entry.offset === offset ? entry : undefined;
}

/** A chunk that is being changed, in memory of its own: what it was made from stays as it is. */
export class ChangedChunk {
  readonly #number: number;
  readonly #memory: Buffer = Buffer.allocUnsafe(sparseChunkOffsets * slotBytes);
  #bytes: Buffer;

  constructor(number: number, chunk: Buffer) {
    this.#number = number;
    chunk.copy(this.#memory);
    this.#bytes = this.#memory.subarray(0, chunk.length);
  }

  /** The entries as they are now; not valid any more after the next change. */
  get bytes(): Buffer {
    return this.#bytes;
  }

  put(entry: SparseEntry): void {
    const length = this.#bytes.length;
    const slot = entry.offset - this.#number * sparseChunkOffsets;
    const at = indexFrom(this.#bytes, this.#number, entry.offset) * slotBytes;
    if (at === length || this.#bytes[at] !== slot) {
      this.#memory.copyWithin(at + slotBytes, at, length);
      this.#bytes = this.#memory.subarray(0, length + slotBytes);
    }
    this.#memory[at] = slot;
    const unit = this.#memory.subarray(at + 1, at + slotBytes);
    writePlace(unit, 0, entry.position, entry.size);
    writeTagsCode(unit, 0, entry.tagsCode);
  }

  remove(offset: number): void {
    const length = this.#bytes.length;
    const at = indexFrom(this.#bytes, this.#number, offset) * slotBytes;
    if (at === length || this.#bytes[at] !== offset - this.#number * sparseChunkOffsets) return;
    this.#memory.copyWithin(at, at + slotBytes, length);
    this.#bytes = this.#memory.subarray(0, length - slotBytes);
  }
}
