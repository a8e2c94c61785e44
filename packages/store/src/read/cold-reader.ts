import { KiteError } from '@kitemq/runtime';
import type { CommitLog } from '../commit-log/commit-log.ts';

/** Reads in progress at a time. libuv has four threads; fdatasync, LMDB's commits and others need some of them. */
export const coldReadsMax = 2;
/** Reads waiting for their turn, at most; beyond, a reader is told to come back. */
export const coldReadsWaitingMax = 10_000;

export type ColdReadDone = (error: Error | undefined, bytes: Buffer) => void;

interface WaitingRead {
  readonly position: number;
  readonly length: number;
  readonly done: ColdReadDone;
  readonly memory: (() => Buffer) | undefined;
}

const empty: Buffer = Buffer.alloc(0);

/** True when the bytes themselves cannot be had (a bad sector, a file that was cut), and not only a file, memory or a turn to read them. */
export const isUnreadable = (error: unknown): boolean => (error as { readonly code?: unknown }).code === 'EIO' || KiteError.is(error, 'KITE_STORE_UNREADABLE');

/** Reads log bytes that are not in memory any more, off the event loop, a few at a time. */
export class ColdReader {
  readonly #log: CommitLog;
  readonly #waiting: WaitingRead[] = [];
  #next = 0;
  #running = 0;
  #stopped = false;
  /** Reads and bytes so far. */
  reads = 0;
  bytes = 0;

  constructor(log: CommitLog) {
    this.#log = log;
  }

  /** True when no read is under way. */
  get idle(): boolean {
    return this.#running === 0;
  }

  /** True when a read would begin at once. */
  get hasRoom(): boolean {
    return this.#running < coldReadsMax;
  }

  /**
   * Reads [position, position + length), which must not reach from one segment into another. Where the log has a hole, even if only in a part of it, all reads as zeros: a record's
   * checksum is of its body only, so one whose end is missing could be taken for whole.
   * The buffer is the caller's: `memory` gives it (at least `length` bytes) when the read's turn has come, without it there is a new one.
   */
  read(position: number, length: number, done: ColdReadDone, memory?: () => Buffer): void {
    if (this.#stopped) return done(stopped(), empty);
    if (this.#running < coldReadsMax) return this.#start({ position, length, done, memory });
    if (this.#waiting.length - this.#next >= coldReadsWaitingMax) return done(new Error('too many reads are waiting for the disk'), empty);
    this.#waiting.push({ position, length, done, memory });
  }

  /** Ends the reads that wait, and all that come later: they would open files that nobody closes. Those under way end by themselves. */
  stop(): void {
    this.#stopped = true;
    const waiting = this.#waiting.splice(0).slice(this.#next);
    this.#next = 0;
    for (const { done } of waiting) done(stopped(), empty);
  }

  #start({ position, length, done, memory }: WaitingRead): void {
    const segment = this.#log.segmentAt(position);
    if (position < this.#log.minPosition) return done(new Error(`no segment holds position ${position} any more`), empty);
    const target = memory?.() ?? Buffer.allocUnsafeSlow(length);
    if (segment === undefined || position + length > segment.end) {
      target.fill(0, 0, length);
      return done(undefined, target);
    }
    this.#running++;
    this.reads++;
    this.bytes += length;
    const ended = (error: Error | undefined, bytesRead: number): void => {
      this.#running--;
      this.#startNext();
      if (error === undefined && bytesRead < length) done(new KiteError('KITE_STORE_UNREADABLE', `The segment of position ${position} ends too early`), empty);
      else done(error, target);
    };
    try {
      segment.file.read(target, 0, length, position - segment.start, ended);
    } catch (error) {
      queueMicrotask(() => ended(error as Error, 0));
    }
  }

  #startNext(): void {
    while (this.#running < coldReadsMax && this.#next < this.#waiting.length) {
      this.#start(this.#waiting[this.#next++] as WaitingRead);
    }
    if (this.#next === this.#waiting.length) this.#waiting.length = this.#next = 0;
    else if (this.#next > 1024) {
      this.#waiting.splice(0, this.#next);
      this.#next = 0;
    }
  }
}

const stopped = (): KiteError => new KiteError('KITE_STORE_UNAVAILABLE', 'The store was shut down before this could be read from disk');
