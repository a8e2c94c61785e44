import { assert, KiteError } from '@kitemq/runtime';
import { FixedBytes } from '../frame/fixed-bytes.ts';
import type { Field, FieldKind, HeaderSchema } from '../header.ts';
import { hotHeaders } from '../generated/hot-headers.ts';
import type { FieldScan } from './field-scan.ts';
import { KeyTable } from './key-table.ts';
import { booleanFromText, intFromText, longFromText } from './text-number.ts';

/** One field with everything its codecs need, computed once. */
export interface CompiledField {
  readonly name: string;
  readonly wireName: string;
  readonly kind: FieldKind;
  readonly kindCode: FieldKindCode;
  readonly required: boolean;
  /** `"wireName":"`, as it stands before the value in a JSON header. */
  readonly jsonKey: FixedBytes;
  /** int16 length and name, as they stand in a binary header. */
  readonly binaryKey: FixedBytes;
}

/** {@link FieldKind} as a small number, to switch on. */
export const FieldKindCode = { string: 0, int: 1, long: 2, boolean: 3 } as const;
export type FieldKindCode = (typeof FieldKindCode)[FieldKind];

export interface CompiledHeader {
  readonly schema: HeaderSchema;
  readonly fields: readonly CompiledField[];
  readonly indexByWireName: ReadonlyMap<string, number>;
  readonly keys: KeyTable;
  /** Properties whose values are text: their lengths are what is not known beforehand. */
  readonly stringNames: readonly string[];
  /** Bytes of all names, numbers and punctuation, at most, in any form. */
  readonly overheadBytesMax: number;
  /** Makes the header object of the selected fields, for the headers that matter. */
  readonly build: ((scan: FieldScan) => unknown) | undefined;
}

/** Sign and digits of the longest number, and room for lengths. */
const numberBytesMax = 32;
/** Quote and comma. */
const jsonSeparatorBytes = 2;

/** What one scan can tell apart; the largest header of the protocol has 20. */
export const fieldsMax = 64;

const compiledHeaders = new WeakMap<HeaderSchema, CompiledHeader>();

/** The compiled form of a schema; made on first use. */
export function compileHeader(schema: HeaderSchema): CompiledHeader {
  const known = compiledHeaders.get(schema);
  if (known !== undefined) return known;
  assert(Object.keys(schema.fields).length <= fieldsMax, `${schema.name} has more than ${fieldsMax} fields`);
  const fields = Object.entries(schema.fields).map(([name, field]) => compileField(name, field));
  const compiled: CompiledHeader = {
    schema,
    fields,
    indexByWireName: new Map(fields.map((field, index) => [field.wireName, index])),
    stringNames: fields.filter((field) => field.kind === 'string').map((field) => field.name),
    overheadBytesMax: fields.reduce((sum, field) => sum + field.jsonKey.length + jsonSeparatorBytes + numberBytesMax, 0),
    keys: new KeyTable(fields.map((field) => field.wireName)),
    build: hotBuild(schema),
  };
  compiledHeaders.set(schema, compiled);
  return compiled;
}

/** The index of a declared field, for a {@link FieldReader}. */
export function fieldIndex<S extends HeaderSchema>(schema: S, name: keyof S['fields'] & string): number {
  return compileHeader(schema).fields.findIndex((field) => field.name === name);
}

function hotBuild(schema: HeaderSchema): CompiledHeader['build'] {
  const hot = hotHeaders.get(schema.name);
  const layout = Object.entries(schema.fields).map(([name, field]) => `${name}:${field.kind}`);
  return hot?.layout === layout.join(' ') ? hot.build : undefined;
}

function compileField(name: string, field: Field<unknown, boolean>): CompiledField {
  const wireName = field.wireName ?? name;
  const nameBytes = Buffer.from(wireName, 'utf8');
  const binaryKey = Buffer.alloc(2 + nameBytes.length);
  binaryKey.writeInt16BE(nameBytes.length, 0);
  nameBytes.copy(binaryKey, 2);
  return { name, wireName, kind: field.kind, kindCode: FieldKindCode[field.kind], required: field.required, jsonKey: new FixedBytes(`${JSON.stringify(wireName)}:"`), binaryKey: new FixedBytes(binaryKey) };
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
    throw missingValue(schema, field);
  }
  // -0 is 0.
  return typeof value === 'number' ? String(checkNumber(schema, field, value) || 0) : String(value);
}

/** `value`. @throws KiteError `KITE_HEADER_INVALID` for what is no safe integer */
export function checkNumber(schema: HeaderSchema, field: CompiledField, value: number): number {
  if (!Number.isSafeInteger(value)) throw invalidNumber(schema, field);
  return value;
}

export function missingValue(schema: HeaderSchema, field: CompiledField): KiteError {
  return new KiteError('KITE_HEADER_INVALID', `${schema.name}: no value for the required field ${field.name}`, {
    details: { header: schema.name, field: field.wireName },
  });
}
