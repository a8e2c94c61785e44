import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readUint53, RowKey, RowKeyReader, uint32At, uint53At, writeUint53 } from '../../src/views/row-key.ts';

describe('row keys', () => {
  it('are read as they were written', () => {
    fc.assert(
      fc.property(fc.string(), fc.string({ unit: 'binary' }).filter((text) => Buffer.from(text).toString() === text), fc.nat(2 ** 32 - 1), (first, second, number) => {
        const key = new RowKey(7).text(first).text(second).uint32(number).bytes();
        const reader = new RowKeyReader(key);
        expect([reader.text(), reader.text(), reader.uint32()]).toEqual([Buffer.from(first).toString(), second, number]);
        expect(uint32At(new Uint8Array(key), key.length - 4)).toBe(number);
      }),
    );
  });
});

describe('numbers in rows', () => {
  it('are exact up to 2^53 - 1, read from a buffer or from any bytes', () => {
    fc.assert(
      fc.property(fc.oneof(fc.maxSafeNat(), fc.constantFrom(0, 2 ** 31, 2 ** 32 - 1, 2 ** 32, Number.MAX_SAFE_INTEGER)), fc.nat(5), (value, at) => {
        const row = Buffer.alloc(16, 0xff);
        writeUint53(row, at, value);
        expect([readUint53(row, at), uint53At(new Uint8Array(row), at)]).toEqual([value, value]);
      }),
    );
  });
});
