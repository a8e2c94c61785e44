import { asBuffer } from './fast-buffer.ts';
import type { FastBuffer } from './fast-buffer.ts';

/** Values longer than this are left to JSON.parse. */
const scratch = asBuffer(Buffer.alloc(32_768));

/** The text of a JSON string whose content, checked before, lies in `[start, end)`. */
export function unescapeJson(buffer: FastBuffer, start: number, end: number): string {
  if (end - start > scratch.length) return JSON.parse(buffer.utf8Slice(start - 1, end + 1)) as string;
  let to = 0;
  let at = start;
  let seen = 0;
  while (at < end) {
    const unit = buffer[at++]!;
    if (unit !== 0x5c) {
      scratch[to++] = unit;
      seen |= unit;
      continue;
    }
    const letter = buffer[at++]!;
    if (letter === 0x75) {
      const value = (hexDigit(buffer[at]!) << 12) | (hexDigit(buffer[at + 1]!) << 8) | (hexDigit(buffer[at + 2]!) << 4) | hexDigit(buffer[at + 3]!);
      if (value >= 0x80) return JSON.parse(buffer.utf8Slice(start - 1, end + 1)) as string;
      scratch[to++] = value;
      at += 4;
    } else {
      scratch[to++] = escapedUnit(letter);
    }
  }
  return seen < 0x80 ? scratch.latin1Slice(0, to) : scratch.utf8Slice(0, to);
}

/**
 * Writes the UTF-8 text of a JSON string whose content, checked before, lies in `[start, end)`; returns the offset behind it. It is never
 * longer than its content, so `end - start` bytes of room are enough.
 */
export function unescapeJsonTo(buffer: FastBuffer, start: number, end: number, target: Uint8Array, offset: number): number {
  let to = offset;
  let at = start;
  while (at < end) {
    const unit = buffer[at++]!;
    if (unit !== 0x5c) {
      target[to++] = unit;
      continue;
    }
    const letter = buffer[at++]!;
    if (letter === 0x75) {
      const value = (hexDigit(buffer[at]!) << 12) | (hexDigit(buffer[at + 1]!) << 8) | (hexDigit(buffer[at + 2]!) << 4) | hexDigit(buffer[at + 3]!);
      if (value >= 0x80) return offset + asBuffer(target).utf8Write(JSON.parse(buffer.utf8Slice(start - 1, end + 1)) as string, offset);
      target[to++] = value;
      at += 4;
    } else {
      target[to++] = escapedUnit(letter);
    }
  }
  return to;
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
