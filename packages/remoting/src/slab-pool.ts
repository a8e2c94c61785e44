/** Usual slabs: the answers of one turn to one connection. */
export const slabBytesUsual = 65_536;
/** Slabs for the largest usual answer of a pull (256 KiB, and a record more). */
export const slabBytesLarge = 524_288;
/** Slabs in use at a time. It is one per connection whose answers are being gathered, nearly always one at all. */
export const slabsInUseMax = 64;

/** Slabs kept of each size. */
const usualMax = 16;
const largeMax = 2;

/**
 * Memory that answers are put together in, shared by all connections: it is back as soon as the operating system has copied what was written, so that
 * a few slabs, warm in the processor's cache, serve any number of connections.
 */
export class SlabPool {
  readonly #usual: Buffer[] = [];
  readonly #large: Buffer[] = [];
  #inUse = 0;

  get inUse(): number {
    return this.#inUse;
  }

  /** A slab of at least `size` bytes; undefined when too many are in use, or for more than is ever kept. */
  take(size: number): Buffer | undefined {
    if (size > slabBytesLarge || this.#inUse >= slabsInUseMax) return undefined;
    this.#inUse++;
    if (size <= slabBytesUsual) return this.#usual.pop() ?? Buffer.allocUnsafeSlow(slabBytesUsual);
    return this.#large.pop() ?? Buffer.allocUnsafeSlow(slabBytesLarge);
  }

  /** Takes a slab back that nobody looks at any more. */
  give(slab: Buffer): void {
    this.#inUse--;
    if (slab.length === slabBytesUsual) {
      if (this.#usual.length < usualMax) this.#usual.push(slab);
    } else if (this.#large.length < largeMax) this.#large.push(slab);
  }

  /** A slab does not come back: a slow socket may still hold it. */
  lose(): void {
    this.#inUse--;
  }
}
