import type { TimeBoundary } from '../message-store.ts';
import type { CompactedQueue } from '../compaction/compacted-queue.ts';
import type { ConsumeQueue } from '../views/consume-queue.ts';
import type { RecordReader } from './record-reader.ts';

/**
 * The first offset of the queue whose store time is later than (`UPPER`) or not before (`LOWER`) `timestamp`, max offset when there is none.
 * Store times rise with the offset as far as the clock did. Lost messages count as old as the one before them.
 */
async function firstAfter(queue: ConsumeQueue, records: RecordReader, timestamp: number, boundary: TimeBoundary): Promise<number> {
  let low = queue.compacted?.boundary ?? queue.minOffset;
  let high = queue.visible;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    let probe = middle;
    let time = await records.storeTimeAt(queue, probe);
    while (time < 0 && probe > low) time = await records.storeTimeAt(queue, --probe);
    const isAfter = boundary === 'UPPER' ? time > timestamp : time >= timestamp;
    if (isAfter) high = probe;
    else low = middle + 1;
  }
  return low;
}

/** As {@link offsetByTime} for the compacted beginning of a queue, of which only some offsets are there; -1 when nothing in it is what is asked for. */
async function offsetInCompacted(compacted: CompactedQueue, records: RecordReader, timestamp: number, boundary: TimeBoundary): Promise<number> {
  const offsets: number[] = [];
  compacted.forEach(0, compacted.boundary, ({ offset }) => offsets.push(offset) > 0);
  let low = 0;
  let high = offsets.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const time = await records.storeTimeAt(compacted.queue, offsets[middle] as number);
    if (boundary === 'UPPER' ? time > timestamp : time >= timestamp) high = middle;
    else low = middle + 1;
  }
  if (boundary === 'UPPER') return offsets[Math.max(0, low - 1)] ?? -1;
  return offsets[low] ?? -1;
}

/** As `MessageStore.offsetByTime` says. */
export async function offsetByTime(queue: ConsumeQueue, records: RecordReader, timestamp: number, boundary: TimeBoundary): Promise<number> {
  const first = await firstAfter(queue, records, timestamp, boundary);
  const { compacted } = queue;
  if (compacted !== undefined && first <= compacted.boundary) {
    const found = await offsetInCompacted(compacted, records, timestamp, boundary);
    if (found >= 0) return found;
  }
  return boundary === 'LOWER' ? first : Math.max(queue.minOffset, first - 1);
}
