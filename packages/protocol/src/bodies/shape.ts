import { KiteError } from '@kitemq/runtime';
import { isJsonObject } from '../java-json/json-object.ts';
import type { JsonValue } from '../java-json/json-object.ts';
import { longFromText } from '../header/text-number.ts';

/**
 * How a value inside a JSON body is read and written. Bodies are declared as tables of shapes (see {@link struct}); their TypeScript
 * types, codecs and documentation come from those tables.
 */
export interface Shape<T> {
  /** For the reference page: `long`, `array<QueueData>`. */
  readonly label: string;
  /** What an absent or null value reads as. */
  absent(): T;
  /** @throws KiteError `KITE_BODY_INVALID` for a value of another kind. */
  read(value: JsonValue): T;
  /** JSON text, undefined when the value is left out. */
  write(value: T): string | undefined;
}

/** A shape whose value may be missing; the property is then optional. */
export interface OptionalShape<T> extends Shape<T | undefined> {
  readonly optional: true;
}

export function bodyInvalid(expected: string, value: JsonValue): KiteError {
  const found = value === null ? 'null' : Array.isArray(value) ? 'an array' : isJsonObject(value) ? 'an object' : `a ${typeof value}`;
  return new KiteError('KITE_BODY_INVALID', `${found} where ${expected} belongs`, { details: { expected } });
}

/** A number from JSON, which may also stand as text. Clamped to the exact range. */
function numberFrom(label: string, value: JsonValue): number {
  const number = typeof value === 'string' ? longFromText(value) : value;
  if (typeof number !== 'number' || Number.isNaN(number)) throw bodyInvalid(label, value);
  return Math.min(Math.max(Math.trunc(number), Number.MIN_SAFE_INTEGER), Number.MAX_SAFE_INTEGER);
}

function integerShape(label: 'int' | 'long', whenAbsent: number): Shape<number> {
  return {
    label,
    absent: () => whenAbsent,
    read: (value) => numberFrom(label, value),
    write: (value) => (Number.isSafeInteger(value) ? String(value) : badNumber(label, value)),
  };
}

function badNumber(label: string, value: number): never {
  throw new KiteError('KITE_BODY_INVALID', `${value} is no ${label} that can be written`);
}

/** What is no number (Java writes NaN) reads as 0. */
function doubleFrom(value: JsonValue): number {
  if (typeof value === 'string' && value.trim() !== '') return doubleFrom(Number(value));
  if (typeof value !== 'number') throw bodyInvalid('double', value);
  return Number.isFinite(value) ? value : 0;
}

function stringFrom(value: JsonValue): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  throw bodyInvalid('string', value);
}

function booleanFrom(value: JsonValue): boolean {
  if (typeof value === 'boolean') return value;
  if (typeof value === 'number') return value !== 0;
  if (typeof value === 'string') return value.toLowerCase() === 'true';
  throw bodyInvalid('boolean', value);
}

/** Scalars. The argument is what an absent value reads as. */
export const scalar = {
  int: (whenAbsent = 0): Shape<number> => integerShape('int', whenAbsent),
  long: (whenAbsent = 0): Shape<number> => integerShape('long', whenAbsent),
  double: (): Shape<number> => ({
    label: 'double',
    absent: () => 0,
    read: doubleFrom,
    write: (value) => (Number.isFinite(value) ? String(value) : '0'),
  }),
  string: (whenAbsent = ''): Shape<string> => ({ label: 'string', absent: () => whenAbsent, read: stringFrom, write: (value) => JSON.stringify(value) }),
  boolean: (whenAbsent = false): Shape<boolean> => ({ label: 'boolean', absent: () => whenAbsent, read: booleanFrom, write: String }),
};

/** One of a few words. A word nobody knows reads as the first, which fastjson would read as null. */
export function oneOf<const T extends readonly [string, ...string[]]>(...words: T): Shape<T[number]> {
  return {
    label: words.join(' \\| '),
    absent: () => words[0],
    read: (value) => (typeof value === 'string' && words.includes(value) ? value : words[0]),
    write: (value) => JSON.stringify(value),
  };
}

/** Absent stays absent. */
export function maybe<T>(shape: Shape<T>): OptionalShape<T> {
  return {
    label: `${shape.label}?`,
    optional: true,
    absent: () => undefined,
    read: (value) => shape.read(value),
    write: (value) => (value === undefined ? undefined : shape.write(value)),
  };
}

/** Absent reads as empty. */
export function array<T>(shape: Shape<T>): Shape<T[]> {
  const label = `array<${shape.label}>`;
  return {
    label,
    absent: () => [],
    read: (value) => {
      if (!Array.isArray(value)) throw bodyInvalid(label, value);
      return value.map((item) => (item === null ? shape.absent() : shape.read(item)));
    },
    write: (values) => `[${values.map((item) => shape.write(item) ?? 'null').join(',')}]`,
  };
}
