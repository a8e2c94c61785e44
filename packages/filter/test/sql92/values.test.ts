import { describe, expect, it } from 'vitest';
import { compareDoubles, compareValues, IntValue, LongValue, parseJavaDouble, parseJavaInt, parseJavaLong } from '../../src/sql92/values.ts';

describe('Java’s number texts', () => {
  it('reads int32 only within its range and without blanks', () => {
    expect(parseJavaInt('+7')).toBe(7);
    expect(parseJavaInt('-2147483648')).toBe(-2147483648);
    for (const text of ['2147483648', ' 1', '1.0', '', '0x1', '1_000']) expect(parseJavaInt(text)).toBeUndefined();
  });

  it('reads int64 exactly', () => {
    expect(parseJavaLong('9223372036854775807')).toBe(9223372036854775807n);
    expect(parseJavaLong('+1')).toBe(1n);
    expect(parseJavaLong('9223372036854775808')).toBeUndefined();
  });

  it('reads doubles with suffix, exponent and surrounding blanks', () => {
    expect(parseJavaDouble(' 1.5f ')).toBe(1.5);
    expect(parseJavaDouble('1e3d')).toBe(1000);
    expect(parseJavaDouble('-Infinity')).toBe(-Infinity);
    expect(parseJavaDouble('NaN')).toBeNaN();
    for (const text of ['', 'x', '1e', '.', '1 2']) expect(parseJavaDouble(text)).toBeUndefined();
  });
});

describe('comparison', () => {
  it('orders doubles as Java: NaN on top, −0 below 0', () => {
    expect(compareDoubles(NaN, 1)).toBe(1);
    expect(compareDoubles(1, NaN)).toBe(-1);
    expect(compareDoubles(NaN, NaN)).toBe(0);
    expect(compareDoubles(-0, 0)).toBe(-1);
  });

  it('converts numbers upwards', () => {
    expect(compareValues(new IntValue(2), new LongValue(3_000_000_000n))).toBe(-1);
    expect(compareValues(new LongValue(3n), new IntValue(3))).toBe(0);
    expect(compareValues(new LongValue(3n), 2.5)).toBe(1);
    expect(compareValues(2.5, new LongValue(3n))).toBe(-1);
    expect(compareValues(new IntValue(1), '2')).toBe(-1);
    expect(compareValues(2.5, 'x')).toBeUndefined();
    expect(compareValues(true, new IntValue(1))).toBe(-1);
    expect(compareValues(true, 'true')).toBeUndefined();
    expect(compareValues(true, true)).toBe(0);
  });
});
