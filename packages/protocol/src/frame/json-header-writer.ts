import type { OutgoingFrame } from '../frame.ts';
import { checkNumber, compileHeader, FieldKindCode, missingValue } from '../header/compiled-header.ts';
import type { CompiledHeader } from '../header/compiled-header.ts';
import type { FastBuffer } from '../header/fast-buffer.ts';
import { LanguageCode, languageName } from '../language-code.ts';
import { FixedBytes } from './fixed-bytes.ts';
import { checkedEnd, writeDecimal, writeJsonText } from './text-writer.ts';

/** A UTF-16 unit takes up to six bytes: `\u0001`. */
const bytesPerUnitMax = 6;
/** Names, punctuation and numbers of the fixed part. */
const fixedBytesMax = 160;
/** Quotes, colon, comma of a further text field. */
const perFieldBytes = 8;
const quote = 0x22;
const comma = 0x2c;
const codeKey = new FixedBytes('{"code":');
const fieldsKey = new FixedBytes(',"extFields":{');
const fieldsEndMark = new FixedBytes('"}');
const flagKey = new FixedBytes(',"flag":');
const remarkKey = new FixedBytes(',"remark":"');
const versionKey = new FixedBytes(',"version":');
/** By language: what stands between the values of flag and opaque. */
const languageParts = Object.values(LanguageCode).map((code) => new FixedBytes(`,"language":"${languageName(code)}","opaque":`));
const otherLanguage = languageParts[LanguageCode.other]!;

export function jsonHeaderSizeMax(frame: OutgoingFrame): number {
  let bytes = fixedBytesMax + bytesPerUnitMax * (frame.remark?.length ?? 0);
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

/** Writes the header at `offset`, returns the offset behind it. Keys in alphabetical order, as Java writes them. */
export function writeJsonHeader(buffer: FastBuffer, offset: number, frame: OutgoingFrame): number {
  let at = writeDecimal(buffer, codeKey.writeTo(buffer, offset), frame.code);
  const fieldsStart = at + fieldsKey.length;
  const fieldsEnd = writeFields(buffer, fieldsStart, frame);
  if (fieldsEnd > fieldsStart) {
    fieldsKey.writeTo(buffer, at);
    at = fieldsEndMark.writeTo(buffer, fieldsEnd);
  }
  at = writeDecimal(buffer, flagKey.writeTo(buffer, at), frame.flag);
  at = writeDecimal(buffer, (languageParts[frame.language] ?? otherLanguage).writeTo(buffer, at), frame.opaque);
  if (frame.remark !== undefined) {
    at = writeJsonText(buffer, remarkKey.writeTo(buffer, at), frame.remark);
    buffer[at++] = quote;
  }
  at = writeDecimal(buffer, versionKey.writeTo(buffer, at), frame.version);
  buffer[at++] = 0x7d;
  return checkedEnd(buffer, offset, at);
}

/** From the first name to the end of the last value; the quote that ends it is left to the caller. */
function writeFields(buffer: FastBuffer, offset: number, frame: OutgoingFrame): number {
  let at = offset;
  if (frame.writer !== undefined) at = frame.writer.writeJson(buffer, offset, frame.values);
  else if (frame.schema !== undefined && frame.values !== undefined) at = writeDeclared(buffer, offset, compileHeader(frame.schema), frame.values);
  if (frame.ext === undefined) return at;
  for (const key of Object.keys(frame.ext)) {
    if (at > offset) at = writeSeparator(buffer, at);
    buffer[at++] = quote;
    at = writeJsonText(buffer, at, key);
    buffer[at++] = quote;
    buffer[at++] = 0x3a;
    buffer[at++] = quote;
    at = writeJsonText(buffer, at, frame.ext[key]!);
  }
  return at;
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
    if (at > offset) at = writeSeparator(buffer, at);
    at = field.jsonKey.writeTo(buffer, at);
    if (typeof value === 'number' && field.kindCode !== FieldKindCode.string) at = writeDecimal(buffer, at, checkNumber(compiled.schema, field, value));
    else at = writeJsonText(buffer, at, String(value));
  }
  return at;
}

/** The quote that ends a value, and the comma before the next name. */
function writeSeparator(buffer: FastBuffer, offset: number): number {
  buffer[offset] = quote;
  buffer[offset + 1] = comma;
  return offset + 2;
}
