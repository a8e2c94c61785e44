import { KiteError } from '@kitemq/runtime';
import type { OutgoingFrame } from '../frame.ts';
import { compileHeader, FieldKindCode, missingValue, numberText } from '../header/compiled-header.ts';
import type { CompiledHeader } from '../header/compiled-header.ts';
import type { FastBuffer } from '../header/fast-buffer.ts';
import { writeInt16, writeInt32 } from '../record/int64.ts';

/** UTF-8 of a UTF-16 unit. */
const bytesPerUnitMax = 3;
const fixedBytes = 21;
/** Two length fields. */
const perFieldBytes = 6;
/** Above this, a call to the native writer pays off. */
const asciiLoopMax = 24;

export function binaryHeaderSizeMax(frame: OutgoingFrame): number {
  let bytes = fixedBytes + bytesPerUnitMax * (frame.remark?.length ?? 0);
  if (frame.schema !== undefined && frame.values !== undefined) {
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
  if (buffer.length - offset < binaryHeaderSizeMax(frame)) {
    throw new KiteError('KITE_BUFFER_TOO_SMALL', `A header of up to ${binaryHeaderSizeMax(frame)} bytes does not fit in ${buffer.length - offset}`);
  }
  writeInt16(buffer, offset, frame.code);
  buffer[offset + 2] = frame.language;
  writeInt16(buffer, offset + 3, frame.version);
  writeInt32(buffer, offset + 5, frame.opaque);
  writeInt32(buffer, offset + 9, frame.flag);
  let at = offset + 17;
  if (frame.remark !== undefined) at += buffer.utf8Write(frame.remark, at);
  writeInt32(buffer, offset + 13, at - offset - 17);
  const extStart = at + 4;
  let end = extStart;
  if (frame.schema !== undefined && frame.values !== undefined) end = writeDeclared(buffer, end, compileHeader(frame.schema), frame.values);
  if (frame.ext !== undefined) end = writeFurther(buffer, end, frame.ext);
  writeInt32(buffer, at, end - extStart);
  return end;
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
    const text = typeof value === 'number' ? numberText(compiled.schema, field, value) : String(value);
    if (text === '') continue;
    const { binaryKey } = field;
    for (let byte = 0; byte < binaryKey.length; byte++) buffer[at + byte] = binaryKey[byte]!;
    at = writeValue(buffer, at + binaryKey.length, text, field.kindCode !== FieldKindCode.string);
  }
  return at;
}

function writeFurther(buffer: FastBuffer, offset: number, ext: Readonly<Record<string, string>>): number {
  let at = offset;
  for (const key of Object.keys(ext)) {
    const value = ext[key]!;
    if (value === '') continue;
    const keyBytes = buffer.utf8Write(key, at + 2);
    writeInt16(buffer, at, keyBytes);
    at = writeValue(buffer, at + 2 + keyBytes, value, false);
  }
  return at;
}

function writeValue(buffer: FastBuffer, offset: number, text: string, isAscii: boolean): number {
  const bytes = writeText(buffer, offset + 4, text, isAscii);
  writeInt32(buffer, offset, bytes);
  return offset + 4 + bytes;
}

function writeText(buffer: FastBuffer, offset: number, text: string, isAscii: boolean): number {
  if (text.length > asciiLoopMax) return isAscii ? buffer.latin1Write(text, offset) : buffer.utf8Write(text, offset);
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index);
    if (unit >= 0x80) return buffer.utf8Write(text, offset);
    buffer[offset + index] = unit;
  }
  return text.length;
}
