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
}

const empty: Buffer = Buffer.alloc(0);

/** Reads log bytes that are not in memory any more, off the event loop, a few at a time. */
export class ColdReader {
  readonly #log: CommitLog;
  readonly #waiting: WaitingRead[] = [];
  #next = 0;
  #running = 0;
  /** Reads and bytes so far. */
  reads = 0;
  bytes = 0;

  constructor(log: CommitLog) {
    this.#log = log;
  }

  /** Reads [position, position + length), which must be in one segment. The buffer is the caller's; a short read is an error. */
  read(position: number, length: number, done: ColdReadDone): void {
    if (this.#running < coldReadsMax) return this.#start(position, length, done);
    if (this.#waiting.length - this.#next >= coldReadsWaitingMax) return done(new Error('too many reads are waiting for the disk'), empty);
    this.#waiting.push({ position, length, done });
  }

  #start(position: number, length: number, done: ColdReadDone): void {
    const segment = this.#log.segmentAt(position);
    if (segment === undefined) return done(new Error(`no segment holds position ${position}`), empty);
    this.#running++;
    this.reads++;
    this.bytes += length;
    const target = Buffer.allocUnsafeSlow(length);
    const ended = (error: Error | undefined, bytesRead: number): void => {
      this.#running--;
      this.#startNext();
      if (error === undefined && bytesRead < length) done(new Error(`the segment of position ${position} ends too early`), empty);
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
      const { position, length, done } = this.#waiting[this.#next++] as WaitingRead;
      this.#start(position, length, done);
    }
    if (this.#next === this.#waiting.length) this.#waiting.length = this.#next = 0;
    else if (this.#next > 1024) {
      this.#waiting.splice(0, this.#next);
      this.#next = 0;
    }
  }
}
