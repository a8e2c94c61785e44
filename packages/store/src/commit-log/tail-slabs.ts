import type { LogSegment } from './log-segment.ts';

/** A piece of the log's tail in memory. Records are encoded straight into it; it is filled once and never used again. */
export class TailSlab {
  readonly segment: LogSegment;
  /** Log position of the first byte. */
  readonly start: number;
  readonly buffer: Buffer;
  /** Bytes used, and how many of them are in the file. */
  filled = 0;
  written = 0;
  /** Set when the segment ends with this slab: the filler is in it. */
  closesSegment = false;

  constructor(segment: LogSegment, start: number, bytes: number) {
    this.segment = segment;
    this.start = start;
    this.buffer = Buffer.allocUnsafeSlow(bytes);
  }

  /** Log position after the last byte (after the segment, when this slab closes it). */
  get end(): number {
    return this.closesSegment ? this.segment.end : this.start + this.filled;
  }
}

/** The slabs that are still in memory, oldest first. */
export class TailSlabs {
  readonly #slabs: TailSlab[] = [];
  #bytes = 0;

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

  add(slab: TailSlab): void {
    this.#slabs.push(slab);
    this.#bytes += slab.buffer.length;
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
      count++;
    }
    if (count > 0) this.#slabs.splice(0, count);
    return count;
  }

  /** The bytes at [position, position + length), without a copy; undefined when they are not (all) in memory. */
  slice(position: number, length: number): Buffer | undefined {
    const slab = this.#find(position);
    if (slab === undefined) return undefined;
    const offset = position - slab.start;
    return offset + length <= slab.filled ? slab.buffer.subarray(offset, offset + length) : undefined;
  }

  /** The slab that may hold `position`. Most readers are at the end, so look there first. */
  #find(position: number): TailSlab | undefined {
    let high = this.#slabs.length - 1;
    const last = this.#slabs[high];
    if (last === undefined || position >= last.start) return last;
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
