/** A Java `Integer` of an expression: a string compared with it must be an int32. */
export class IntValue {
  readonly value: number;
  constructor(value: number) {
    this.value = value;
  }
}

/** A Java `Long` of an expression, exact. */
export class LongValue {
  readonly value: bigint;
  constructor(value: bigint) {
    this.value = value;
  }
}

/** The evaluation failed: whatever contains it does not match. Cheaper than an exception for each message. */
export const failed: unique symbol = Symbol('evaluation failed');

/** What an operand can be. A plain number is a Java `Double`; null is SQL's unknown. */
export type Value = string | boolean | number | IntValue | LongValue | null | typeof failed;

const intPattern = /^[+-]?[0-9]{1,11}$/;
const longPattern = /^[+-]?[0-9]{1,20}$/;
const doublePattern = /^[+-]?(?:NaN|Infinity|(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?[fFdD]?)$/;
const longMax = 2n ** 63n - 1n;
const longMin = -(2n ** 63n);

/** `Integer.valueOf`; undefined where Java throws. */
export function parseJavaInt(text: string): number | undefined {
  if (!intPattern.test(text)) return undefined;
  const value = Number(text);
  return value >= -2_147_483_648 && value <= 2_147_483_647 ? value : undefined;
}

/** `Long.valueOf`; undefined where Java throws. */
export function parseJavaLong(text: string): bigint | undefined {
  if (!longPattern.test(text)) return undefined;
  const value = BigInt(text.startsWith('+') ? text.slice(1) : text);
  return value >= longMin && value <= longMax ? value : undefined;
}

/** `Double.valueOf` without hexadecimal floats; undefined where Java throws. */
export function parseJavaDouble(text: string): number | undefined {
  const trimmed = text.trim();
  if (!doublePattern.test(trimmed)) return undefined;
  if (trimmed.endsWith('NaN')) return Number.NaN;
  const last = trimmed.charCodeAt(trimmed.length - 1) | 0x20;
  // A trailing f or d is Java's type suffix; "Infinity" ends in y.
  return Number(last === 0x66 || last === 0x64 ? trimmed.slice(0, -1) : trimmed);
}

/** `Double.compareTo`: NaN is equal to itself and above all else, −0 below 0. */
export function compareDoubles(left: number, right: number): number {
  if (left < right) return -1;
  if (left > right) return 1;
  if (Object.is(left, right)) return 0;
  if (Number.isNaN(left)) return 1;
  if (Number.isNaN(right)) return -1;
  return Object.is(left, -0) ? -1 : 1;
}

function order<T extends number | bigint>(left: T, right: T): number {
  if (left < right) return -1;
  return left > right ? 1 : 0;
}

function compareWithInt(left: Value, right: IntValue): number | undefined {
  if (left instanceof IntValue) return order(left.value, right.value);
  if (left instanceof LongValue) return order(left.value, BigInt(right.value));
  if (typeof left === 'number') return compareDoubles(left, right.value);
  if (typeof left !== 'string') return -1;
  const parsed = parseJavaInt(left);
  return parsed === undefined ? undefined : order(parsed, right.value);
}

function compareWithLong(left: Value, right: LongValue): number | undefined {
  if (left instanceof IntValue) return order(BigInt(left.value), right.value);
  if (left instanceof LongValue) return order(left.value, right.value);
  if (typeof left === 'number') return compareDoubles(left, Number(right.value));
  if (typeof left !== 'string') return -1;
  const parsed = parseJavaLong(left);
  return parsed === undefined ? undefined : order(parsed, right.value);
}

function compareWithDouble(left: Value, right: number): number | undefined {
  if (left instanceof IntValue) return compareDoubles(left.value, right);
  if (left instanceof LongValue) return compareDoubles(Number(left.value), right);
  if (typeof left === 'number') return compareDoubles(left, right);
  if (typeof left !== 'string') return -1;
  const parsed = parseJavaDouble(left);
  return parsed === undefined ? undefined : compareDoubles(parsed, right);
}

function compareWithString(left: Value, right: string): number | undefined {
  if (typeof left === 'string') return left === right ? 0 : order2(left, right);
  let mirrored: number | undefined;
  if (left instanceof IntValue) mirrored = compareWithInt(right, left);
  else if (left instanceof LongValue) mirrored = compareWithLong(right, left);
  else if (typeof left === 'number') mirrored = compareWithDouble(right, left);
  // Apache casts the boolean to a string here, which throws.
  else return undefined;
  return mirrored === undefined ? undefined : -mirrored;
}

function order2(left: string, right: string): number {
  return left < right ? -1 : 1;
}

/**
 * The order of two values, neither null nor failed, by Apache's conversions: a string becomes whatever the other side is.
 * Undefined when it cannot: the evaluation failed. −1 for kinds that are never equal.
 */
export function compareValues(left: Value, right: Value): number | undefined {
  if (right instanceof IntValue) return compareWithInt(left, right);
  if (right instanceof LongValue) return compareWithLong(left, right);
  if (typeof right === 'number') return compareWithDouble(left, right);
  if (typeof right === 'string') return compareWithString(left, right);
  if (typeof left === 'string') return order(Number(left.toLowerCase() === 'true'), Number(right));
  return typeof left === 'boolean' ? order(Number(left), Number(right)) : -1;
}
