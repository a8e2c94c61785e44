/** Bytes of a consume queue unit, as in Apache's files: int64 physical offset, int32 size, int64 tags code. */
export const entryBytes = 20;

/** Units per stored chunk: with its header of 24 bytes an LMDB page of 4 KiB takes values up to 4072 bytes (measured). */
export const entriesPerChunk = 203;

const two32 = 2 ** 32;

/** Writes the unit `slot` of a chunk. `tagsCode` is any safe integer (a hash, or a delivery time). */
export function writeEntry(chunk: Buffer, slot: number, entry: { readonly position: number; readonly size: number; readonly tagsCode: number }): void {
  const at = slot * entryBytes;
  chunk.writeUInt32BE(Math.floor(entry.position / two32), at);
  chunk.writeUInt32BE(entry.position % two32, at + 4);
  chunk.writeInt32BE(entry.size, at + 8);
  chunk.writeInt32BE(Math.floor(entry.tagsCode / two32), at + 12);
  chunk.writeUInt32BE(entry.tagsCode >>> 0, at + 16);
}

export function entryPosition(chunk: Buffer, slot: number): number {
  const at = slot * entryBytes;
  return chunk.readUInt32BE(at) * two32 + chunk.readUInt32BE(at + 4);
}

/** 0 for a blank unit: the record of that offset was lost with a damaged part of the log. */
export function entrySize(chunk: Buffer, slot: number): number {
  return chunk.readInt32BE(slot * entryBytes + 8);
}

export function entryTagsCode(chunk: Buffer, slot: number): number {
  const at = slot * entryBytes + 12;
  return chunk.readInt32BE(at) * two32 + chunk.readUInt32BE(at + 4);
}
