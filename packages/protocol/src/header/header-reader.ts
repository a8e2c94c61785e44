import type { FieldReader } from '../frame.ts';
import type { HeaderSchema } from '../header.ts';
import { asBuffer } from './fast-buffer.ts';
import { compileHeader } from './compiled-header.ts';

/** UTF-8 of a UTF-16 unit. */
const bytesPerUnitMax = 3;

/** A {@link FieldReader} over a header that was read as a whole: for the forms that are not scanned in place. */
export class HeaderReader implements FieldReader {
  readonly #names: readonly string[];
  readonly #header: Readonly<Record<string, unknown>>;

  constructor(schema: HeaderSchema, header: Readonly<Record<string, unknown>>) {
    this.#names = compileHeader(schema).fields.map((field) => field.name);
    this.#header = header;
  }

  string(field: number): string | undefined {
    return this.#value(field) as string | undefined;
  }

  int(field: number): number | undefined {
    return this.#value(field) as number | undefined;
  }

  long(field: number): number | undefined {
    return this.#value(field) as number | undefined;
  }

  boolean(field: number): boolean | undefined {
    return this.#value(field) as boolean | undefined;
  }

  /** Was checked when the header was read. */
  require(): void {}

  copyText(field: number, target: Uint8Array, offset: number): number {
    const text = this.string(field) ?? '';
    if (text.length * bytesPerUnitMax > target.length - offset) return -1;
    return offset + asBuffer(target).utf8Write(text, offset);
  }

  #value(field: number): unknown {
    return this.#header[this.#names[field]!];
  }
}
