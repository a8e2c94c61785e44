import { sleep, type Timers } from '@kitemq/runtime';
import { storedRecordBytesMax } from '../commit-log/record-format.ts';
import { findRecord } from '../recovery/find-record.ts';
import { RecordScanner, Scanned, type ScannedRecord } from '../recovery/record-scanner.ts';
import type { LogFile } from './log-file.ts';
import type { StoreView } from './store-view.ts';

/** Bytes between two calls of `progress`. */
const progressBytes = 16 * 1024 * 1024;

/** A record that is being written looks broken for a moment: it is looked at again so often, after so long. */
const againMax = 3;
const againMs = 50;

export interface LogWalkOptions {
  readonly files: readonly LogFile[];
  /** Log position where the walk begins: the beginning of a record or of a file. */
  readonly from: number;
  /** The log may grow meanwhile. */
  readonly isRunning: boolean;
  /** The walk ends with the first record that reaches this log position: for a log that grows faster than it can be read. */
  readonly until?: number | undefined;
  readonly timers: Timers;
  readonly signal?: AbortSignal | undefined;
  /** Return false to end the walk. The record is valid only during the call. */
  record(found: ScannedRecord, file: LogFile): boolean | void;
  /** Between valid records there is a part without any. */
  hole?(from: number, until: number, reason: string): void;
  progress?(position: number): void;
}

export interface LogWalk {
  /** Behind the last valid record. */
  readonly end: number;
  readonly records: number;
  /** Bytes behind the end that are no record, and not zeros either. */
  readonly brokenTail: boolean;
}

/** Reads a log from front to end without changing anything. */
export async function walkLog(options: LogWalkOptions): Promise<LogWalk> {
  return new Walk(options).run();
}

class Walk {
  readonly #options: LogWalkOptions;
  #end: number;
  #records = 0;
  #reported: number;
  #stopped = false;
  #brokenTail = false;

  constructor(options: LogWalkOptions) {
    this.#options = options;
    this.#end = this.#reported = options.from;
  }

  async run(): Promise<LogWalk> {
    const { files, from, hole } = this.#options;
    for (const [index, file] of files.entries()) {
      const before = files[index - 1];
      if (before !== undefined && before.end < file.start && file.start > from) hole?.(before.end, file.start, 'no file holds this part');
      if (file.end <= from && index < files.length - 1) continue;
      this.#end = Math.max(this.#end, file.start);
      const isClosed = await this.#file(file);
      if (this.#stopped) break;
      if (isClosed) continue;
      const later = files.slice(index + 1).some((each) => findRecord(each, each.start, storedRecordBytesMax) !== undefined);
      if (!later) break;
      hole?.(this.#end, file.end, 'the file ends without the filler that closes it');
      this.#brokenTail = false;
      this.#end = file.end;
    }
    return { end: this.#end, records: this.#records, brokenTail: this.#brokenTail };
  }

  /** True when the file ends with its filler. */
  async #file(file: LogFile): Promise<boolean> {
    let scanner = new RecordScanner(file, this.#end, storedRecordBytesMax);
    let again = 0;
    let lookedAt = -1;
    for (;;) {
      const found = this.#recordsOf(scanner, file);
      if (this.#stopped) return true;
      if (this.#end - this.#reported >= progressBytes) await this.#pause();
      if (found === Scanned.record) {
        if (scanner.isRunningOut) await scanner.advance();
        continue;
      }
      if (found === Scanned.filler) {
        this.#end = scanner.position + scanner.size;
        return true;
      }
      // In a file that grows, what was read may be old or half written, and the file longer than it was.
      if (this.#end > lookedAt) again = 0;
      lookedAt = this.#end;
      if (this.#options.isRunning && file === this.#options.files.at(-1) && again++ < againMax) {
        await sleep(this.#options.timers, again === 1 ? 0 : againMs, this.#options.signal);
        scanner = new RecordScanner(file, this.#end, storedRecordBytesMax);
        continue;
      }
      const next = findRecord(file, scanner.position + 1, storedRecordBytesMax);
      if (next !== undefined) {
        this.#options.hole?.(this.#end, next, 'no valid record');
        this.#end = next;
        scanner.seek(next);
        continue;
      }
      this.#brokenTail = found === Scanned.broken;
      return false;
    }
  }

  #recordsOf(scanner: RecordScanner, file: LogFile): Scanned {
    const { record, until = Number.MAX_SAFE_INTEGER } = this.#options;
    for (;;) {
      const found = scanner.next();
      if (found !== Scanned.record) return found;
      this.#end = scanner.position + scanner.size;
      this.#records++;
      if (record(scanner, file) === false || this.#end >= until) {
        this.#stopped = true;
        return found;
      }
      if (scanner.isRunningOut || this.#end - this.#reported >= progressBytes) return found;
    }
  }

  async #pause(): Promise<void> {
    this.#reported = this.#end;
    this.#options.progress?.(this.#end);
    await sleep(this.#options.timers, 0, this.#options.signal);
  }
}

/** How far a log that is being written to is read: what was there when it was opened. Undefined for one that is not. */
export function readLimit({ files, mark, holder }: StoreView): number | undefined {
  return holder === undefined ? undefined : Math.max(usedEnd(files), mark?.position ?? 0);
}

/** How far the used part of the files reaches, roughly: for progress. */
export function usedEnd(files: readonly LogFile[]): number {
  const last = files.at(-1);
  return last === undefined ? 0 : last.start + Math.min(last.fileBytes, last.allocatedBytes);
}
