import type { CommitLog } from '../commit-log/commit-log.ts';
import type { LogSegment } from '../commit-log/log-segment.ts';
import type { ColdReadDone, ColdReader } from './cold-reader.ts';

/** Readers that catch up read the same part of the log, each its own queue: they share blocks of this size. */
export const blockBytes: number = 256 * 1024;
/** Blocks kept. */
export const blocksMax = 32;
/** Memory kept for the next blocks. */
const sparesMax = 4;

/** A piece of a segment as it was read. Its memory is used again for another block: copy out of it, and only while you are called with it. */
export interface LogBlock {
  /** Log position of the first byte. */
  readonly start: number;
  readonly bytes: Buffer;
  /** What is there of the block; `bytes` may be longer. */
  readonly length: number;
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

  constructor(log: CommitLog, cold: ColdReader) {
    this.#log = log;
    this.#cold = cold;
  }

  /** Log position of the first byte of the block that holds `position`. */
  static startOf(segment: LogSegment, position: number): number {
    return position - ((position - segment.start) % blockBytes);
  }

  has(start: number): boolean {
    return this.#blocks.has(start);
  }

  /** The block that begins at `start`, at least up to `end`, which was written already. Calls back at once when it is there. */
  get(segment: LogSegment, start: number, end: number, done: BlockDone): void {
    const block = this.#blocks.get(start);
    if (block !== undefined && end <= block.start + block.length) {
      this.#blocks.delete(start);
      this.#blocks.set(start, block);
      return done(undefined, block);
    }
    const waiting = this.#loading.get(start);
    // A load that began before `end` was written may not have it: then ask again.
    const again: BlockDone = (error, loaded) => {
      if (error === undefined && loaded !== undefined && end > loaded.start + loaded.length) this.get(segment, start, end, done);
      else done(error, loaded);
    };
    if (waiting !== undefined) waiting.push(again);
    else this.#load(segment, start, again);
  }

  #load(segment: LogSegment, start: number, done: BlockDone): void {
    const waiting = [done];
    this.#loading.set(start, waiting);
    // Only what is written now: bytes behind it may still change.
    const length = Math.min(blockBytes, segment.end - start, this.#log.written - start);
    const loaded: ColdReadDone = (error, bytes) => {
      this.#loading.delete(start);
      const block = error === undefined ? { start, bytes, length } : undefined;
      // Blocks are dropped only here, before anybody is called: what callers begin to load takes no memory from under the others.
      if (block !== undefined) this.#keep(block);
      for (const each of waiting) each(error, block);
    };
    this.#cold.read(start, length, loaded, this.#memory);
  }

  readonly #memory = (): Buffer => this.#spare.pop() ?? Buffer.allocUnsafeSlow(blockBytes);

  #keep(block: LogBlock): void {
    this.#drop(block.start);
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
    if (this.#spare.length < sparesMax) this.#spare.push(block.bytes);
  }
}
