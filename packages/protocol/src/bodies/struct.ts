import { KiteError } from '@kitemq/runtime';
import type { BodyCodec } from '../body.ts';
import { asBuffer } from '../header/fast-buffer.ts';
import { readJavaJson } from '../java-json/java-json-reader.ts';
import { isJsonObject, JsonObject } from '../java-json/json-object.ts';
import type { JsonValue, PlainJsonObject } from '../java-json/json-object.ts';
import { bodyInvalid } from './shape.ts';
import type { OptionalShape, Shape } from './shape.ts';

export type ShapeTable = Readonly<Record<string, Shape<any>>>;
type ShapeValue<S> = S extends OptionalShape<infer T> ? T : S extends Shape<infer T> ? T : never;
type OptionalKeys<F extends ShapeTable> = { [K in keyof F]: F[K] extends OptionalShape<any> ? K : never }[keyof F];
type Simplify<T> = { [K in keyof T]: T[K] };

/** The TypeScript type that a table of shapes stands for. */
export type StructValue<F extends ShapeTable> = Simplify<
  { [K in Exclude<keyof F, OptionalKeys<F>>]: ShapeValue<F[K]> } & { [K in OptionalKeys<F>]?: ShapeValue<F[K]> | undefined }
>;

/** A JSON object of declared keys. It is a body codec too. */
export interface Struct<F extends ShapeTable> extends Shape<StructValue<F>>, BodyCodec<StructValue<F>> {
  readonly fields: F;
  /** A value with what was left out at its default. */
  create(given?: Partial<StructValue<F>>): StructValue<F>;
}

/** The value type of a struct or any other shape. */
export type ValueOf<S> = S extends Struct<infer F> ? StructValue<F> : S extends Shape<infer T> ? T : never;

/** Declares a body. Unknown keys are skipped on reading, absent values left out on writing; keys are written in the table's order. */
export function struct<const F extends ShapeTable>(name: string, fields: F): Struct<F> {
  type Value = StructValue<F>;
  const shapes = new Map(Object.entries(fields));
  const prefixes = Array.from(shapes, ([key, shape]) => [key, `${JSON.stringify(key)}:`, shape] as const);

  const create = (given?: Partial<Value>): Value => {
    const value: Record<string, unknown> = {};
    for (const [key, , shape] of prefixes) value[key] = (given as Record<string, unknown> | undefined)?.[key] ?? shape.absent();
    return value as Value;
  };
  const readPlain = (json: PlainJsonObject): Value => {
    const value: Record<string, unknown> = {};
    for (const [key, , shape] of prefixes) {
      const item = Object.hasOwn(json, key) ? json[key]! : null;
      value[key] = item === null ? shape.absent() : shape.read(item);
    }
    return value as Value;
  };
  const read = (json: JsonValue): Value => {
    if (!isJsonObject(json)) throw bodyInvalid(name, json);
    if (!(json instanceof JsonObject)) return readPlain(json);
    const value = create() as Record<string, unknown>;
    for (let index = 0; index < json.keys.length; index++) {
      const key = json.keys[index]!;
      const shape = typeof key === 'string' ? shapes.get(key) : undefined;
      const item = json.values[index]!;
      if (shape !== undefined && item !== null) value[key as string] = shape.read(item);
    }
    return value as Value;
  };
  const write = (value: Value): string => {
    let text = '';
    for (const [key, prefix, shape] of prefixes) {
      const item = (value as Record<string, unknown>)[key];
      const written = item === undefined || item === null ? undefined : shape.write(item);
      if (written !== undefined) text += (text === '' ? prefix : `,${prefix}`) + written;
    }
    return `{${text}}`;
  };
  return { name, label: name, fields, absent: () => create(), create, read, write, encode: (value) => Buffer.from(write(value)), decode: (bytes) => decodeJson(name, read, bytes) };
}

function decodeJson<T>(name: string, read: (json: JsonValue) => T, bytes: Uint8Array | undefined): T {
  if (bytes === undefined || bytes.length === 0) throw new KiteError('KITE_BODY_INVALID', `The body is empty where ${name} belongs`);
  return read(readJavaJson(asBuffer(bytes).utf8Slice(0, bytes.length)));
}

/** The body codec of any shape that is no struct: a JSON array, say. */
export function jsonBody<T>(shape: Shape<T>): BodyCodec<T> {
  return { name: shape.label, encode: (value) => Buffer.from(shape.write(value) ?? 'null'), decode: (bytes) => decodeJson(shape.label, (json) => shape.read(json), bytes) };
}

/** The body may be missing. */
export function optionalBody<T>(codec: BodyCodec<T>): BodyCodec<T | undefined> {
  return {
    name: `${codec.name} (may be absent)`,
    encode: (value) => (value === undefined ? undefined : codec.encode(value)),
    decode: (bytes) => (bytes === undefined || bytes.length === 0 ? undefined : codec.decode(bytes)),
  };
}
