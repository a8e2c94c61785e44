import { encodeFiller } from '@kitemq/protocol';
import { assert, KiteError, type Disk } from '@kitemq/runtime';
import { fillerBytes } from './record-format.ts';
import { LogSegment } from './log-segment.ts';
import { TailSlabs, type TailSlab } from './tail-slabs.ts';

/** What the log needs to know. All sizes in bytes. */
export interface CommitLogOptions {
  readonly disk: Disk;
  readonly directory: string;
  readonly segmentBytes: number;
  readonly slabBytes: number;
  /** How much of the tail stays in memory for readers. */
  readonly hotTailBytes: number;
}

/**
 * The append-only sequence of records, in segments. `reserve` gives room in memory, `write` hands everything reserved to the operating system,
 * `sync` makes everything written durable. Positions: min ≤ flushed ≤ written ≤ appended.
 */
export class CommitLog {
  readonly #options: CommitLogOptions;
  readonly #slabBytes: number;
  readonly #slabs: TailSlabs;
  readonly #segments: LogSegment[];
  /** Index of the first slab with bytes that are not in the file. */
  #nextWrite = 0;
  #appended: number;
  #written: number;
  #flushed: number;
  #syncing = false;
  /** Where the last {@link reserve} made room. */
  target: Buffer = Buffer.alloc(0);
  targetOffset = 0;

  /** `segments` are those found on disk, oldest first; `end` is where appending goes on: all before it is on disk. */
  constructor(options: CommitLogOptions, segments: LogSegment[], end: number) {
    this.#options = options;
    this.#slabBytes = Math.min(options.slabBytes, options.segmentBytes);
    this.#slabs = new TailSlabs(this.#slabBytes);
    this.#segments = segments;
    this.#appended = this.#written = this.#flushed = end;
  }

  get minPosition(): number {
    return this.#segments[0]?.start ?? this.#appended;
  }

  get appended(): number {
    return this.#appended;
  }

  get written(): number {
    return this.#written;
  }

  get flushed(): number {
    return this.#flushed;
  }

  get syncing(): boolean {
    return this.#syncing;
  }

  get memoryBytes(): number {
    return this.#slabs.bytes;
  }

  /** The largest contiguous reservation a segment can take. */
  get reservationMax(): number {
    return this.#options.segmentBytes - fillerBytes;
  }

  /** Room for `size` bytes in one segment at {@link target}; returns their log position. */
  reserve(size: number): number {
    let slab = this.#slabs.last;
    if (slab === undefined || slab.closesSegment || slab.filled + size + fillerBytes > slab.buffer.length || this.#appended + size + fillerBytes > slab.segment.end) {
      slab = this.#nextSlab(slab, size);
    }
    this.target = slab.buffer;
    this.targetOffset = slab.filled;
    slab.filled += size;
    const position = this.#appended;
    this.#appended += size;
    return position;
  }

  #nextSlab(last: TailSlab | undefined, size: number): TailSlab {
    let segment = last?.segment ?? this.#segments[this.#segments.length - 1];
    if (segment === undefined || this.#appended >= segment.end) segment = this.#addSegment();
    else if (this.#appended + size + fillerBytes > segment.end) {
      this.#close(segment, last);
      segment = this.#addSegment();
    }
    return this.#addSlab(segment, Math.max(this.#slabBytes, size + fillerBytes));
  }

  /** Fills the segment up; the bytes behind the filler's head stay a hole. */
  #close(segment: LogSegment, last: TailSlab | undefined): void {
    const closing = last === undefined || last.closesSegment ? this.#addSlab(segment, fillerBytes) : last;
    encodeFiller(closing.buffer, closing.filled, segment.end - this.#appended);
    closing.filled += fillerBytes;
    closing.closesSegment = true;
    this.#appended = segment.end;
  }

  /** Ends the segment that is being filled: what is appended next (it has to be something) begins another one. False when there is nothing in it. */
  roll(): boolean {
    const segment = this.#segments[this.#segments.length - 1];
    if (segment === undefined || this.#appended <= segment.start || this.#appended >= segment.end) return false;
    this.#close(segment, this.#slabs.last);
    return true;
  }

  /** The segments, oldest first. */
  get segments(): readonly LogSegment[] {
    return this.#segments;
  }

  /** Deletes the oldest segment, durably; reads of it that are under way go on. Never the last one, nor one that is not on disk completely. */
  removeFirst(): void {
    const [first] = this.#segments;
    assert(first !== undefined && this.#segments.length > 1 && first.end <= this.#flushed, 'only whole durable segments are deleted, and never the last');
    first.unlink();
    // Until this is certain the segment counts as there; it can be read, as its file is still open.
    this.#options.disk.syncDirectorySync(this.#options.directory);
    this.#segments.shift();
    first.closeInBackground();
  }

  #addSegment(): LogSegment {
    const start = this.#appended;
    const segment = new LogSegment(this.#options.disk, this.#options.directory, { start, end: start + this.#options.segmentBytes });
    this.#segments.push(segment);
    return segment;
  }

  #addSlab(segment: LogSegment, bytes: number): TailSlab {
    return this.#slabs.add(segment, this.#appended, bytes);
  }

  /**
   * Hands everything reserved to the operating system. When it throws, nothing after {@link written} is in the log any more: the
   * reservations are gone and the file is cut back to there; `details.cutFailed` says that even this did not work. A retryable error
   * is one of resources (space, open files): appending can go on when there are some.
   */
  write(): void {
    try {
      for (let slab = this.#slabs.at(this.#nextWrite); slab !== undefined; slab = this.#slabs.at(++this.#nextWrite)) {
        const { segment } = slab;
        if (slab.written < slab.filled) {
          segment.prepare(slab.start + slab.filled);
          segment.write(slab.buffer, slab.written, slab.filled - slab.written, slab.start + slab.written);
          if (slab.closesSegment) segment.seal();
          slab.written = slab.filled;
          this.#written = slab.end;
        }
        if (slab === this.#slabs.last) break;
      }
    } catch (error) {
      throw this.#rollBack(error);
    }
  }

  /** Forgets the oldest slabs beyond the hot tail, none that reaches past `keepFrom`. */
  trim(keepFrom: number): void {
    const dropped = this.#slabs.trim(this.#options.hotTailBytes, Math.min(keepFrom, this.#written));
    // The slab written last may be among them, when another has been begun since.
    this.#nextWrite = Math.max(0, this.#nextWrite - dropped);
  }

  #rollBack(cause: unknown): KiteError {
    while (this.#slabs.count > this.#nextWrite + 1) this.#slabs.removeLast();
    const slab = this.#slabs.last as TailSlab;
    slab.filled = slab.written;
    slab.closesSegment = false;
    if (slab.filled === 0) this.#slabs.removeLast();
    this.#nextWrite = Math.max(0, this.#slabs.count - 1);
    this.#appended = this.#written;
    let cutFailed = false;
    try {
      while (this.#segments.length > 0 && (this.#segments.at(-1) as LogSegment).start >= this.#written) this.#segments.pop()?.discard();
      const last = this.#segments.at(-1);
      last?.cut(this.#written);
      // What is told to have failed must not come back with a power cut: a removal, say.
      last?.datasyncSync();
    } catch {
      cutFailed = true;
    }
    const { directory } = this.#options;
    const options = { cause, retryable: !cutFailed, details: { cutFailed } };
    switch ((cause as { code?: unknown } | undefined)?.code) {
      case 'ENOSPC':
      case 'EDQUOT':
        return new KiteError('KITE_STORE_NO_SPACE', `The disk that holds ${directory} is full; free some space, sending goes on by itself then`, options);
      case 'EMFILE':
      case 'ENFILE':
        return new KiteError('KITE_STORE_NO_FILES', `No file can be opened in ${directory}: too many are open; raise the limit (ulimit -n) or close connections, sending goes on by itself then`, options);
      default:
        return new KiteError('KITE_STORE_WRITE_FAILED', `Writing to ${directory} failed; check the disk, then restart`, { cause, details: { cutFailed } });
    }
  }

  /** Makes what is written by now durable; one at a time. An error says nothing about what reached the disk. */
  sync(done: (error: Error | undefined) => void): void {
    const target = this.#written;
    const segments: LogSegment[] = [];
    for (let index = this.#segments.length - 1; index >= 0; index--) {
      const segment = this.#segments[index] as LogSegment;
      if (segment.end <= this.#flushed) break;
      if (segment.start < target) segments.push(segment);
    }
    this.#syncing = true;
    // Oldest last in the list: a later segment must never be durable before an earlier one is.
    const next = (error: Error | undefined): void => {
      const segment = error === undefined ? segments.pop() : undefined;
      if (segment !== undefined) return segment.datasync(next);
      this.#syncing = false;
      if (error === undefined) this.#flushed = target;
      done(error);
    };
    next(undefined);
  }

  /** The bytes at [position, position + length) if they are in memory: a slice that never changes. */
  slice(position: number, length: number): Buffer | undefined {
    return this.#slabs.slice(position, length);
  }

  /** Somebody keeps the memory that holds `position`, and looks at it later: it is not filled again. */
  share(position: number): void {
    const slab = this.#slabs.slabAt(position);
    if (slab !== undefined) slab.isShared = true;
  }

  /** The memory that holds `position`: to look at it now, without keeping any of it; undefined when it is not in memory any more. */
  slabAt(position: number): TailSlab | undefined {
    return this.#slabs.slabAt(position);
  }

  /** The part of the tail in memory that has all these bytes: see {@link TailSlabs.holding}. */
  tailHolding(position: number, length: number): TailSlab | undefined {
    return this.#slabs.holding(position, length);
  }

  /** The segment that holds `position`, undefined when it is not (any more) there. */
  segmentAt(position: number): LogSegment | undefined {
    let low = 0;
    let high = this.#segments.length - 1;
    while (low <= high) {
      const middle = (low + high) >>> 1;
      const segment = this.#segments[middle] as LogSegment;
      if (position < segment.start) high = middle - 1;
      else if (position >= segment.end) low = middle + 1;
      else return segment;
    }
    return undefined;
  }

  /** Closes the files; with `seal` the last one gets Apache's full length first. */
  close(seal: boolean): void {
    if (seal && this.#segments.length > 0 && this.#written > (this.#segments.at(-1) as LogSegment).start) {
      this.#segments.at(-1)?.seal();
    }
    for (const segment of this.#segments) segment.close();
  }
}
