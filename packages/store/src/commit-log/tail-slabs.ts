import type { LogSegment } from './log-segment.ts';

/** A piece of the log's tail in memory. Records are encoded straight into it, once. */
export class TailSlab {
  readonly segment: LogSegment;
  /** Log position of the first byte. */
  readonly start: number;
  readonly buffer: Buffer;
  /** Bytes used, and how many of them are in the file. */
  filled = 0;
  written = 0;
  /** Set once a slice of it was handed out: from then on nobody knows who looks at its memory. */
  isShared = false;
  /** Set when the segment ends with this slab: the filler is in it. */
  closesSegment = false;

  constructor(segment: LogSegment, start: number, buffer: Buffer) {
    this.segment = segment;
    this.start = start;
    this.buffer = buffer;
  }

  /** Log position after the last byte (after the segment, when this slab closes it). */
  get end(): number {
    return this.closesSegment ? this.segment.end : this.start + this.filled;
  }
}

/** Blocks of memory kept for reuse, at most. */
const sparesMax = 4;

/** The slabs that are still in memory, oldest first. */
export class TailSlabs {
  readonly #slabs: TailSlab[] = [];
  /** Memory of slabs that were dropped before anybody had a slice of them: saves its page faults and collections. */
  readonly #spare: Buffer[] = [];
  readonly #slabBytes: number;
  #bytes = 0;

  /** `slabBytes`: the usual size of a slab. Only memory of this size is kept for reuse. */
  constructor(slabBytes: number) {
    this.#slabBytes = slabBytes;
  }

  /** The slab that is being filled. */
  get last(): TailSlab | undefined {
    return this.#slabs[this.#slabs.length - 1];
  }

  get bytes(): number {
    return this.#bytes;
  }

  get count(): number {
    return this.#slabs.length;
  }

  at(index: number): TailSlab | undefined {
    return this.#slabs[index];
  }

  /** Begins a slab of `bytes` at log position `start`. */
  add(segment: LogSegment, start: number, bytes: number): TailSlab {
    const spare = bytes === this.#slabBytes ? this.#spare.pop() : undefined;
    const slab = new TailSlab(segment, start, spare ?? Buffer.allocUnsafeSlow(bytes));
    this.#slabs.push(slab);
    this.#bytes += bytes;
    return slab;
  }

  removeLast(): void {
    const slab = this.#slabs.pop();
    if (slab !== undefined) this.#bytes -= slab.buffer.length;
  }

  /** Drops the oldest slabs while more than `bytes` are held and they end at or before `position`. */
  trim(bytes: number, position: number): number {
    let count = 0;
    while (this.#bytes > bytes && count < this.#slabs.length - 1) {
      const oldest = this.#slabs[count] as TailSlab;
      if (oldest.end > position) break;
      this.#bytes -= oldest.buffer.length;
      if (!oldest.isShared && oldest.buffer.length === this.#slabBytes && this.#spare.length < sparesMax) this.#spare.push(oldest.buffer);
      count++;
    }
    if (count > 0) this.#slabs.splice(0, count);
    return count;
  }

  /** The bytes at [position, position + length), without a copy; undefined when they are not (all) in memory. */
  slice(position: number, length: number): Buffer | undefined {
    const slab = this.holding(position, length);
    if (slab === undefined) return undefined;
    slab.isShared = true;
    const offset = position - slab.start;
    return slab.buffer.subarray(offset, offset + length);
  }

  /** The slab that has all of [position, position + length), undefined when they are not (all) in memory. Who keeps its memory beyond this turn sets `isShared`. */
  holding(position: number, length: number): TailSlab | undefined {
    const slab = this.#find(position);
    return slab === undefined || position - slab.start + length > slab.filled ? undefined : slab;
  }

  /** The slab that holds `position`: to look at it now, without keeping any of it. */
  slabAt(position: number): TailSlab | undefined {
    return this.#find(position);
  }

  /** The slab that may hold `position`. Most readers are at the end, so look there first; those who catch up are before all of it. */
  #find(position: number): TailSlab | undefined {
    let high = this.#slabs.length - 1;
    const last = this.#slabs[high];
    if (last === undefined || position >= last.start) return last;
    if (position < (this.#slabs[0] as TailSlab).start) return undefined;
    let low = 0;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if ((this.#slabs[middle] as TailSlab).start <= position) low = middle;
      else high = middle - 1;
    }
    const slab = this.#slabs[low] as TailSlab;
    return slab.start <= position ? slab : undefined;
  }
}
