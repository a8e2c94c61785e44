import type { ExtFields } from '../frame.ts';
import type { HeaderOf, HeaderSchema } from '../header.ts';
import { compileHeader, fieldFromText } from './compiled-header.ts';
import type { FastBuffer } from './fast-buffer.ts';

/** Text fields of a ROCKETMQ header, read where they lie. The range was walked once: all lengths in it are sound. */
export class BinaryExt implements ExtFields {
  readonly #buffer: FastBuffer;
  readonly #start: number;
  readonly #end: number;

  constructor(buffer: FastBuffer, start: number, end: number) {
    this.#buffer = buffer;
    this.#start = start;
    this.#end = end;
  }

  get(key: string): string | undefined {
    let found: string | undefined;
    this.#visit((name, start, end) => {
      if (name === key) found = start === end ? undefined : this.#buffer.utf8Slice(start, end);
    });
    return found;
  }

  toObject(): Record<string, string> {
    const all: Record<string, string> = Object.create(null);
    this.#visit((name, start, end) => {
      if (start === end) delete all[name];
      else all[name] = this.#buffer.utf8Slice(start, end);
    });
    return all;
  }

  read<S extends HeaderSchema>(schema: S): HeaderOf<S> {
    const { fields, indexByWireName } = compileHeader(schema);
    const texts: (string | undefined)[] = Array.from({ length: fields.length });
    this.#visit((name, start, end) => {
      const index = indexByWireName.get(name);
      if (index !== undefined) texts[index] = start === end ? undefined : this.#buffer.utf8Slice(start, end);
    });
    const header: Record<string, unknown> = {};
    for (let index = 0; index < fields.length; index++) {
      const field = fields[index]!;
      header[field.name] = fieldFromText(schema, field, texts[index]);
    }
    return header as HeaderOf<S>;
  }

  #visit(visitor: (name: string, valueStart: number, valueEnd: number) => void): void {
    const buffer = this.#buffer;
    let at = this.#start;
    while (at < this.#end) {
      const nameStart = at + 2;
      const nameEnd = nameStart + buffer.readUInt16BE(at);
      const valueStart = nameEnd + 4;
      at = valueStart + buffer.readInt32BE(nameEnd);
      visitor(buffer.utf8Slice(nameStart, nameEnd), valueStart, at);
    }
  }
}
