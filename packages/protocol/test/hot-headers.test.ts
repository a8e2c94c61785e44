import { expect, it } from 'vitest';
import { hotHeaders } from '../src/generated/hot-headers.ts';
import { compileHeader } from '../src/header/compiled-header.ts';
import { defineHeader, required } from '../src/index.ts';
import { allHeaders } from './support.ts';

it.each([...hotHeaders.keys()])('%s is built by generated code that fits its table: else run node tools/codegen/hot-headers.mjs', (name) => {
  expect(compileHeader(allHeaders.find((schema) => schema.name === name)!).build).toBeDefined();
});

it('another table under the name of a hot header is not built by its code', () => {
  expect(compileHeader(defineHeader('SendMessageRequestHeaderV2', { a: required.int() })).build).toBeUndefined();
});

it('a header has at most 64 fields', () => {
  const table = Object.fromEntries(Array.from({ length: 65 }, (_, index) => [`f${index}`, required.int()]));
  expect(() => compileHeader(defineHeader('Wide', table))).toThrow('more than 64 fields');
});
