import { magicAt, physicalOffsetAt, RecordMagic, storeTimestampAt } from '@kitemq/protocol';
import type { Disk } from '@kitemq/runtime';
import type { CommitLog } from '../commit-log/commit-log.ts';
import type { LogSegment } from '../commit-log/log-segment.ts';
import { recordHeadBytes } from '../commit-log/record-format.ts';
import { isUnreadable } from '../read/cold-reader.ts';

/** When the messages of segments were stored, and what the segments take on the disk. */
export class SegmentAges {
  readonly #log: CommitLog;
  readonly #disk: Disk;
  /** Store time of the first record, by segment start. */
  readonly #firstTimes = new Map<number, number | undefined>();

  constructor(log: CommitLog, disk: Disk) {
    this.#log = log;
    this.#disk = disk;
  }

  /** Store time (ms) of the segment's first record; undefined while it is not written, or when it is damaged or cannot be read. */
  firstTime(segment: LogSegment): number | undefined {
    const { start } = segment;
    if (start + recordHeadBytes > this.#log.written) return undefined;
    if (!this.#firstTimes.has(start)) this.#firstTimes.set(start, readFirstTime(segment));
    return this.#firstTimes.get(start);
  }

  /**
   * No message of the segment at `index` (not the last) is younger than this. The next segment's first record tells, or the first one behind it that was not
   * stored while the clock was wrong: earlier than this segment, or later than `now`. Without one it is the time of the last write to the file.
   */
  lastTime(index: number, now: number): number {
    const { segments } = this.#log;
    const segment = segments[index] as LogSegment;
    const own = this.firstTime(segment) ?? 0;
    const first = own > now ? 0 : own;
    const isPossible = (time: number | undefined): time is number => time !== undefined && time >= first && time <= now;
    for (let next = index + 1; next < segments.length; next++) {
      const time = this.firstTime(segments[next] as LogSegment);
      if (isPossible(time)) return time;
    }
    const modified = this.#disk.statSync(segment.path)?.modifiedTime;
    return isPossible(modified) ? modified : now;
  }

  /** Bytes that the segment takes: less than its length when it has holes. */
  bytesOf(segment: LogSegment): number {
    return this.#disk.statSync(segment.path)?.allocatedBytes ?? 0;
  }

  totalBytes(): number {
    return this.#log.segments.reduce((sum, segment) => sum + this.bytesOf(segment), 0);
  }

  forget(segment: LogSegment): void {
    this.#firstTimes.delete(segment.start);
  }
}

function readFirstTime(segment: LogSegment): number | undefined {
  const head = Buffer.alloc(recordHeadBytes);
  try {
    if (segment.file.readSync(head, 0, recordHeadBytes, 0) < recordHeadBytes) return undefined;
  } catch (error) {
    if (!isUnreadable(error)) throw error;
    return undefined;
  }
  const magic = magicAt(head, 0);
  return (magic === RecordMagic.v1 || magic === RecordMagic.v2) && physicalOffsetAt(head, 0) === segment.start ? storeTimestampAt(head, 0) : undefined;
}
