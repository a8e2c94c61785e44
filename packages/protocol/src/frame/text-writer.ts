import { KiteError } from '@kitemq/runtime';
import type { FastBuffer } from '../header/fast-buffer.ts';

/*
 * Writers of the pieces of a header. Each returns the offset behind what it wrote. What does not fit is not written (a store beyond the end
 * of a buffer does nothing), but counted: `checkedEnd` tells, once per header.
 */

/** Above this, a call to the native writer pays off. */
const loopMax = 64;
/** UTF-8 of a UTF-16 unit. */
const bytesPerUnitMax = 3;
const int32Max = 2_147_483_647;
const billion = 1_000_000_000;

/** UTF-8. */
export function writeText(buffer: FastBuffer, offset: number, text: string): number {
  const { length } = text;
  if (length > loopMax) return writeLongText(buffer, offset, text);
  for (let index = 0; index < length; index++) {
    const unit = text.charCodeAt(index);
    if (unit >= 0x80) return writeLongText(buffer, offset, text);
    buffer[offset + index] = unit;
  }
  return offset + length;
}

/** The content of a JSON string, without its quotes. */
export function writeJsonText(buffer: FastBuffer, offset: number, text: string): number {
  const { length } = text;
  if (length > loopMax) return writeLongText(buffer, offset, escaped(text));
  for (let index = 0; index < length; index++) {
    const unit = text.charCodeAt(index);
    if (unit < 0x20 || unit === 0x22 || unit === 0x5c || unit > 0x7e) return writeLongText(buffer, offset, escaped(text));
    buffer[offset + index] = unit;
  }
  return offset + length;
}

/** A safe integer. */
export function writeDecimal(buffer: FastBuffer, offset: number, value: number): number {
  if (value < 0) {
    buffer[offset] = 0x2d;
    return writeDecimal(buffer, offset + 1, -value);
  }
  if (value <= int32Max) {
    let end = offset + 1;
    for (let rest = value; rest >= 10; rest = (rest / 10) | 0) end++;
    writeDigits(buffer, offset, end, value);
    return end;
  }
  const high = Math.floor(value / billion);
  const at = writeDecimal(buffer, offset, high);
  writeDigits(buffer, at, at + 9, value - high * billion);
  return at + 9;
}

/** @throws KiteError `KITE_BUFFER_TOO_SMALL` when what was written ends beyond the buffer */
export function checkedEnd(buffer: FastBuffer, offset: number, end: number): number {
  if (end > buffer.length) throw new KiteError('KITE_BUFFER_TOO_SMALL', `A header of ${end - offset} bytes does not fit in ${buffer.length - offset}`);
  return end;
}

function writeLongText(buffer: FastBuffer, offset: number, text: string): number {
  const room = buffer.length - offset;
  if (room < text.length * bytesPerUnitMax) {
    const bytes = Buffer.byteLength(text);
    if (bytes > room) return offset + bytes;
  }
  return offset + buffer.utf8Write(text, offset);
}

/** `value` right-aligned in `[start, end)`, with zeros before it. */
function writeDigits(buffer: FastBuffer, start: number, end: number, value: number): void {
  let rest = value;
  for (let at = end - 1; at >= start; at--) {
    const tens = (rest / 10) | 0;
    buffer[at] = 0x30 + rest - tens * 10;
    rest = tens;
  }
}

/** What JSON must escape, and what is longer than a byte. */
// oxlint-disable-next-line no-control-regex
const notPlain = /[^\x20\x21\x23-\x5b\x5d-\x7e]/;

function escaped(text: string): string {
  return notPlain.test(text) ? JSON.stringify(text).slice(1, -1) : text;
}
