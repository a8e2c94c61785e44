// The global of the same name is a getter, which costs more than what is done with it here.
import { Buffer } from 'node:buffer';

/** Buffer's direct text functions: they exist since Node 0.x, skip the encoding dispatch of `toString`, and are missing in the type package. */
export interface FastBuffer extends Buffer {
  utf8Slice(start: number, end: number): string;
  latin1Slice(start: number, end: number): string;
  utf8Write(text: string, offset: number): number;
  latin1Write(text: string, offset: number): number;
}

/** The same memory as a Buffer: no copy. */
export function asBuffer(bytes: Uint8Array): FastBuffer {
  return (Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)) as FastBuffer;
}

/** A DataView of the last buffer that was asked for: many headers in a row are in the same one. */
export class LastView {
  #buffer: FastBuffer | undefined;
  #view: DataView = new DataView(new ArrayBuffer(0));

  of(buffer: FastBuffer): DataView {
    if (this.#buffer !== buffer) {
      this.#buffer = buffer;
      this.#view = new DataView(buffer.buffer, buffer.byteOffset, buffer.length);
    }
    return this.#view;
  }
}
