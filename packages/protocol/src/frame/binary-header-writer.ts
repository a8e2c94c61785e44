import type { OutgoingFrame } from '../frame.ts';
import { compileHeader, fieldToText } from '../header/compiled-header.ts';
import type { FastBuffer } from '../header/fast-buffer.ts';

/** UTF-8 of a UTF-16 unit. */
const bytesPerUnitMax = 3;
const fixedBytes = 21;
/** Two length fields, and the text of a number or boolean. */
const perFieldBytes = 32;

export function binaryHeaderSizeMax(frame: OutgoingFrame): number {
  let bytes = fixedBytes + bytesPerUnitMax * (frame.remark?.length ?? 0);
  if (frame.schema !== undefined && frame.values !== undefined) {
    for (const field of compileHeader(frame.schema).fields) {
      const value = frame.values[field.name];
      bytes += field.binaryKey.length + perFieldBytes + (typeof value === 'string' ? bytesPerUnitMax * value.length : 0);
    }
  }
  if (frame.ext !== undefined) {
    for (const key of Object.keys(frame.ext)) bytes += bytesPerUnitMax * (key.length + frame.ext[key]!.length) + perFieldBytes;
  }
  return bytes;
}

/** Writes the header at `offset`, returns the offset behind it. Empty values are left out: a reader takes them for absent anyway. */
export function writeBinaryHeader(buffer: FastBuffer, offset: number, frame: OutgoingFrame): number {
  buffer.writeInt16BE((frame.code << 16) >> 16, offset);
  buffer.writeInt8((frame.language << 24) >> 24, offset + 2);
  buffer.writeInt16BE((frame.version << 16) >> 16, offset + 3);
  buffer.writeInt32BE(frame.opaque | 0, offset + 5);
  buffer.writeInt32BE(frame.flag | 0, offset + 9);
  let at = offset + 17;
  if (frame.remark !== undefined) at += buffer.utf8Write(frame.remark, at);
  buffer.writeInt32BE(at - offset - 17, offset + 13);
  const extStart = at + 4;
  const end = writeFields(buffer, extStart, frame);
  buffer.writeInt32BE(end - extStart, at);
  return end;
}

function writeFields(buffer: FastBuffer, offset: number, frame: OutgoingFrame): number {
  let at = offset;
  if (frame.schema !== undefined && frame.values !== undefined) {
    for (const field of compileHeader(frame.schema).fields) {
      const value = fieldToText(frame.schema, field, frame.values[field.name]);
      if (value === undefined || value === '') continue;
      buffer.set(field.binaryKey, at);
      at = writeValue(buffer, at + field.binaryKey.length, value);
    }
  }
  if (frame.ext !== undefined) {
    for (const key of Object.keys(frame.ext)) {
      const value = frame.ext[key]!;
      if (value === '') continue;
      const keyBytes = buffer.utf8Write(key, at + 2);
      buffer.writeInt16BE(keyBytes, at);
      at = writeValue(buffer, at + 2 + keyBytes, value);
    }
  }
  return at;
}

function writeValue(buffer: FastBuffer, offset: number, value: string): number {
  const bytes = buffer.utf8Write(value, offset + 4);
  buffer.writeInt32BE(bytes, offset);
  return offset + 4 + bytes;
}
