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

/** A copy of the chunk with the entry in it. Chunks are never changed: a checkpoint may be using them. */
export function withEntry(chunk: Buffer, entry: SparseEntry): Buffer {
  const number = chunkOf(entry.offset);
  const index = indexFrom(chunk, number, entry.offset);
  const replaces = index < entryCount(chunk) && chunk[index * slotBytes] === entry.offset - number * sparseChunkOffsets;
  const before = index * slotBytes;
  const result = Buffer.allocUnsafe(chunk.length + (replaces ? 0 : slotBytes));
  chunk.copy(result, 0, 0, before);
  result[before] = entry.offset - number * sparseChunkOffsets;
  const unit = result.subarray(before + 1, before + slotBytes);
  writePlace(unit, 0, entry.position, entry.size);
  writeTagsCode(unit, 0, entry.tagsCode);
  chunk.copy(result, before + slotBytes, replaces ? before + slotBytes : before);
  return result;
}

/** A copy of the chunk without the entry of `offset`; the chunk itself when it has none. */
export function withoutEntry(chunk: Buffer, offset: number): Buffer {
  const number = chunkOf(offset);
  const index = indexFrom(chunk, number, offset);
  const at = index * slotBytes;
  if (index === entryCount(chunk) || chunk[at] !== offset - number * sparseChunkOffsets) return chunk;
  const result = Buffer.allocUnsafe(chunk.length - slotBytes);
  chunk.copy(result, 0, 0, at);
  chunk.copy(result, at, at + slotBytes);
  return result;
}
