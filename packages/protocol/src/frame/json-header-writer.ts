import { KiteError } from '@kitemq/runtime';
import type { OutgoingFrame } from '../frame.ts';
import { compileHeader, FieldKindCode, missingValue, numberText } from '../header/compiled-header.ts';
import type { CompiledHeader } from '../header/compiled-header.ts';
import type { FastBuffer } from '../header/fast-buffer.ts';
import { languageName } from '../language-code.ts';

/** A UTF-16 unit takes up to six bytes: `\u0001`. */
const bytesPerUnitMax = 6;
/** Names, punctuation and numbers of the fixed part. */
const fixedBytesMax = 160;
/** Quotes, colon, comma of a further text field. */
const perFieldBytes = 8;
/** UTF-8 of a UTF-16 unit. */
const utf8PerUnitMax = 3;
/** What JSON must escape, and what is longer than a byte. */
// oxlint-disable-next-line no-control-regex
const notPlain = /[^\x20\x21\x23-\x5b\x5d-\x7e]/;

export function jsonHeaderSizeMax(frame: OutgoingFrame): number {
  let bytes = fixedBytesMax + bytesPerUnitMax * (frame.remark?.length ?? 0);
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

/**
 * Writes the header at `offset`, returns the offset behind it. Keys in alphabetical order, as Java writes them. The text is put together as a
 * string and written by one call: joining strings costs next to nothing until then.
 */
export function writeJsonHeader(buffer: FastBuffer, offset: number, frame: OutgoingFrame): number {
  const remark = frame.remark === undefined ? '' : `,"remark":${quoted(frame.remark)}`;
  const text =
    `{"code":${frame.code}${fieldsText(frame)},"flag":${frame.flag},"language":"${languageName(frame.language)}",` +
    `"opaque":${frame.opaque}${remark},"version":${frame.version}}`;
  const room = buffer.length - offset;
  if (room < text.length * utf8PerUnitMax && room < Buffer.byteLength(text)) {
    throw new KiteError('KITE_BUFFER_TOO_SMALL', `A header of ${text.length} characters does not fit in ${room} bytes`);
  }
  return offset + buffer.utf8Write(text, offset);
}

/** Each piece begins with the quote that ends the value before it. */
function fieldsText(frame: OutgoingFrame): string {
  let text = '';
  if (frame.schema !== undefined && frame.values !== undefined) text = declaredText(compileHeader(frame.schema), frame.values);
  if (frame.ext !== undefined) {
    for (const key of Object.keys(frame.ext)) text += `","${plainOrEscaped(key)}":"${plainOrEscaped(frame.ext[key]!)}`;
  }
  return text === '' ? '' : `,"extFields":{${text.slice(2)}"}`;
}

function declaredText(compiled: CompiledHeader, values: Readonly<Record<string, unknown>>): string {
  const { fields } = compiled;
  let text = '';
  for (let index = 0; index < fields.length; index++) {
    const field = fields[index]!;
    const value = values[field.name];
    if (value === undefined || value === null) {
      if (field.required) throw missingValue(compiled.schema, field);
    } else if (field.kindCode === FieldKindCode.string) {
      text += field.jsonPrefix + plainOrEscaped(String(value));
    } else {
      text += field.jsonPrefix + (typeof value === 'number' ? numberText(compiled.schema, field, value) : String(value));
    }
  }
  return text;
}

function plainOrEscaped(text: string): string {
  return notPlain.test(text) ? JSON.stringify(text).slice(1, -1) : text;
}

function quoted(text: string): string {
  return notPlain.test(text) ? JSON.stringify(text) : `"${text}"`;
}
