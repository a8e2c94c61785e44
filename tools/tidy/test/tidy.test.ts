import { describe, expect, it } from 'vitest';

import * as rules from '../src/rules.ts';
import { codeOnly, places } from '../src/tree.ts';

describe('house rules', () => {
  for (const [name, rule] of Object.entries(rules)) {
    it(name, () => {
      expect(rule()).toEqual([]);
    });
  }
});

describe('how the rules read code', () => {
  it('does not take words in comments for code', () => {
    const text = 'const a = 1; // Date.now()\n/* Math.random() */ const b = 2;';
    expect(codeOnly(text)).not.toMatch(/Date|Math/);
  });

  it('names the line', () => {
    const text = 'const a = 1;\nconst now = Date.now();\n';
    expect(places({ path: 'x.ts', text, lines: 2 }, /\bDate\.now\b/g)).toEqual(['x.ts:2']);
  });
});
