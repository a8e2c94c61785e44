import { KiteError } from '@kitemq/runtime';
import type { Field, FieldKind, HeaderSchema } from '../header.ts';
import { booleanFromText, intFromText, longFromText } from './text-number.ts';

/** One field with everything its codecs need, computed once. */
export interface CompiledField {
  readonly name: string;
  readonly wireName: string;
  readonly kind: FieldKind;
  readonly required: boolean;
  /** `"wireName":` as it stands in a JSON header, with the opening quote of the value. */
  readonly jsonPrefix: string;
  /** int16 length and name, as they stand in a binary header. */
  readonly binaryKey: Uint8Array;
}

export interface CompiledHeader {
  readonly schema: HeaderSchema;
  readonly fields: readonly CompiledField[];
  readonly indexByWireName: ReadonlyMap<string, number>;
}

const compiledHeaders = new WeakMap<HeaderSchema, CompiledHeader>();

/** The compiled form of a schema; made on first use. */
export function compileHeader(schema: HeaderSchema): CompiledHeader {
  const known = compiledHeaders.get(schema);
  if (known !== undefined) return known;
  const fields = Object.entries(schema.fields).map(([name, field]) => compileField(name, field));
  const compiled: CompiledHeader = { schema, fields, indexByWireName: new Map(fields.map((field, index) => [field.wireName, index])) };
  compiledHeaders.set(schema, compiled);
  return compiled;
}

function compileField(name: string, field: Field<unknown, boolean>): CompiledField {
  const wireName = field.wireName ?? name;
  const nameBytes = Buffer.from(wireName, 'utf8');
  const binaryKey = Buffer.alloc(2 + nameBytes.length);
  binaryKey.writeInt16BE(nameBytes.length, 0);
  nameBytes.copy(binaryKey, 2);
  return { name, wireName, kind: field.kind, required: field.required, jsonPrefix: `${JSON.stringify(wireName)}:"`, binaryKey };
}

/** Turns the text of a field into its value. Empty text stands for an absent number. @throws KiteError `KITE_HEADER_INVALID` */
export function fieldFromText(schema: HeaderSchema, field: CompiledField, text: string | undefined): unknown {
  if (text === undefined || (text === '' && field.kind !== 'string')) return absentValue(schema, field);
  switch (field.kind) {
    case 'string':
      return text;
    case 'boolean':
      return booleanFromText(text);
    default: {
      const value = field.kind === 'int' ? intFromText(text) : longFromText(text);
      if (Number.isNaN(value)) throw invalidNumber(schema, field);
      return value;
    }
  }
}

/** What a missing field reads as. @throws KiteError `KITE_HEADER_INVALID` when a strict header requires it. */
export function absentValue(schema: HeaderSchema, field: CompiledField): unknown {
  if (!field.required) return undefined;
  if (schema.strict) {
    throw new KiteError('KITE_HEADER_INVALID', `${schema.name}: the required field ${field.wireName} (${field.name}) is missing`, {
      details: { header: schema.name, field: field.wireName },
    });
  }
  return field.kind === 'string' ? '' : field.kind === 'boolean' ? false : 0;
}

export function invalidNumber(schema: HeaderSchema, field: CompiledField): KiteError {
  return new KiteError('KITE_HEADER_INVALID', `${schema.name}: the field ${field.wireName} (${field.name}) is not a number of its type`, {
    details: { header: schema.name, field: field.wireName },
  });
}

/** The text a value has on the wire, undefined when it is absent. @throws KiteError `KITE_HEADER_INVALID` for a missing required value or a bad number. */
export function fieldToText(schema: HeaderSchema, field: CompiledField, value: unknown): string | undefined {
  if (value === undefined || value === null) {
    if (!field.required) return undefined;
    throw new KiteError('KITE_HEADER_INVALID', `${schema.name}: no value for the required field ${field.name}`, {
      details: { header: schema.name, field: field.wireName },
    });
  }
  if (typeof value === 'string') return value;
  if (typeof value === 'number' && !Number.isSafeInteger(value)) throw invalidNumber(schema, field);
  return String(value);
}
