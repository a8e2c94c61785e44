import type { TimeBoundary } from '../message-store.ts';
import type { ConsumeQueue } from '../views/consume-queue.ts';
import type { RecordReader } from './record-reader.ts';

/**
 * The first offset of the queue whose store time is later than (`UPPER`) or not before (`LOWER`) `timestamp`, max offset when there is none.
 * Store times rise with the offset as far as the clock did. Lost messages count as old as the one before them.
 */
async function firstAfter(queue: ConsumeQueue, records: RecordReader, timestamp: number, boundary: TimeBoundary): Promise<number> {
  let low = queue.minOffset;
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

/** As `MessageStore.offsetByTime` says. */
export async function offsetByTime(queue: ConsumeQueue, records: RecordReader, timestamp: number, boundary: TimeBoundary): Promise<number> {
  const first = await firstAfter(queue, records, timestamp, boundary);
  return boundary === 'LOWER' ? first : Math.max(queue.minOffset, first - 1);
}
