import { asBuffer, LastView } from './fast-buffer.ts';
import type { FastBuffer } from './fast-buffer.ts';

/** Values longer than this are left to JSON.parse. */
const scratch = asBuffer(Buffer.alloc(32_768));

const input = new LastView();
const output = new LastView();

const wordBytes = 4;
const backslash = 0x5c;
const letterU = 0x75;
/** Of `\u` with its four digits. */
const longEscapeBytes = 6;

/** The text of a JSON string whose content, checked before, lies in `[start, end)`. */
export function unescapeJson(buffer: FastBuffer, start: number, end: number): string {
  const length = end - start > scratch.length ? -1 : unescapeBytes(buffer, start, end, scratch, 0);
  return length < 0 ? parsed(buffer, start, end) : scratch.utf8Slice(0, length);
}

/**
 * Writes the UTF-8 text of a JSON string whose content, checked before, lies in `[start, end)`; returns the offset behind it. It is never
 * longer than its content, so `end - start` bytes of room are enough.
 */
export function unescapeJsonTo(buffer: FastBuffer, start: number, end: number, target: Uint8Array, offset: number): number {
  const bytes = asBuffer(target);
  const to = unescapeBytes(buffer, start, end, bytes, offset);
  return to < 0 ? offset + bytes.utf8Write(parsed(buffer, start, end), offset) : to;
}

/** With the quotes around it. */
const parsed = (buffer: FastBuffer, start: number, end: number): string => JSON.parse(buffer.utf8Slice(start - 1, end + 1)) as string;

/** -1 when there is an escape of more than ASCII. */
function unescapeBytes(buffer: FastBuffer, start: number, end: number, target: FastBuffer, offset: number): number {
  const source = input.of(buffer);
  const sink = output.of(target);
  let at = start;
  let to = offset;
  for (;;) {
    for (; at + wordBytes <= end; at += wordBytes, to += wordBytes) {
      const word = source.getInt32(at, true);
      if (hasBackslash(word)) break;
      sink.setInt32(to, word, true);
    }
    while (at < end && buffer[at] !== backslash) target[to++] = buffer[at++]!;
    if (at >= end) return to;
    const letter = buffer[at + 1]!;
    if (letter === letterU) {
      const value = (hexDigit(buffer[at + 2]!) << 12) | (hexDigit(buffer[at + 3]!) << 8) | (hexDigit(buffer[at + 4]!) << 4) | hexDigit(buffer[at + 5]!);
      if (value >= 0x80) return -1;
      target[to++] = value;
      at += longEscapeBytes;
    } else {
      target[to++] = escapedUnit(letter);
      at += 2;
    }
  }
}

/** Is one of the four bytes a backslash? Where they differ from it there is no zero byte, and only a zero byte borrows into its highest bit. */
function hasBackslash(word: number): boolean {
  const difference = word ^ 0x5c5c5c5c;
  return ((difference - 0x01010101) & ~difference & 0x80808080) !== 0;
}

function escapedUnit(letter: number): number {
  switch (letter) {
    case 0x62:
      return 0x08;
    case 0x66:
      return 0x0c;
    case 0x6e:
      return 0x0a;
    case 0x72:
      return 0x0d;
    case 0x74:
      return 0x09;
    default:
      return letter;
  }
}

/** The value of a hexadecimal digit, or -1. */
export function hexDigit(unit: number): number {
  if (unit >= 0x30 && unit <= 0x39) return unit - 0x30;
  const letter = unit | 0x20;
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : -1;
}
