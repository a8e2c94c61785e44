import type { CommitLog } from '../commit-log/commit-log.ts';
import { isWholeRecord } from '../commit-log/record-format.ts';
import { isUnreadable, type ColdReader } from '../read/cold-reader.ts';
import type { SparseEntry } from './sparse-chunk.ts';

/** Entries whose records lie at most so far from each other are read together. */
const gapMax: number = 64 * 1024;
const spanMax: number = 512 * 1024;

/** Records that are read with one operation: `entries` in order of position. */
interface Span {
  readonly start: number;
  end: number;
  readonly entries: SparseEntry[];
}

const spanOf = (entry: SparseEntry): Span => ({ start: entry.position, end: entry.position + entry.size, entries: [entry] });

export type EntryFound = (entry: SparseEntry, record: Buffer | undefined, error?: Error) => void;

/** Reads the records of entries, a few large reads instead of many small ones. */
export class EntryReader {
  readonly #log: CommitLog;
  readonly #cold: ColdReader;

  constructor(log: CommitLog, cold: ColdReader) {
    this.#log = log;
    this.#cold = cold;
  }

  /**
   * Calls `found` with each entry, in the log's order, and its record, which is valid only during the call. Without a record it is damaged, or with an `error`, the disk
   * does not give it back. @throws Error when nothing can be read now
   */
  async read(entries: readonly SparseEntry[], found: EntryFound): Promise<void> {
    for (const span of this.#spans(entries)) await this.#readSpan(span, found);
  }

  async #readSpan(span: Span, found: EntryFound): Promise<void> {
    const { start, entries } = span;
    let bytes: Buffer;
    try {
      bytes = await this.#bytes(span);
    } catch (error) {
      if (!isUnreadable(error)) throw error;
      if (entries.length === 1) found(entries[0] as SparseEntry, undefined, error as Error);
      // One bad sector is not to cost those around it.
      else for (const entry of entries) await this.#readSpan(spanOf(entry), found);
      return;
    }
    for (const entry of entries) {
      const offset = entry.position - start;
      const whole = isWholeRecord(bytes, offset, entry.size, entry.position);
      found(entry, whole ? bytes.subarray(offset, offset + entry.size) : undefined);
    }
  }

  #spans(entries: readonly SparseEntry[]): Span[] {
    const spans: Span[] = [];
    let open: Span | undefined;
    let segmentEnd = -1;
    for (const entry of [...entries].sort((a, b) => a.position - b.position)) {
      const end = entry.position + entry.size;
      if (open !== undefined && end <= segmentEnd && entry.position - open.end <= gapMax && end - open.start <= spanMax) {
        open.entries.push(entry);
        open.end = Math.max(open.end, end);
        continue;
      }
      open = spanOf(entry);
      segmentEnd = this.#log.segmentAt(entry.position)?.end ?? end;
      spans.push(open);
    }
    return spans;
  }

  #bytes({ start, end }: Span): Promise<Buffer> {
    const hot = this.#log.slice(start, end - start);
    if (hot !== undefined) return Promise.resolve(hot);
    return new Promise((resolve, reject) => this.#cold.read(start, end - start, (error, bytes) => (error === undefined ? resolve(bytes) : reject(error))));
  }
}
