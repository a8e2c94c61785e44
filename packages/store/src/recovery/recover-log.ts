import { KiteError, type Disk } from '@kitemq/runtime';
import type { LogSegment } from '../commit-log/log-segment.ts';
import { findRecord } from './find-record.ts';
import type { LostRange } from '../recovery-report.ts';
import type { Quarantine } from './quarantine.ts';
import { RecordScanner, Scanned, type ScannedRecord } from './record-scanner.ts';

export interface RecoverLogOptions {
  readonly disk: Disk;
  readonly directory: string;
  /** All segments on disk, oldest first. */
  readonly segments: readonly LogSegment[];
  readonly quarantine: Quarantine;
  /** Log position (the end of a record, or 0) up to which the log is known to be whole. */
  readonly from: number;
  readonly segmentBytes: number;
  readonly recordBytesMax: number;
  /** The last exit was orderly: zeros are the end of the log, and nothing has to be looked for behind them. */
  readonly clean: boolean;
  /** Called for each valid record from there on. */
  visit(record: ScannedRecord): void;
  /** Called when a part of the log, perhaps with records in it, turned out to be lost; for one that no file holds at each start, also before {@link from}. */
  hole(lost: LostRange): void;
  /** Called now and then while everything before `position` is durable and visited. What it throws ends the recovery. */
  progress(position: number): void;
  /** Lets the event loop turn. What it throws ends the recovery. */
  pause(): Promise<void>;
}

export interface RecoveredLog {
  readonly segments: LogSegment[];
  /** Where the log ends: everything before is durable, nothing is behind it. */
  readonly end: number;
  readonly records: number;
}

/** How many bytes are visited between two calls of `progress`. */
const progressBytes = 16 * 1024 * 1024;

/**
 * Reads the log from `from` to its end. Bytes that are no record but have valid records behind them (a flipped bit, a missing
 * file) are copied aside and skipped. Behind the last valid record everything is copied aside and cut off: bytes left there
 * could be taken for records when the log has grown up to them.
 */
export class LogRecovery {
  readonly #options: RecoverLogOptions;
  #records = 0;
  /** The segment scanned last ends with its filler. */
  #isClosed = false;
  #lastFound: Scanned = Scanned.nothing;
  #end: number;
  /** Where `progress` and `pause` were called last. */
  #paused: number;

  constructor(options: RecoverLogOptions) {
    this.#options = options;
    this.#end = this.#paused = options.from;
  }

  async run(): Promise<RecoveredLog> {
    const { segments, from, quarantine } = this.#options;
    let last = -1;
    for (const [index, segment] of segments.entries()) {
      const before = segments[last];
      last = index;
      if (before !== undefined && before.end < segment.start) this.#missing(before.end, segment.start);
      if (segment.end <= from && index < segments.length - 1) continue;
      this.#end = Math.max(this.#end, segment.start);
      this.#isClosed = await this.#scan(segment);
      if (!this.#isClosed && !this.#isContinued(segment, index)) break;
    }
    await this.#cut(last);
    this.#options.progress(this.#end);
    for (const segment of segments.slice(last + 1)) quarantine.moveSegment(segment, 'behind the end of the log');
    this.#options.disk.syncDirectorySync(this.#options.directory);
    return { segments: segments.slice(0, last + 1), end: this.#end, records: this.#records };
  }

  /** Visits the segment's records from the current end on; true when it ends with its filler. */
  async #scan(segment: LogSegment): Promise<boolean> {
    const { recordBytesMax } = this.#options;
    // What an earlier process only handed to the operating system becomes durable before anybody sees it.
    await datasync(segment);
    const scanner = new RecordScanner(segment, this.#end, recordBytesMax);
    for (;;) {
      const found = this.#visitRecords(scanner);
      if (this.#end - this.#paused >= progressBytes) {
        this.#paused = this.#end;
        this.#options.progress(this.#end);
        await this.#options.pause();
      }
      if (found === Scanned.record) {
        if (scanner.isRunningOut) await scanner.advance();
        continue;
      }
      this.#lastFound = found;
      if (found === Scanned.filler) {
        this.#end = segment.end = scanner.position + scanner.size;
        // The filler was the last thing that reached the disk: the file gets the length that readers count on.
        segment.seal();
        this.#keepExtra(segment);
        return true;
      }
      if (found === Scanned.nothing && this.#isOrderlyEnd(segment)) return false;
      const next = findRecord(segment, scanner.position + 1, recordBytesMax);
      if (next === undefined) return false;
      this.#skip(segment, next);
      scanner.seek(next);
    }
  }

  /** Visits records until something else comes, or (then it returns `record`) until it is time to read ahead or to report. */
  #visitRecords(scanner: RecordScanner): Scanned {
    const { visit } = this.#options;
    for (;;) {
      const found = scanner.next();
      if (found !== Scanned.record) return found;
      visit(scanner);
      this.#records++;
      this.#end = scanner.position + scanner.size;
      if (scanner.isRunningOut || this.#end - this.#paused >= progressBytes) return found;
    }
  }

  #isOrderlyEnd(segment: LogSegment): boolean {
    return this.#options.clean && segment === this.#options.segments.at(-1) && this.#lastFound === Scanned.nothing;
  }

  /** True when a later segment has records, so that what is missing here is a hole and not the end. */
  #isContinued(segment: LogSegment, index: number): boolean {
    const { segments, recordBytesMax } = this.#options;
    const later = segments.slice(index + 1).find((candidate) => findRecord(candidate, candidate.start, recordBytesMax) !== undefined);
    if (later === undefined) return false;
    this.#skip(segment, segment.end);
    return true;
  }

  #skip(segment: LogSegment, until: number): void {
    const from = this.#end;
    if (from >= until) return;
    this.#options.quarantine.copy(segment, { from, until }, `no valid record from ${from} to ${until}; records behind it are kept`);
    this.#options.hole({ from, until, reason: 'no valid record' });
    this.#end = until;
  }

  #missing(from: number, until: number): void {
    this.#options.quarantine.reportMissing(this.#options.directory, until - from, `no file holds the log from ${from} to ${until}; records behind it are kept`);
    this.#options.hole({ from, until, reason: 'no file holds it' });
  }

  /** A file may be longer than its segment; what is in the rest belongs to nothing. It is not cut: it may be shared with the store it was imported from. */
  #keepExtra(segment: LogSegment): void {
    const until = segment.start + segment.file.sizeSync();
    if (until > segment.end) this.#options.quarantine.copy(segment, { from: segment.end, until }, `bytes behind the end of their segment at ${segment.end}`);
  }

  async #cut(last: number): Promise<void> {
    const segment = this.#options.segments[last];
    if (segment === undefined || this.#isClosed) return;
    // A file that was too short is the last one now, and grows again.
    segment.end = Math.max(segment.end, segment.start + this.#options.segmentBytes);
    if (!this.#isOrderlyEnd(segment)) this.#options.quarantine.copy(segment, { from: this.#end }, `no valid record behind ${this.#end}`);
    segment.cut(this.#end);
    await datasync(segment);
  }
}

function datasync(segment: LogSegment): Promise<void> {
  return new Promise((resolve, reject) => {
    segment.datasync((cause) => {
      if (cause === undefined) resolve();
      else reject(new KiteError('KITE_STORE_FLUSH_FAILED', `The disk could not make ${segment.path} durable; check it, then start again`, { cause }));
    });
  });
}
