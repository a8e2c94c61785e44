import { describe, expect, it } from 'vitest';
import { compileExpression, compileTagCodes, parseTagExpression, tagHash } from '../src/index.ts';

describe('tag hash', () => {
  it.each([
    ['TagA', 2598919],
    ['TagB', 2598920],
    ['tagA', 3552231],
    ['*', 42],
    ['\u4E2D\u6587', 646394],
    ['', 0],
    ['Aa', 2112],
    ['BB', 2112],
  ])('of %j is Java’s %i', (tag, hash) => {
    expect(tagHash(tag)).toBe(hash);
  });

  it('wraps as an int32', () => {
    expect(tagHash('a rather long tag that overflows')).toBe(tagHash('a rather long tag that overflows') | 0);
    expect(tagHash('polygenelubricants')).toBe(-2147483648);
  });
});

describe('tag expressions', () => {
  it.each([undefined, '', '*'])('%j means all', (expression) => {
    expect(parseTagExpression(expression).all).toBe(true);
    expect(compileExpression('TAG', expression).matchesTags).toBeUndefined();
  });

  it('splits at ||, trims, and drops empty parts and duplicates', () => {
    expect(parseTagExpression(' a||b || c||||a ')).toEqual({ all: false, tags: ['a', 'b', 'c'], codes: [97, 98, 99] });
  });

  it('does not split at a single bar', () => {
    expect(parseTagExpression('a|b').tags).toEqual(['a|b']);
  });

  it('refuses bars only', () => {
    expect(() => parseTagExpression('||')).toThrow(expect.objectContaining({ code: 'KITE_FILTER_INVALID' }));
  });

  it('matches nothing when only blanks are left', () => {
    const { matchesTags } = compileExpression('TAG', ' || ');
    expect(matchesTags?.(0)).toBe(false);
  });

  it.each([1, 2, 3, 10])('compiles %i codes', (count) => {
    const codes = Array.from({ length: count }, (_, i) => i + 1);
    const matches = compileTagCodes(codes);
    for (const code of codes) expect(matches(code)).toBe(true);
    expect(matches(0)).toBe(false);
    expect(matches(count + 1)).toBe(false);
  });

  it('lets hash collisions through: the consumer compares the text', () => {
    expect(compileExpression('TAG', 'Aa').matchesTags?.(tagHash('BB'))).toBe(true);
  });

  it('knows TAG as the default type and refuses unknown ones', () => {
    expect(compileExpression(undefined, 'a').matchesTags?.(97)).toBe(true);
    expect(() => compileExpression('JSON', 'a')).toThrow(expect.objectContaining({ code: 'KITE_FILTER_TYPE_UNKNOWN' }));
  });
});
