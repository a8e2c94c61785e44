import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compileExpression, compileSql92 } from '../../src/index.ts';

function matches(expression: string, properties: Record<string, string>): boolean {
  return compileSql92(expression)((name) => (Object.hasOwn(properties, name) ? properties[name] : undefined));
}

// Rows marked * were run on Apache 5.5.0 (spec §16); the others follow its sources.
describe('SQL92 matching', () => {
  it.each<[string, Record<string, string>, boolean]>([
    ['a = 1', { a: '1' }, true], // *
    ['a = 1', { a: '1.0' }, false], // *
    ['a = 1', {}, false], // *
    ['a <> 1', {}, false], // *
    ['a <> 1', { a: '2' }, true],
    ['a > 5.0', { a: '10' }, true], // *
    ['a > b', { a: '2', b: '10' }, false], // *
    ['a > b', { a: 'x', b: '10' }, false],
    ['NOT (a > 1)', {}, false], // *
    ["a NOT CONTAINS 'b'", {}, false], // *
    ['a', { a: 'true' }, false], // *
    ['a = TRUE', { a: 'true' }, true], // *
    ['a = TRUE', { a: 'yes' }, false],
    ['a = FALSE', { a: 'yes' }, true],
    ['TRUE = a', { a: 'true' }, false],
    ['1 = 1', {}, true], // *
    ['(a > 5) = TRUE', { a: '6' }, true], // *
    ["a = 'it''s'", { a: "it's" }, true], // *
    ['NOT a', { a: 'x' }, true],
    ['NOT a', {}, false],
    ['a IS NULL', {}, true],
    ['a IS NULL', { a: '1' }, false],
    ['a IS NOT NULL', { a: '1' }, true],
    ['a IS NOT NULL', {}, false],
    ['a = b', {}, true],
    ['a = b', { a: '1' }, false],
    ['a = b', { b: '1' }, false],
    ["TAGS = 'x'", { TAGS: 'x' }, true],
    ["a <> 'x'", { a: 'y' }, true],
    ['a BETWEEN 1 AND 3', { a: '3' }, true],
    ['a BETWEEN 1 AND 3', { a: '4' }, false],
    ['a NOT BETWEEN 1 AND 3', { a: '4' }, true],
    ['a BETWEEN -1 AND 3', { a: '-1' }, true],
    ["a IN ('x', 'y')", { a: 'y' }, true],
    ["a NOT IN ('x', 'y')", { a: 'z' }, true],
    ["a NOT IN ('x')", {}, false],
    ["a CONTAINS 'bc'", { a: 'abcd' }, true],
    ["a STARTSWITH 'ab'", { a: 'abcd' }, true],
    ["a ENDSWITH 'cd'", { a: 'abcd' }, true],
    ["a NOT ENDSWITH 'cd'", { a: 'abce' }, true],
    ["a CONTAINS ''", { a: 'x' }, false],
    ["a NOT CONTAINS ''", { a: 'x' }, false],
    ['a > 1 AND b < 2', { a: '2', b: '1' }, true],
    ['a > 1 OR b < 2', { b: '1' }, true],
    ['a > 1 AND b < 2', { b: '1' }, false],
    // A failed conversion fails all of it, unless what came before decided.
    ['a = 1 OR b = 2', { a: 'x', b: '2' }, false],
    ['b = 2 OR a = 1', { a: 'x', b: '2' }, true],
    ['a = 3000000000', { a: '3000000000' }, true],
    ['a = 1', { a: '3000000000' }, false],
    ['a < 3000000000', { a: '1' }, true],
    ['a = 9223372036854775807', { a: '9223372036854775807' }, true],
    ['a = 9223372036854775807', { a: '9223372036854775806' }, false],
    ['a = -5', { a: '-5' }, true],
    ['a = 1.5', { a: ' 1.5 ' }, true],
    ['a = 1.5e1', { a: '15' }, true],
    ['a < 2.0', { a: 'NaN' }, false],
    ['a = 1l', { a: '1' }, true],
    ['A = 1', { a: '1' }, false],
    ['not a = 1 /* b */ -- c\n or b = 2', { a: '2', b: '2' }, true],
  ])('%s with %j is %s', (expression, properties, expected) => {
    expect(matches(expression, properties)).toBe(expected);
  });

  it('ignores what follows a complete expression, as Apache’s parser does', () => {
    expect(matches("a LIKE 'x%'", { a: 'x' })).toBe(false);
    expect(matches('a + 1 > 2', { a: '5' })).toBe(false);
    expect(matches('a = 1 whatever ! follows', { a: '1' })).toBe(true);
  });
});

describe('SQL92 errors', () => {
  it.each([
    'a IN (1,2)', // *
    'a = 0.0', // *
    'a != 1',
    'a == 1',
    'a = NULL',
    "a > 'x'",
    'a > TRUE',
    'NOT a > 1',
    "a BETWEEN 'a' AND 'b'",
    'a BETWEEN 3 AND 1',
    "1 IN ('x')",
    "TRUE = 'x'",
    'a = ',
    '(a = 1',
    '1',
    "'x'",
    'a = 99999999999999999999',
    'a = 1e999',
    "a = 'open",
    '',
  ])('%s does not compile', (expression) => {
    expect(() => compileExpression('SQL92', expression)).toThrow(
      expect.objectContaining({ code: 'KITE_FILTER_INVALID', message: expect.stringMatching(/^Invalid MessageSelector\. /) as string }),
    );
  });

  it('says where', () => {
    expect(() => compileSql92('a == 1')).toThrow('encountered "=" at column 4');
    expect(() => compileSql92('a = 0.0')).toThrow('0.0 is less than 4.9E-324');
  });

  it('survives any input, deeply nested ones too', () => {
    expect(() => compileSql92(`${'('.repeat(20_000)}a`)).toThrow('nested deeper');
    expect(() => compileSql92(`a = 1 OR `.repeat(4_000))).toThrow('longer than');
    const pieces = fc.constantFrom('a', 'b', '=', '<>', '<', '>=', '(', ')', 'AND', 'OR', 'NOT', 'IS', 'NULL', 'IN', "'x'", '1', '2.5', '-', ',', 'BETWEEN', 'CONTAINS', 'TRUE', '--', '/*', "'");
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 25 }), (parts) => {
        let predicate: ReturnType<typeof compileSql92>;
        try {
          predicate = compileSql92(parts.join(' '));
        } catch (error) {
          expect(error).toMatchObject({ code: 'KITE_FILTER_INVALID' });
          return;
        }
        expect(typeof predicate((name) => (name === 'a' ? '1' : undefined))).toBe('boolean');
      }),
      { numRuns: 2_000 },
    );
  });
});
