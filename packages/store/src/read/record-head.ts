import { magicAt, physicalOffsetAt, recordSizeAt, RecordMagic } from '@kitemq/protocol';

/**
 * True when the bytes at `offset` are the head of a record of `size` bytes that was stored at log position `position`: what a queue entry says.
 * The body is not looked at; `isWholeRecord` does.
 */
export function isRecordHead(bytes: Uint8Array, offset: number, size: number, position: number): boolean {
  if (recordSizeAt(bytes, offset) !== size || physicalOffsetAt(bytes, offset) !== position) return false;
  const magic = magicAt(bytes, offset);
  return magic === RecordMagic.v1 || magic === RecordMagic.v2;
}
