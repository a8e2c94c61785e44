import type { Clock } from '@kitemq/runtime';
import type { CommitLog } from '../commit-log/commit-log.ts';
import type { LogSegment } from '../commit-log/log-segment.ts';
import type { ColdReadDone, ColdReader } from './cold-reader.ts';
import { digestOf, VerifiedRecords, type CheckedBlock } from './verified-records.ts';

/** Readers that catch up read the same part of the log, each its own queue: they share blocks of this size. */
export const blockBytes: number = 512 * 1024;
/** A block has so much of the next one too, so that a usual record that begins in it is whole in it. */
export const overlapBytes: number = 32 * 1024;
/** Blocks kept (34 MiB once a backlog was read): readers that are no further apart share each read of the disk. */
export const blocksMax = 64;
/** Memory kept for the next blocks. */
const sparesMax = 4;
/** The next blocks are read ahead when a reader gets this far in one that was used before: it then has work for the time of a read. */
const readAheadFrom: number = blockBytes / 4;
/** So many: while readers take 400 records of 1 KiB from one (0.4 ms), the next ones are read. */
export const blocksAhead = 2;

/** A piece of a segment as it was read. Its memory is used again for another block: look at it while you are called with it, or between {@link BlockCache.hold} and `release`. */
export interface LogBlock extends CheckedBlock {
  /** Readers that hold it. */
  holds: number;
  /** False when it was replaced or made room for another. */
  kept: boolean;
  /** How often it was asked for. */
  uses: number;
}

type BlockDone = (error: Error | undefined, block: LogBlock | undefined) => void;

/** Blocks of the log that were read lately, and those that are being read with who waits for them. */
export class BlockCache {
  readonly #log: CommitLog;
  readonly #cold: ColdReader;
  /** By start position, the one used last at the end. */
  readonly #blocks = new Map<number, LogBlock>();
  readonly #loading = new Map<number, BlockDone[]>();
  /** Memory of blocks that were dropped: fresh memory of this size costs its page faults and a collection each time. */
  readonly #spare: Buffer[] = [];
  readonly #clock: Clock;
  readonly verified: VerifiedRecords;
  #latest: LogBlock | undefined;

  constructor(log: CommitLog, cold: ColdReader, clock: Clock) {
    this.#clock = clock;
    this.verified = new VerifiedRecords(blockBytes, clock);
    this.#log = log;
    this.#cold = cold;
  }

  /** Log position of the first byte of the block in which a record at `position` is looked for. */
  static startOf(segment: LogSegment, position: number): number {
    return position - ((position - segment.start) % blockBytes);
  }

  /** True when the block is there or on its way. */
  has(start: number): boolean {
    return this.#blocks.has(start) || this.#loading.has(start);
  }

  /** The block that begins at `start`, at least up to `end`, which was written already and is not behind the overlap. Calls back at once when it is there. */
  get(segment: LogSegment, start: number, end: number, done: BlockDone): void {
    const block = this.#find(start);
    if (block !== undefined && end <= start + block.length) {
      if (++block.uses > 1 && end - start > readAheadFrom) this.#readAhead(segment, start);
      return done(undefined, block);
    }
    const waiting = this.#loading.get(start);
    // A load that began before `end` was written may not have it: then ask again.
    const again: BlockDone = (error, loaded) => {
      if (error === undefined && loaded !== undefined && end > start + loaded.length && end <= this.#loadEnd(segment, start)) this.get(segment, start, end, done);
      else if (loaded !== undefined && end > start + loaded.length) done(new Error(`position ${end} is not in the block of ${start}`), undefined);
      else done(error, loaded);
    };
    if (waiting !== undefined) waiting.push(again);
    else this.#load(segment, start, [again], this.verified.has(start));
  }

  /** Keeps the block's memory as it is until `release`. */
  hold(block: LogBlock): void {
    block.holds++;
  }

  release(block: LogBlock): void {
    block.holds--;
    this.#recycle(block);
  }

  #find(start: number): LogBlock | undefined {
    const latest = this.#latest;
    if (latest !== undefined && latest.start === start && latest.kept) return latest;
    const block = this.#blocks.get(start);
    if (block === undefined) return undefined;
    this.#blocks.delete(start);
    this.#blocks.set(start, block);
    this.#latest = block;
    return block;
  }

  /** Only whole blocks, and only while no reader waits for the disk: nobody waits for these yet. */
  #readAhead(segment: LogSegment, start: number): void {
    for (let ahead = 1; ahead <= blocksAhead; ahead++) {
      const next = start + ahead * blockBytes;
      if (this.has(next)) continue;
      const end = next + blockBytes + overlapBytes;
      if (!this.#cold.hasRoom || end > segment.end || end > this.#log.written) return;
      this.#load(segment, next, [], true);
    }
  }

  /** Where a block ends that is read now. */
  #loadEnd(segment: LogSegment, start: number): number {
    return Math.min(start + blockBytes + overlapBytes, segment.end, this.#log.written);
  }

  /** `digested`: it is read densely, so that it pays to know it again later. */
  #load(segment: LogSegment, start: number, waiting: BlockDone[], digested: boolean): void {
    this.#loading.set(start, waiting);
    // Only what is written now: bytes behind it may still change.
    const end = this.#loadEnd(segment, start);
    const length = end - start;
    const isWhole = length === blockBytes + overlapBytes || end === segment.end;
    const readAt = this.#clock.monotonic();
    const loaded: ColdReadDone = (error, bytes) => {
      this.#loading.delete(start);
      const digest = error === undefined && digested && isWhole && !this.verified.isTrusted(start) ? digestOf(bytes, length) : undefined;
      const block: LogBlock | undefined =
        error === undefined ? { start, bytes, length, isWhole, marks: this.verified.newMarks(), checkedBytes: 0, readAt, digest, holds: 1, kept: true, uses: 0 } : undefined;
      if (block !== undefined) this.#keep(block);
      for (const each of waiting) each(error, block);
      if (block !== undefined) this.release(block);
    };
    this.#cold.read(start, length, loaded, this.#memory);
  }

  readonly #memory = (): Buffer => this.#spare.pop() ?? Buffer.allocUnsafeSlow(blockBytes + overlapBytes);

  #keep(block: LogBlock): void {
    this.#drop(block.start);
    this.verified.restore(block);
    this.#blocks.set(block.start, block);
    for (const oldest of this.#blocks.keys()) {
      if (this.#blocks.size <= blocksMax) break;
      this.#drop(oldest);
    }
  }

  #drop(start: number): void {
    const block = this.#blocks.get(start);
    if (block === undefined) return;
    this.#blocks.delete(start);
    block.kept = false;
    this.verified.remember(block);
    this.#recycle(block);
  }

  /** Memory that nobody looks at any more. */
  #recycle(block: LogBlock): void {
    if (block.kept || block.holds > 0) return;
    if (this.#spare.length < sparesMax) this.#spare.push(block.bytes);
  }
}
