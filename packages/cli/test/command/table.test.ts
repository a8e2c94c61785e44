import { describe, expect, it } from 'vitest';
import { formatTable } from '../../src/command/table.ts';

describe('formatTable', () => {
  it('aligns text left, numbers right, and shows nothing as -', () => {
    expect(formatTable(['NAME', 'COUNT'], [['a', 1], ['longer', 200], [undefined, '']])).toBe('NAME    COUNT\na           1\nlonger    200\n-           -\n');
  });

  it('prints the header alone without rows', () => {
    expect(formatTable(['A', 'B'], [])).toBe('A  B\n');
  });
});
