import type { ExtFields, FieldReader } from '../frame.ts';
import type { HeaderOf, HeaderSchema } from '../header.ts';
import { compileHeader, fieldFromText } from './compiled-header.ts';
import { HeaderReader } from './header-reader.ts';

/** Text fields of a JSON header. Values that are no strings are read as the text fastjson would make of them. */
export class JsonExt implements ExtFields {
  readonly #values: Record<string, unknown>;

  constructor(values: Record<string, unknown>) {
    this.#values = values;
  }

  get(key: string): string | undefined {
    return Object.hasOwn(this.#values, key) ? textOf(this.#values[key]) : undefined;
  }

  toObject(): Record<string, string> {
    const all: Record<string, string> = Object.create(null);
    for (const key of Object.keys(this.#values)) {
      const text = textOf(this.#values[key]);
      if (text !== undefined) all[key] = text;
    }
    return all;
  }

  select(schema: HeaderSchema): FieldReader {
    return new HeaderReader(schema, this.read(schema));
  }

  read<S extends HeaderSchema>(schema: S): HeaderOf<S> {
    const header: Record<string, unknown> = {};
    for (const field of compileHeader(schema).fields) header[field.name] = fieldFromText(schema, field, this.get(field.wireName));
    return header as HeaderOf<S>;
  }
}

function textOf(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  if (value === null || value === undefined) return undefined;
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}
