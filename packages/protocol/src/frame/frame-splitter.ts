import { FrameLimits } from '../frame.ts';
import { asBuffer } from '../header/fast-buffer.ts';
import type { FastBuffer } from '../header/fast-buffer.ts';
import { frameInvalid } from './frame-error.ts';

const lengthBytes = 4;
const frameBytesMin = 8;
/** A peer that announces more than this gets it only after it has sent this much. */
const trustedBytes = 1_048_576;
/** Of split frames whose memory is used again. */
const spareBytesMin = 4_096;
const spareBytesMax = 65_536;
const empty = Buffer.alloc(0) as unknown as FastBuffer;

/**
 * Cuts a stream of bytes into frames. Frames that arrive whole are ranges of the chunk they came in; one that is split over chunks is
 * copied once into a buffer of its own (twice when it is larger than a mebibyte).
 *
 * ```ts
 * splitter.push(chunk);
 * while (splitter.next()) decodeFrame(splitter.buffer, splitter.start, splitter.end);
 * ```
 * Ranges stay good: the splitter never writes to bytes it has given out. With `reuse` (for chunks whose memory is used again by whoever
 * brings them) ranges are good until the next `next` or `push`, and split frames are put together in the same memory again and again.
 */
export class FrameSplitter {
  /** Where the current frame is, after `next` returned true: `buffer[start, end)`, its length field included. */
  buffer: Buffer = empty;
  start = 0;
  end = 0;

  readonly #frameBytesMax: number;
  readonly #reuse: boolean;
  /** Memory of an earlier split frame, to be used again. */
  #spare: FastBuffer = empty;
  #chunk: FastBuffer = empty;
  #at = 0;
  /** A frame that has begun in earlier chunks; its first bytes, `#filled` of `#wanted`. */
  #partial: FastBuffer = empty;
  #filled = 0;
  /** Whole length of the partial frame, 0 while fewer than four bytes of it are known. */
  #wanted = 0;

  constructor(limits: { readonly frameBytesMax?: number; readonly reuse?: boolean } = {}) {
    this.#frameBytesMax = limits.frameBytesMax ?? FrameLimits.frameBytesMax;
    this.#reuse = limits.reuse === true;
  }

  /** Bytes that wait for the rest of their frame. */
  get pendingBytes(): number {
    return this.#filled + this.#chunk.length - this.#at;
  }

  /** Takes the next bytes of the stream over. All frames of the chunk before must have been taken by `next`. */
  push(chunk: Uint8Array): void {
    if (this.#at < this.#chunk.length) throw frameInvalid('push before all frames of the last chunk were taken');
    this.#chunk = asBuffer(chunk);
    this.#at = 0;
  }

  /** Gives back the memory that is kept for the next split frame. */
  releaseSpare(): void {
    this.#spare = empty;
  }

  /** Copies what was pushed and not taken yet: the chunk's memory may be used again. */
  keepRest(): void {
    this.#chunk = asBuffer(Uint8Array.prototype.slice.call(this.#chunk, this.#at));
    this.#at = 0;
  }

  /** Moves to the next whole frame; false when more bytes are needed. @throws KiteError `KITE_FRAME_INVALID` for an impossible length */
  next(): boolean {
    if (this.#filled > 0) return this.#continuePartial();
    const chunk = this.#chunk;
    const left = chunk.length - this.#at;
    if (left >= lengthBytes) {
      const total = this.#checked(chunk.readInt32BE(this.#at));
      if (left >= total) {
        this.#give(chunk, this.#at, this.#at + total);
        this.#at += total;
        return true;
      }
      this.#beginPartial(total);
    } else if (left > 0) {
      this.#beginPartial(0);
    } else {
      this.#release();
    }
    return false;
  }

  #give(buffer: FastBuffer, start: number, end: number): void {
    this.buffer = buffer;
    this.start = start;
    this.end = end;
  }

  /** Nothing is left of the chunk: do not keep it alive. */
  #release(): void {
    this.#chunk = empty;
    this.#at = 0;
  }

  #beginPartial(total: number): void {
    const left = this.#chunk.length - this.#at;
    this.#wanted = total;
    this.#partial = this.#room(total === 0 ? lengthBytes : Math.max(left, Math.min(total, trustedBytes)));
    this.#filled = 0;
    this.#take(left);
    this.#release();
  }

  #continuePartial(): boolean {
    if (this.#wanted === 0) {
      this.#take(lengthBytes - this.#filled);
      if (this.#filled < lengthBytes) return this.#more();
      this.#wanted = this.#checked(this.#partial.readInt32BE(0));
      this.#grow(Math.min(this.#wanted, trustedBytes));
    }
    this.#take(Math.min(this.#wanted, this.#partial.length) - this.#filled);
    if (this.#filled < this.#wanted && this.#filled >= this.#partial.length) {
      this.#grow(this.#wanted);
      this.#take(this.#wanted - this.#filled);
    }
    if (this.#filled < this.#wanted) return this.#more();
    this.#give(this.#partial, 0, this.#wanted);
    if (this.#reuse && this.#partial.length <= spareBytesMax) this.#spare = this.#partial;
    this.#partial = empty;
    this.#filled = 0;
    this.#wanted = 0;
    return true;
  }

  #more(): boolean {
    this.#release();
    return false;
  }

  /** Copies up to `bytes` of the chunk to the partial frame. */
  #take(bytes: number): void {
    const taken = Math.min(bytes, this.#chunk.length - this.#at);
    this.#chunk.copy(this.#partial, this.#filled, this.#at, this.#at + taken);
    this.#filled += taken;
    this.#at += taken;
  }

  /** Memory for a split frame: at least `size` bytes. */
  #room(size: number): FastBuffer {
    const spare = this.#spare;
    if (spare.length >= size) {
      this.#spare = empty;
      return spare;
    }
    return Buffer.allocUnsafeSlow(this.#reuse ? Math.max(size, spareBytesMin) : size) as FastBuffer;
  }

  #grow(size: number): void {
    if (this.#partial.length >= size) return;
    const larger = this.#room(size);
    this.#partial.copy(larger, 0, 0, this.#filled);
    this.#partial = larger;
  }

  #checked(length: number): number {
    const total = length + lengthBytes;
    if (total < frameBytesMin || total > this.#frameBytesMax) {
      throw frameInvalid(`a frame of ${total} bytes is outside ${frameBytesMin} to ${this.#frameBytesMax}`);
    }
    return total;
  }
}
