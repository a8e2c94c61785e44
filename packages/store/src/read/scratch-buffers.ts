/** Size of a kept buffer: a usual pull answer fits (32 messages of a few kilobytes). */
export const scratchBytes: number = 256 * 1024;
/** Buffers kept for reuse, at most. */
export const scratchMax = 8;

/** Memory that is used for one answer and then for the next. A fresh buffer per answer is mostly work for the garbage collector. */
export class ScratchBuffers {
  readonly #free: Buffer[] = [];

  /** A buffer of at least `bytes`. */
  take(bytes: number): Buffer {
    if (bytes > scratchBytes) return Buffer.allocUnsafeSlow(bytes);
    return this.#free.pop() ?? Buffer.allocUnsafeSlow(scratchBytes);
  }

  /** The buffer may be written to by others from now on. */
  giveBack(buffer: Buffer): void {
    if (buffer.length === scratchBytes && this.#free.length < scratchMax) this.#free.push(buffer);
  }
}
