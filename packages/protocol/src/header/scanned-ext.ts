import type { ExtFields, FieldReader } from '../frame.ts';
import type { HeaderOf, HeaderSchema } from '../header.ts';
import type { FastBuffer } from './fast-buffer.ts';
import { sharedScan } from './field-scan.ts';
import type { FieldScan } from './field-scan.ts';

/** Scans the text fields in `[start, end)` into `scan`, once more: they were sound the first time. */
export type Rescan = (scan: FieldScan, buffer: FastBuffer, start: number, end: number) => void;

/**
 * Text fields read where they lie. Right after decoding, the scan of this header is still there and is used; when another header was decoded
 * in between, the fields are scanned again.
 */
export class ScannedExt implements ExtFields {
  readonly #buffer: FastBuffer;
  readonly #start: number;
  readonly #end: number;
  readonly #rescan: Rescan;

  constructor(buffer: FastBuffer, start: number, end: number, rescan: Rescan) {
    this.#buffer = buffer;
    this.#start = start;
    this.#end = end;
    this.#rescan = rescan;
    sharedScan.owner = this;
  }

  get(key: string): string | undefined {
    return this.#scan().get(key);
  }

  toObject(): Record<string, string> {
    return this.#scan().toObject();
  }

  read<S extends HeaderSchema>(schema: S): HeaderOf<S> {
    return this.#scan().read(schema);
  }

  select(schema: HeaderSchema): FieldReader {
    return this.#scan().select(schema);
  }

  #scan(): FieldScan {
    if (sharedScan.owner !== this) {
      this.#rescan(sharedScan, this.#buffer, this.#start, this.#end);
      sharedScan.owner = this;
    }
    return sharedScan;
  }
}
