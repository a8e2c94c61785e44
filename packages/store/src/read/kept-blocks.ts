import { spentAfterBytes, type LogBlock } from './log-block.ts';

/** Blocks kept (34 MiB once a backlog was read): readers that are no further apart share each read of the disk. */
export const blocksMax = 64;
/** Of those that were read to their end and that nobody comes along for: their memory, still in the processor's cache, is the best for the next blocks. */
const spentMax = 4;

/** Blocks in memory: those with something left to read, those that are spent, and the memory of those that were dropped. */
export class KeptBlocks {
  /** By start position, the one used last at the end. */
  readonly #blocks = new Map<number, LogBlock>();
  /** All their bytes were taken once. Oldest first. */
  readonly #spent = new Map<number, LogBlock>();
  /** Fresh memory of this size costs its page faults and, as it adds up, collections. */
  readonly #memory: Buffer[] = [];
  readonly #isAwaited: (start: number) => boolean;
  readonly #dropped: (block: LogBlock) => void;
  #latest: LogBlock | undefined;

  /** `isAwaited` tells whether readers come along that will ask for a block; `dropped` is told of each that is not kept any more. */
  constructor(isAwaited: (start: number) => boolean, dropped: (block: LogBlock) => void) {
    this.#isAwaited = isAwaited;
    this.#dropped = dropped;
  }

  has(start: number): boolean {
    return this.#blocks.has(start) || this.#spent.has(start);
  }

  /** The block that begins there; it is now the one used last. */
  find(start: number): LogBlock | undefined {
    const latest = this.#latest;
    if (latest !== undefined && latest.start === start && latest.kept) return latest;
    const block = this.#blocks.get(start) ?? this.#spent.get(start);
    if (block === undefined) return undefined;
    if (!this.#spent.has(start)) {
      this.#blocks.delete(start);
      this.#blocks.set(start, block);
    }
    this.#latest = block;
    return block;
  }

  /** Keeps the block, instead of an older one of the same place. */
  add(block: LogBlock): void {
    this.#drop(block.start);
    this.#blocks.set(block.start, block);
    this.#makeRoom();
  }

  /** Keeps the block's memory as it is until {@link release}. */
  hold(block: LogBlock): void {
    block.holds++;
  }

  /** A reader took so many bytes from the block and does not look at it any more. */
  release(block: LogBlock, takenBytes: number): void {
    block.holds--;
    block.takenBytes += takenBytes;
    if (!block.kept) return this.#reuse(block);
    if (block.takenBytes < spentAfterBytes || !this.#blocks.delete(block.start)) return;
    this.#spent.set(block.start, block);
    this.#makeRoom();
  }

  /** Memory for a block, used before if possible. */
  memory(bytes: number): Buffer {
    return this.#memory.pop() ?? Buffer.allocUnsafeSlow(bytes);
  }

  #makeRoom(): void {
    let excess = this.#spent.size - spentMax;
    for (const start of this.#spent.keys()) {
      if (excess-- <= 0) break;
      if (!this.#isAwaited(start)) this.#drop(start);
    }
    while (this.#blocks.size + this.#spent.size > blocksMax) this.#drop(first(this.#spent) ?? (first(this.#blocks) as number));
  }

  #drop(start: number): void {
    const block = this.#blocks.get(start) ?? this.#spent.get(start);
    if (block === undefined) return;
    this.#blocks.delete(start);
    this.#spent.delete(start);
    block.kept = false;
    this.#dropped(block);
    this.#reuse(block);
  }

  #reuse(block: LogBlock): void {
    if (block.holds === 0 && this.#memory.length < blocksMax) this.#memory.push(block.bytes);
  }
}

function first(blocks: ReadonlyMap<number, LogBlock>): number | undefined {
  for (const start of blocks.keys()) return start;
  return undefined;
}
