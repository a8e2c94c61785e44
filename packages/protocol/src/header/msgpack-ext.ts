import type { ExtFields, FieldReader } from '../frame.ts';
import type { HeaderOf, HeaderSchema } from '../header.ts';
import { absentValue, compileHeader, fieldFromText, invalidNumber } from './compiled-header.ts';
import type { CompiledField } from './compiled-header.ts';
import { HeaderReader } from './header-reader.ts';
import { headerId, knownHeader } from './known-headers.ts';

/** What an unpacked header may hold: {@link stepOverMsgpack} let nothing else through. */
export type MsgpackScalar = string | number | boolean | null;

/** Fields of a MSGPACK header: values of the named table by position, and further text fields as pairs. */
export class MsgpackExt implements ExtFields {
  readonly #schemaId: number;
  readonly #values: readonly MsgpackScalar[];
  readonly #pairs: readonly MsgpackScalar[];

  constructor(schemaId: number, values: readonly MsgpackScalar[], pairs: readonly MsgpackScalar[]) {
    this.#schemaId = schemaId;
    this.#values = values;
    this.#pairs = pairs;
  }

  get(key: string): string | undefined {
    const pair = this.#pair(key);
    if (pair !== undefined) return pair;
    const schema = knownHeader(this.#schemaId);
    const index = schema === undefined ? undefined : compileHeader(schema).indexByWireName.get(key);
    return index === undefined ? undefined : textOf(this.#values[index]);
  }

  toObject(): Record<string, string> {
    const all: Record<string, string> = Object.create(null);
    const schema = knownHeader(this.#schemaId);
    const fields = schema === undefined ? [] : compileHeader(schema).fields;
    for (let index = 0; index < fields.length; index++) {
      const text = textOf(this.#values[index]);
      if (text !== undefined) all[fields[index]!.wireName] = text;
    }
    for (let index = 0; index + 1 < this.#pairs.length; index += 2) all[String(this.#pairs[index])] = String(this.#pairs[index + 1]);
    return all;
  }

  select(schema: HeaderSchema): FieldReader {
    return new HeaderReader(schema, this.read(schema));
  }

  read<S extends HeaderSchema>(schema: S): HeaderOf<S> {
    const { fields } = compileHeader(schema);
    const positional = headerId(schema) === this.#schemaId;
    const header: Record<string, unknown> = {};
    for (let index = 0; index < fields.length; index++) {
      const field = fields[index]!;
      const value = positional ? this.#values[index] : undefined;
      header[field.name] = value === undefined || value === null ? fieldFromText(schema, field, this.get(field.wireName)) : typed(schema, field, value);
    }
    return header as HeaderOf<S>;
  }

  #pair(key: string): string | undefined {
    for (let index = this.#pairs.length - 2; index >= 0; index -= 2) if (this.#pairs[index] === key) return textOf(this.#pairs[index + 1]);
    return undefined;
  }
}

function textOf(value: MsgpackScalar | undefined): string | undefined {
  return value === undefined || value === null ? undefined : String(value);
}

function typed(schema: HeaderSchema, field: CompiledField, value: Exclude<MsgpackScalar, null>): unknown {
  if (typeof value === 'string' || field.kind === 'string') return fieldFromText(schema, field, String(value));
  if (field.kind === 'boolean') return typeof value === 'boolean' ? value : absentValue(schema, field);
  if (typeof value !== 'number' || !Number.isInteger(value) || (field.kind === 'int' && value !== (value | 0))) throw invalidNumber(schema, field);
  return Math.min(Math.max(value, Number.MIN_SAFE_INTEGER), Number.MAX_SAFE_INTEGER);
}
