import type { OutgoingFrame } from '../frame.ts';
import { checkNumber, compileHeader, missingValue } from '../header/compiled-header.ts';
import type { CompiledHeader } from '../header/compiled-header.ts';
import type { FastBuffer } from '../header/fast-buffer.ts';
import { writeInt16, writeInt32 } from '../record/int64.ts';
import { checkedEnd, writeDecimal, writeText } from './text-writer.ts';

/** UTF-8 of a UTF-16 unit. */
const bytesPerUnitMax = 3;
const fixedBytes = 21;
/** Two length fields. */
const perFieldBytes = 6;

export function binaryHeaderSizeMax(frame: OutgoingFrame): number {
  let bytes = fixedBytes + bytesPerUnitMax * (frame.remark?.length ?? 0);
  if (frame.writer !== undefined) bytes += frame.writer.bytesMax(frame.values);
  else if (frame.schema !== undefined && frame.values !== undefined) {
    const compiled = compileHeader(frame.schema);
    bytes += compiled.overheadBytesMax;
    for (const name of compiled.stringNames) {
      const value = frame.values[name];
      if (typeof value === 'string') bytes += bytesPerUnitMax * value.length;
    }
  }
  if (frame.ext !== undefined) {
    for (const key of Object.keys(frame.ext)) bytes += bytesPerUnitMax * (key.length + frame.ext[key]!.length) + perFieldBytes;
  }
  return bytes;
}

/** Writes the header at `offset`, returns the offset behind it. Empty values are left out: a reader takes them for absent anyway. */
export function writeBinaryHeader(buffer: FastBuffer, offset: number, frame: OutgoingFrame): number {
  writeInt16(buffer, offset, frame.code);
  buffer[offset + 2] = frame.language;
  writeInt16(buffer, offset + 3, frame.version);
  writeInt32(buffer, offset + 5, frame.opaque);
  writeInt32(buffer, offset + 9, frame.flag);
  let at = offset + 17;
  if (frame.remark !== undefined) at = writeText(buffer, at, frame.remark);
  writeInt32(buffer, offset + 13, at - offset - 17);
  const extStart = at + 4;
  let end = extStart;
  if (frame.writer !== undefined) end = frame.writer.writeBinary(buffer, end, frame.values);
  else if (frame.schema !== undefined && frame.values !== undefined) end = writeDeclared(buffer, end, compileHeader(frame.schema), frame.values);
  if (frame.ext !== undefined) end = writeFurther(buffer, end, frame.ext);
  writeInt32(buffer, at, end - extStart);
  return checkedEnd(buffer, offset, end);
}

function writeDeclared(buffer: FastBuffer, offset: number, compiled: CompiledHeader, values: Readonly<Record<string, unknown>>): number {
  const { fields } = compiled;
  let at = offset;
  for (let index = 0; index < fields.length; index++) {
    const field = fields[index]!;
    const value = values[field.name];
    if (value === undefined || value === null) {
      if (field.required) throw missingValue(compiled.schema, field);
      continue;
    }
    const valueStart = at + field.binaryKey.length + 4;
    const valueEnd =
      typeof value === 'number' ? writeDecimal(buffer, valueStart, checkNumber(compiled.schema, field, value)) : writeText(buffer, valueStart, String(value));
    if (valueEnd === valueStart) continue;
    field.binaryKey.writeTo(buffer, at);
    writeInt32(buffer, valueStart - 4, valueEnd - valueStart);
    at = valueEnd;
  }
  return at;
}

function writeFurther(buffer: FastBuffer, offset: number, ext: Readonly<Record<string, string>>): number {
  let at = offset;
  for (const key of Object.keys(ext)) {
    const value = ext[key]!;
    if (value === '') continue;
    const keyEnd = writeText(buffer, at + 2, key);
    writeInt16(buffer, at, keyEnd - at - 2);
    const valueEnd = writeText(buffer, keyEnd + 4, value);
    writeInt32(buffer, keyEnd, valueEnd - keyEnd - 4);
    at = valueEnd;
  }
  return at;
}
