import type { OutgoingFrame } from '../frame.ts';
import { compileHeader, fieldToText } from '../header/compiled-header.ts';
import type { FastBuffer } from '../header/fast-buffer.ts';
import { languageName } from '../language-code.ts';

/** A UTF-16 unit takes up to six bytes: `\u0001`. */
const bytesPerUnitMax = 6;
/** Names, punctuation and numbers of the fixed part. */
const fixedBytesMax = 160;
/** Quotes, colon, comma, and the text of a number or boolean. */
const perFieldBytes = 32;
/** What JSON must escape, and what is longer than a byte. */
// oxlint-disable-next-line no-control-regex
const notPlain = /[^\x20\x21\x23-\x5b\x5d-\x7e]/;

export function jsonHeaderSizeMax(frame: OutgoingFrame): number {
  let bytes = fixedBytesMax + bytesPerUnitMax * (frame.remark?.length ?? 0);
  if (frame.schema !== undefined && frame.values !== undefined) {
    for (const field of compileHeader(frame.schema).fields) {
      const value = frame.values[field.name];
      bytes += field.jsonPrefix.length + perFieldBytes + (typeof value === 'string' ? bytesPerUnitMax * value.length : 0);
    }
  }
  if (frame.ext !== undefined) {
    for (const key of Object.keys(frame.ext)) bytes += bytesPerUnitMax * (key.length + frame.ext[key]!.length) + perFieldBytes;
  }
  return bytes;
}

/** Writes the header at `offset`, returns the offset behind it. Keys in alphabetical order, as Java writes them. */
export function writeJsonHeader(buffer: FastBuffer, offset: number, frame: OutgoingFrame): number {
  const fields = extText(frame);
  const remark = frame.remark === undefined ? '' : `,"remark":${quoted(frame.remark)}`;
  const text =
    `{"code":${frame.code}${fields},"flag":${frame.flag},"language":"${languageName(frame.language)}",` +
    `"opaque":${frame.opaque}${remark},"version":${frame.version}}`;
  return offset + buffer.utf8Write(text, offset);
}

function extText(frame: OutgoingFrame): string {
  let text = '';
  if (frame.schema !== undefined && frame.values !== undefined) {
    for (const field of compileHeader(frame.schema).fields) {
      const value = fieldToText(frame.schema, field, frame.values[field.name]);
      if (value === undefined) continue;
      text += (text === '' ? '' : ',') + field.jsonPrefix + (notPlain.test(value) ? `${escaped(value)}"` : `${value}"`);
    }
  }
  if (frame.ext !== undefined) {
    for (const key of Object.keys(frame.ext)) text += `${text === '' ? '' : ','}${quoted(key)}:${quoted(frame.ext[key]!)}`;
  }
  return text === '' ? '' : `,"extFields":{${text}}`;
}

function quoted(text: string): string {
  return notPlain.test(text) ? JSON.stringify(text) : `"${text}"`;
}

function escaped(text: string): string {
  return JSON.stringify(text).slice(1, -1);
}
