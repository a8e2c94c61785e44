import * as fc from 'fast-check';
import { decodePropertyBytes, decodeProperties, tagsCodeOf } from '@kitemq/protocol';
import { describe, expect, it } from 'vitest';
import type { PropertySource } from '../../src/produce/send-properties.ts';
import { SendProperties } from '../../src/produce/send-properties.ts';

const added = { MSG_REGION: 'R', TRACE_ON: 'true', CLUSTER: 'C' };
/** A property string, as a header copies it. */
const from = (text: string | undefined): PropertySource => ({ copyProperties: (target) => Buffer.from(target.buffer, target.byteOffset, target.length).write(text ?? '') });
const make = (): SendProperties => new SendProperties(added);

function rewrite(text: string | undefined): Record<string, string> {
  const properties = make();
  expect(properties.begin(from(text))).toBe(true);
  return { ...decodePropertyBytes(properties.bytes()) };
}

describe('properties of a send', () => {
  it('gets what the broker adds, also without any', () => {
    expect(rewrite(undefined)).toEqual(added);
    expect(rewrite('k\x01v\x02')).toEqual({ k: 'v', ...added });
  });

  it('replaces what clients may not set and drops POP_CK', () => {
    expect(rewrite('MSG_REGION\x01x\x02a\x01b\x02POP_CK\x01y\x02TRACE_ON\x01false\x02CLUSTER\x01z\x02')).toEqual({ a: 'b', ...added });
  });

  it('accepts a missing terminator and drops items without name, value or separator', () => {
    expect(rewrite('k\x01\x02c\x01d')).toEqual({ c: 'd', ...added });
    expect(rewrite('ab\x02\x01v\x02k\x01v\x01w\x02')).toEqual({ k: 'v\x01w', ...added });
  });

  it('notes what the send depends on', () => {
    const properties = make();
    properties.begin(from('TAGS\x01TagA\x02WAIT\x01FALSE\x02DELAY\x013\x02TRAN_MSG\x01true\x02UNIQ_KEY\x01abc\x02'));
    expect(properties).toMatchObject({ tagsCode: 2598919, waitForStore: false, delayLevel: 3, transaction: true, timer: false });
    expect(properties.uniqueKey()).toBe('abc');
    properties.begin(from('TIMER_DELAY_MS\x015\x02INNER_NUM\x012\x02'));
    expect(properties).toMatchObject({ tagsCode: 0, waitForStore: true, delayLevel: 0, transaction: false, timer: true, innerBatch: true });
    expect(properties.uniqueKey()).toBeUndefined();
    properties.begin(from('DELAY\x01soon\x02'));
    expect(properties.delayLevel).toBeNaN();
  });

  it('says where the unique key is, whatever was dropped before it', () => {
    const properties = make();
    properties.begin(from('CLUSTER\x01x\x02UNIQ_KEY\x01abc\x02k\x01v\x02'));
    expect(Buffer.from(properties.bytes().subarray(properties.uniqueKeyStart, properties.uniqueKeyEnd)).toString()).toBe('abc');
    properties.begin(from('k\x01v\x02'));
    expect(properties.uniqueKeyEnd).toBe(0);
    properties.setUniqueKey('made');
    expect(Buffer.from(properties.bytes().subarray(properties.uniqueKeyStart, properties.uniqueKeyEnd)).toString()).toBe('made');
    expect(decodePropertyBytes(properties.bytes())).toMatchObject({ k: 'v', UNIQ_KEY: 'made' });
  });

  it('drops timers when told to, because a delay level goes first', () => {
    const properties = make();
    properties.begin(from('TIMER_DELAY_SEC\x015\x02a\x01b\x02TIMER_DELIVER_MS\x016\x02'), true);
    expect({ ...decodePropertyBytes(properties.bytes()) }).toEqual({ a: 'b', ...added });
  });

  it('refuses more than 32767 bytes, also when only UTF-8 makes them so many', () => {
    expect(make().begin(from(`k\x01${'x'.repeat(40_000)}\x02`))).toBe(false);
    expect(make().begin(from(`k\x01${'\u4E2D'.repeat(20_000)}\x02`))).toBe(false);
    expect(make().begin(from(`k\x01${'x'.repeat(32_000)}\x02`))).toBe(true);
  });

  it('appends', () => {
    const properties = make();
    properties.begin(from('a\x01b\x02'));
    properties.append('UNIQ_KEY', '\u4E2D');
    expect(decodePropertyBytes(properties.bytes())).toMatchObject({ a: 'b', UNIQ_KEY: '\u4E2D' });
  });

  it('keeps what Java’s parser would read of any text', () => {
    const piece = fc.constantFrom('a', 'TAGS', 'WAIT', 'x', '\x01', '\x02', '\u4E2D', 'false', 'UNIQ_KEY');
    const properties = make();
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 40 }), (pieces) => {
        const text = pieces.join('');
        properties.begin(from(text));
        const bytes = properties.bytes();
        expect({ ...decodePropertyBytes(bytes) }).toEqual({ ...decodeProperties(text), ...added });
        expect(properties.tagsCode).toBe(tagsCodeOf(bytes));
      }),
      { numRuns: 1_000 },
    );
  });
});
