import type { FastBuffer } from './fast-buffer.ts';

/** Arrays in arrays that a header has at most. */
const depthMax = 2;

/**
 * Steps over one MessagePack value made of nil, booleans, numbers, strings and arrays: all that our headers consist of. Returns the position
 * behind it, or -1 for anything else (extensions, which could name classes; maps; binary) and for what reaches beyond `end`.
 * The decoder runs only after this said yes.
 */
export function stepOverMsgpack(buffer: FastBuffer, start: number, end: number, itemsMax: number, depth = 0): number {
  if (start >= end) return -1;
  const token = buffer[start]!;
  const at = start + 1;
  if (token < 0x80 || token >= 0xe0 || token === 0xc0 || token === 0xc2 || token === 0xc3) return at;
  if (token >= 0xa0 && token < 0xc0) return within(at + (token & 0x1f), end);
  if (token >= 0x90 && token < 0xa0) return stepOverItems(buffer, at, end, { count: token & 0x0f, itemsMax, depth });
  const lengthBytes = fixedLengths.get(token);
  if (lengthBytes !== undefined) return within(at + lengthBytes, end);
  switch (token) {
    case 0xd9:
      return at + 1 > end ? -1 : within(at + 1 + buffer[at]!, end);
    case 0xda:
      return at + 2 > end ? -1 : within(at + 2 + buffer.readUInt16BE(at), end);
    case 0xdb:
      return at + 4 > end ? -1 : within(at + 4 + buffer.readUInt32BE(at), end);
    case 0xdc:
      return at + 2 > end ? -1 : stepOverItems(buffer, at + 2, end, { count: buffer.readUInt16BE(at), itemsMax, depth });
    default:
      return -1;
  }
}

/** float32, float64, uint8 to uint64, int8 to int64. */
const fixedLengths = new Map([[0xca, 4], [0xcb, 8], [0xcc, 1], [0xcd, 2], [0xce, 4], [0xcf, 8], [0xd0, 1], [0xd1, 2], [0xd2, 4], [0xd3, 8]]);

function within(at: number, end: number): number {
  return at <= end ? at : -1;
}

interface Items {
  readonly count: number;
  readonly itemsMax: number;
  readonly depth: number;
}

function stepOverItems(buffer: FastBuffer, start: number, end: number, items: Items): number {
  if (items.depth >= depthMax || items.count > items.itemsMax) return -1;
  let at = start;
  for (let index = 0; index < items.count && at >= 0; index++) at = stepOverMsgpack(buffer, at, end, items.itemsMax, items.depth + 1);
  return at;
}
