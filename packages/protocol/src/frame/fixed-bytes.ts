import { asBuffer, LastView } from '../header/fast-buffer.ts';
import type { FastBuffer } from '../header/fast-buffer.ts';

const wordBytes = 4;
const output = new LastView();

/** Bytes that are written again and again, ready as words of 32 bits: a quarter of the stores. */
export class FixedBytes {
  readonly length: number;
  readonly #bytes: Uint8Array;
  readonly #words: Int32Array;

  /** Text becomes UTF-8. */
  constructor(content: string | Uint8Array) {
    const bytes = typeof content === 'string' ? asBuffer(Buffer.from(content)) : asBuffer(content);
    this.#bytes = bytes;
    this.length = bytes.length;
    this.#words = Int32Array.from({ length: Math.floor(bytes.length / wordBytes) }, (_, index) => bytes.readInt32LE(index * wordBytes));
  }

  /** Returns the offset behind what was written. What does not fit is not written. */
  writeTo(buffer: FastBuffer, offset: number): number {
    const end = offset + this.length;
    const words = this.#words;
    let at = offset;
    if (end <= buffer.length) {
      const view = output.of(buffer);
      for (let index = 0; index < words.length; index++, at += wordBytes) view.setInt32(at, words[index]!, true);
    }
    for (; at < end; at++) buffer[at] = this.#bytes[at - offset]!;
    return end;
  }
}
