import type { Clock, Timers } from '@kitemq/runtime';
import type { CommitLog } from '../commit-log/commit-log.ts';
import type { LogSegment } from '../commit-log/log-segment.ts';
import { isUnreadable, type ColdReadDone, type ColdReader } from './cold-reader.ts';
import { blocksMax, KeptBlocks } from './kept-blocks.ts';
import { blockBytes, overlapBytes, type LogBlock } from './log-block.ts';
import { ReaderPlaces } from './reader-places.ts';
import type { RecentWrites } from './recent-writes.ts';
import { digestOf, noMarks, trustedMs, VerifiedRecords } from './verified-records.ts';

/** The next blocks are read ahead when a reader gets this far in one that was used before: it then has work for the time of a read. */
const readAheadFrom: number = blockBytes / 4;
/** So many: while readers take 400 records of 1 KiB from one (0.4 ms), the next ones are read. */
export const blocksAhead = 2;
/**
 * Readers of several queues that catch up drift apart, and those ahead would have blocks dropped that the others still need: then each byte is read two or three
 * times. So a reader that is this far (bytes) ahead of one that comes along waits for it before it has the disk read.
 */
export const waitsAheadBytes: number = 16 * blockBytes;
/** It waits so many turns of the event loop at most: no time at all when the others do not go on, some ms when all are busy. */
export const waitTurnsMax = 8;
/** A block with something in it that cannot be read is not tried again for so long (ms): its readers take its records one by one, and a drive may take seconds to say no. */
export const unreadableMs = 10_000;
/** So many of these are remembered at a time. */
const unreadableMax = 1024;
/** Readers further behind than what is kept would find nothing of it whoever waits. */
const alongBytes: number = blocksMax * blockBytes;

/** What a reader asks for: the block that begins at `start`, at least up to `end`, which was written already and is not behind the overlap. */
export interface BlockRequest {
  /** Number of the queue that is read. */
  readonly reader: number;
  readonly start: number;
  readonly end: number;
}

interface WantedBlock extends BlockRequest {
  /** Turns of the event loop that it still waits for others. */
  waitTurns: number;
  readonly done: BlockDone;
}

interface UnreadableBlock {
  readonly error: Error;
  readonly triedAt: number;
}

type BlockDone = (error: Error | undefined, block: LogBlock | undefined) => void;

/** Where blocks come from. */
export interface BlockSources {
  readonly log: CommitLog;
  readonly cold: ColdReader;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly recent: RecentWrites;
}

/** Blocks of the log that were read lately, and those that are being read with who waits for them. */
export class BlockCache {
  readonly #log: CommitLog;
  readonly #cold: ColdReader;
  readonly #clock: Clock;
  readonly #timers: Timers;
  readonly #recent: RecentWrites;
  readonly #readers: ReaderPlaces = new ReaderPlaces();
  readonly #kept: KeptBlocks;
  readonly #loading = new Map<number, BlockDone[]>();
  /** By start position. */
  readonly #unreadable = new Map<number, UnreadableBlock>();
  readonly verified: VerifiedRecords;

  constructor({ log, cold, clock, timers, recent }: BlockSources) {
    this.#log = log;
    this.#cold = cold;
    this.#clock = clock;
    this.#timers = timers;
    this.#recent = recent;
    this.verified = new VerifiedRecords(blockBytes, clock);
    this.#kept = new KeptBlocks(
      (start) => this.#readers.hasIn(start - alongBytes, start),
      (block) => this.verified.remember(block),
    );
  }

  /** Log position of the first byte of the block in which a record at `position` is looked for. */
  static startOf(segment: LogSegment, position: number): number {
    return position - ((position - segment.start) % blockBytes);
  }

  /** True when the block is there or on its way. */
  has(start: number): boolean {
    return this.#kept.has(start) || this.#loading.has(start);
  }

  /** The block that was asked for. Calls back at once when it is there. */
  get(segment: LogSegment, { reader, start, end }: BlockRequest, done: BlockDone): void {
    this.#readers.note(reader, start);
    this.#get(segment, { reader, start, end, waitTurns: waitTurnsMax, done });
  }

  /** As {@link KeptBlocks.hold}. */
  hold(block: LogBlock): void {
    this.#kept.hold(block);
  }

  /** As {@link KeptBlocks.release}. */
  release(block: LogBlock, takenBytes: number): void {
    this.#kept.release(block, takenBytes);
  }

  #get(segment: LogSegment, wanted: WantedBlock): void {
    const { start, end, done } = wanted;
    const block = this.#kept.find(start);
    if (block !== undefined && end <= start + block.length) {
      if (++block.uses > 1 && end - start > readAheadFrom) this.#readAhead(segment, wanted);
      return done(undefined, block);
    }
    const unreadable = this.#unreadableAt(start);
    if (unreadable !== undefined) return done(unreadable.error, undefined);
    const waiting = this.#loading.get(start);
    if (waiting === undefined && wanted.waitTurns > 0 && this.#isAhead(wanted.reader, start)) {
      wanted.waitTurns--;
      this.#timers.setImmediate(() => this.#get(segment, wanted));
      return;
    }
    // A load that began before `end` was written may not have it: then ask again.
    const again: BlockDone = (error, loaded) => {
      if (error === undefined && loaded !== undefined && end > start + loaded.length && end <= this.#loadEnd(segment, start)) this.#get(segment, wanted);
      else if (loaded !== undefined && end > start + loaded.length) done(new Error(`position ${end} is not in the block of ${start}`), undefined);
      else done(error, loaded);
    };
    if (waiting !== undefined) waiting.push(again);
    else this.#load(segment, start, [again], this.verified.has(start));
  }

  /** True when it is better to wait for others than to read on. */
  #isAhead(reader: number, start: number): boolean {
    return this.#readers.hasIn(start - alongBytes, start - waitsAheadBytes, reader);
  }

  /** Only whole blocks, and only while no reader waits for the disk or for others: nobody waits for these yet. */
  #readAhead(segment: LogSegment, { reader, start }: BlockRequest): void {
    for (let ahead = 1; ahead <= blocksAhead; ahead++) {
      const next = start + ahead * blockBytes;
      if (this.has(next) || this.#unreadableAt(next) !== undefined) continue;
      const end = next + blockBytes + overlapBytes;
      if (!this.#cold.hasRoom || end > segment.end || end > this.#log.written || this.#isAhead(reader, next)) return;
      this.#load(segment, next, [], true);
    }
  }

  #unreadableAt(start: number): UnreadableBlock | undefined {
    if (this.#unreadable.size === 0) return undefined;
    const unreadable = this.#unreadable.get(start);
    return unreadable !== undefined && this.#clock.monotonic() - unreadable.triedAt < unreadableMs ? unreadable : undefined;
  }

  #noteUnreadable(start: number, error: Error): void {
    if (this.#unreadable.size >= unreadableMax) this.#unreadable.clear();
    this.#unreadable.set(start, { error, triedAt: this.#clock.monotonic() });
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
    const isNew = start >= this.#recent.since(trustedMs);
    const loaded: ColdReadDone = (error, bytes) => {
      this.#loading.delete(start);
      let block: LogBlock | undefined;
      if (error === undefined) {
        const digest = digested && isWhole && !isNew && !this.verified.isTrusted(start) ? digestOf(bytes, length) : undefined;
        block = { start, bytes, length, isWhole, isNew, marks: noMarks, checkedBytes: 0, readAt, digest, holds: 1, kept: true, uses: 0, takenBytes: 0 };
        this.verified.restore(block);
        this.#kept.add(block);
        this.#unreadable.delete(start);
      } else if (isUnreadable(error)) this.#noteUnreadable(start, error);
      for (const each of waiting) each(error, block);
      if (block !== undefined) this.#kept.release(block, 0);
    };
    this.#cold.read(start, length, loaded, this.#memory);
  }

  readonly #memory = (): Buffer => this.#kept.memory(blockBytes + overlapBytes);
}
