import type { ConsumeQueue } from './consume-queue.ts';
import { entriesPerChunk, entryBytes, entryPosition, entrySize } from './queue-entry.ts';

/**
 * The first offset of the queue, at or after `from`, whose message is in the log from `position` on; the queue's end when there is none.
 * Entries lie in log order, so it is searched for; blanks (lost messages) count as the entry before them. A chunk that cannot be found is kept.
 */
export function firstOffsetAt(queue: ConsumeQueue, from: number, position: number): number {
  const end = queue.visible;
  if (from >= end) return from;
  let low = Math.floor(from / entriesPerChunk);
  let high = Math.floor((end - 1) / entriesPerChunk);
  // Nearly always what goes is little of what there is: look near the beginning first.
  for (let step = 1; low + step < high; step *= 2) {
    if (!isBefore(queue, low + step - 1, position)) {
      high = low + step - 1;
      break;
    }
    low += step;
  }
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (isBefore(queue, middle, position)) low = middle + 1;
    else high = middle;
  }
  return firstInChunk(queue, { number: low, from, end }, position);
}

/** True when all messages of the chunk are before `position`. */
function isBefore(queue: ConsumeQueue, number: number, position: number): boolean {
  const chunk = queue.chunk(number);
  if (chunk === undefined) return false;
  for (let slot = Math.min(entriesPerChunk, Math.floor(chunk.length / entryBytes)) - 1; slot >= 0; slot--) {
    const offset = number * entriesPerChunk + slot;
    if (offset < queue.visible && entrySize(chunk, slot) !== 0) return entryPosition(chunk, slot) < position;
  }
  return true;
}

function firstInChunk(queue: ConsumeQueue, range: { readonly number: number; readonly from: number; readonly end: number }, position: number): number {
  const start = range.number * entriesPerChunk;
  const chunk = queue.chunk(range.number);
  const first = Math.max(range.from, start);
  if (chunk === undefined) return first;
  const last = Math.min(range.end, start + entriesPerChunk, start + Math.floor(chunk.length / entryBytes));
  for (let offset = first; offset < last; offset++) {
    const slot = offset - start;
    if (entrySize(chunk, slot) !== 0 && entryPosition(chunk, slot) >= position) return offset;
  }
  return Math.max(first, last);
}
