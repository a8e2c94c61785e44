import { maskedCrc32 } from './crc32.ts';
import { readInt16, readInt32 } from './int64.ts';
import { bodyLengthOffset, RecordLimits, RecordMagic } from './record-layout.ts';

/** What {@link checkRecord} returns instead of a size. */
export const RecordCheck = {
  /** Nothing was written here: the size is 0. */
  nothing: 0,
  /** The bytes end before the record does. */
  cutOff: -1,
  /** The filler at a segment's end. */
  filler: -2,
  /** Neither of the magic numbers. */
  badMagic: -3,
  /** The lengths of the parts do not add up to the size. */
  badLength: -4,
  /** The body is not the one that was stored. */
  badCrc: -5,
} as const;

/**
 * Is there a whole, sound record at `offset`, not reaching beyond `end`? Returns its size, or one of {@link RecordCheck}.
 * Reads nothing outside `[offset, end)`.
 */
export function checkRecord(bytes: Uint8Array, offset: number, end: number, checkCrc = true): number {
  if (end - offset < RecordLimits.fillerBytesMin) return RecordCheck.cutOff;
  const size = readInt32(bytes, offset);
  if (size === 0) return RecordCheck.nothing;
  const magic = readInt32(bytes, offset + 4);
  if (magic === RecordMagic.blank) return size < RecordLimits.fillerBytesMin ? RecordCheck.badLength : RecordCheck.filler;
  if (magic !== RecordMagic.v1 && magic !== RecordMagic.v2) return RecordCheck.badMagic;
  if (size < RecordLimits.recordBytesMin) return RecordCheck.badLength;
  if (size > end - offset) return RecordCheck.cutOff;
  return checkParts(bytes, offset, size, checkCrc);
}

function checkParts(bytes: Uint8Array, offset: number, size: number, checkCrc: boolean): number {
  const recordEnd = offset + size;
  const v2 = readInt32(bytes, offset + 4) === RecordMagic.v2;
  const bodyLengthAt = offset + bodyLengthOffset(readInt32(bytes, offset + 36));
  const topicLengthBytes = v2 ? 2 : 1;
  if (bodyLengthAt + 4 + topicLengthBytes + 2 > recordEnd) return RecordCheck.badLength;
  const bodyStart = bodyLengthAt + 4;
  const bodyLength = readInt32(bytes, bodyLengthAt);
  if (bodyLength < 0 || bodyLength > recordEnd - bodyStart - topicLengthBytes - 2) return RecordCheck.badLength;
  const topicLengthAt = bodyStart + bodyLength;
  const topicLength = v2 ? readInt16(bytes, topicLengthAt) : (bytes[topicLengthAt]! << 24) >> 24;
  const propertiesLengthAt = topicLengthAt + topicLengthBytes + topicLength;
  if (topicLength < 0 || propertiesLengthAt + 2 > recordEnd) return RecordCheck.badLength;
  const propertiesLength = readInt16(bytes, propertiesLengthAt);
  if (propertiesLength < 0 || propertiesLengthAt + 2 + propertiesLength !== recordEnd) return RecordCheck.badLength;
  // A plain view: Buffer's own takes twice the time.
  if (checkCrc && maskedCrc32(new Uint8Array(bytes.buffer, bytes.byteOffset + bodyStart, bodyLength)) !== readInt32(bytes, offset + 8)) return RecordCheck.badCrc;
  return size;
}
