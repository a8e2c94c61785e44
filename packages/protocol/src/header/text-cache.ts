import type { FastBuffer } from './fast-buffer.ts';

const slotCount = 1_024;
/** Longer texts are seldom the same twice. */
const cachedBytesMax = 40;
const cached: string[] = Array.from({ length: slotCount }, () => '');

/**
 * The UTF-8 text in `[start, end)`. Short ASCII texts that were seen lately (topics, groups, broker names) are returned without making them
 * anew: the same names come with every request. A fixed number of short texts is remembered, whatever arrives.
 */
export function textFrom(buffer: FastBuffer, start: number, end: number): string {
  const length = end - start;
  if (length > cachedBytesMax) return buffer.utf8Slice(start, end);
  let hash = length;
  for (let at = start; at < end; at++) {
    const unit = buffer[at]!;
    if (unit >= 0x80) return buffer.utf8Slice(start, end);
    hash = (Math.imul(hash, 31) + unit) | 0;
  }
  const slot = (hash ^ (hash >>> 10) ^ (hash >>> 20)) & (slotCount - 1);
  const known = cached[slot]!;
  if (known.length === length && isText(buffer, start, known)) return known;
  const text = buffer.latin1Slice(start, end);
  cached[slot] = text;
  return text;
}

function isText(buffer: FastBuffer, start: number, text: string): boolean {
  for (let index = 0; index < text.length; index++) if (text.charCodeAt(index) !== buffer[start + index]) return false;
  return true;
}
