import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { asBuffer } from '../src/header/fast-buffer.ts';
import { unescapeJson, unescapeJsonTo } from '../src/header/json-unescape.ts';

const guard = 0xa5;

/** Separators, quotes and whatever else has to be escaped, between other text. */
const texts = fc
  .array(fc.oneof(fc.constantFrom('\u0001', '\u0002', '"', '\\', '/', '\n', 'ä', '漢', '😀', '\0'), fc.string({ unit: 'grapheme', maxLength: 9 })), { maxLength: 12 })
  .map((parts) => parts.join(''));

/** As JSON writers write it: what must be escaped, more than that, everything. */
const styles = fc.constantFrom<(text: string) => string>(
  (text) => JSON.stringify(text).slice(1, -1),
  (text) => JSON.stringify(text).slice(1, -1).replaceAll('/', '\\/'),
  (text) => Array.from({ length: text.length }, (_, index) => `\\u${text.charCodeAt(index).toString(16).padStart(4, '0')}`).join(''),
);

describe('unescaping a JSON string', () => {
  it('gives what JSON.parse gives, wherever the string lies, and writes into its room only', () => {
    fc.assert(
      fc.property(texts, styles, fc.nat(9), fc.nat(9), (text, style, before, offset) => {
        const content = Buffer.from(style(text));
        const received = asBuffer(Buffer.concat([Buffer.alloc(before, '\\'), Buffer.from('"'), content, Buffer.from('"\\\\')]));
        const start = before + 1;
        const end = start + content.length;
        expect(unescapeJson(received, start, end)).toBe(text);

        const target = Buffer.alloc(offset + content.length + 8, guard);
        const to = unescapeJsonTo(received, start, end, target, offset);
        expect(target.toString('utf8', offset, to)).toBe(text);
        expect(target.subarray(0, offset).every((byte) => byte === guard)).toBe(true);
        expect(target.subarray(offset + content.length).every((byte) => byte === guard)).toBe(true);
      }),
      { numRuns: 2_000 },
    );
  });

  it('takes a string that is longer than what is kept for it', () => {
    const text = 'kite\u0001"mq"'.repeat(5_000);
    const received = asBuffer(Buffer.from(JSON.stringify(text)));
    expect(unescapeJson(received, 1, received.length - 1)).toBe(text);
  });
});
