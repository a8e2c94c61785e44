import { magicAt, physicalOffsetAt, RecordMagic, storeTimestampAt } from '@kitemq/protocol';
import type { Disk } from '@kitemq/runtime';
import type { CommitLog } from '../commit-log/commit-log.ts';
import type { LogSegment } from '../commit-log/log-segment.ts';
import { recordHeadBytes } from '../commit-log/record-format.ts';

/** When the messages of segments were stored, and what the segments take on the disk. */
export class SegmentAges {
  readonly #log: CommitLog;
  readonly #disk: Disk;
  /** Store time of the first record, by segment start. */
  readonly #firstTimes = new Map<number, number>();

  constructor(log: CommitLog, disk: Disk) {
    this.#log = log;
    this.#disk = disk;
  }

  /** Store time (ms) of the segment's first record; undefined while it is not written, or when it is damaged. */
  firstTime(segment: LogSegment): number | undefined {
    const known = this.#firstTimes.get(segment.start);
    if (known !== undefined) return known;
    if (segment.start + recordHeadBytes > this.#log.written) return undefined;
    const head = Buffer.alloc(recordHeadBytes);
    if (segment.file.readSync(head, 0, recordHeadBytes, 0) < recordHeadBytes) return undefined;
    const magic = magicAt(head, 0);
    if ((magic !== RecordMagic.v1 && magic !== RecordMagic.v2) || physicalOffsetAt(head, 0) !== segment.start) return undefined;
    const time = storeTimestampAt(head, 0);
    this.#firstTimes.set(segment.start, time);
    return time;
  }

  /**
   * No message of the segment at `index` (not the last) is younger than this. The next segment's first record tells; when that is damaged,
   * the time of the last write to the file.
   */
  lastTime(index: number): number {
    const { segments } = this.#log;
    const next = segments[index + 1] as LogSegment;
    return this.firstTime(next) ?? this.#disk.statSync((segments[index] as LogSegment).path)?.modifiedTime ?? Number.MAX_SAFE_INTEGER;
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
