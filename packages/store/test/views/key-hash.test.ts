import * as fc from 'fast-check';
import { decodeProperties, encodeRecord, MessageSysFlag, recordSize, type RecordFields } from '@kitemq/protocol';
import { describe, expect, it } from 'vitest';
import { hashOfKey, KeyHasher, keysPerRecordMax } from '../../src/views/key-hash.ts';

interface Shape {
  readonly topic: string;
  readonly properties: Uint8Array;
  readonly sysFlag?: number;
  readonly body?: number;
}

/** A record in the middle of other bytes. */
function record({ topic, properties, sysFlag = 0, body = 3 }: Shape, before = 5, after = 4): { readonly block: Buffer; readonly offset: number } {
  const hostBytes = (bit: number): Uint8Array => Buffer.alloc((sysFlag & bit) === 0 ? 8 : 20, 7);
  const fields: RecordFields = {
    topic: Buffer.from(topic), queueId: 1, flag: 0, queueOffset: 2, physicalOffset: 3, sysFlag, bornTimestamp: 4, bornHost: hostBytes(MessageSysFlag.bornHostV6), storeTimestamp: 5,
    storeHost: hostBytes(MessageSysFlag.storeHostV6), reconsumeTimes: 0, preparedTransactionOffset: 0, body: Buffer.alloc(body, 1), properties,
  };
  const size = recordSize({ topic: fields.topic.length, body, properties: properties.length, bornHost: fields.bornHost.length, storeHost: fields.storeHost.length });
  const block = Buffer.alloc(before + size + after, 0x02);
  encodeRecord(block, before, fields);
  return { block, offset: before };
}

function hashes(shape: Shape, ...places: number[]): number[] {
  const found: number[] = [];
  const { block, offset } = record(shape, ...places);
  new KeyHasher({ addHash: (hash) => void found.push(hash) }).hash(block, offset);
  return found.sort((a, b) => a - b);
}

/** The keys as Java finds them: by reading all properties. */
function expected(topic: string, text: string): number[] {
  const { UNIQ_KEY: unique, KEYS: keys = '', TAGS: tag } = decodeProperties(text);
  const found = keys.split(' ').filter((word) => word !== '').map((word) => hashOfKey(topic, word, 'key'));
  if (unique !== undefined) found.push(hashOfKey(topic, unique, 'unique'));
  if (tag !== undefined) found.push(hashOfKey(topic, tag, 'tag'));
  return found.sort((a, b) => a - b);
}

const name = fc.constantFrom('UNIQ_KEY', 'KEYS', 'TAGS', 'KEY', 'KEYSX', 'UNIQ_KEYS', 'UNIQ', 'TAGS2', 'K', 'WAIT', 'é');
const value = fc.string({ unit: fc.constantFrom('a', 'b', ' ', 'ß', '\u0001', '漢', 'x'), maxLength: 12 });

describe('hashes of a record', () => {
  it('are those of its keys, wherever it lies and whatever its properties are', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.tuple(name, value), { selector: ([key]) => key, maxLength: 6 }),
        fc.constantFrom('T', 'Topic-1', `long${'x'.repeat(150)}`),
        fc.constantFrom(0, MessageSysFlag.bornHostV6, MessageSysFlag.storeHostV6, MessageSysFlag.transactionPrepared, MessageSysFlag.transactionCommit),
        fc.record({ before: fc.nat(9), after: fc.nat(3), terminated: fc.boolean(), body: fc.nat(9) }),
        (items, topic, sysFlag, { before, after, terminated, body }) => {
          const text = items.map(([key, each]) => `${key}\u0001${each}`).join('\u0002') + (terminated && items.length > 0 ? '\u0002' : '');
          expect(hashes({ topic, properties: Buffer.from(text), sysFlag, body }, before, after)).toEqual(expected(topic, text));
        },
      ),
    );
  });

  it('of any bytes stay inside the record', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(1, 2, 32, ...Buffer.from('UNIQ_KEYSTAG')), { maxLength: 60 }), (bytes) => {
        const properties = Buffer.from(bytes);
        expect(hashes({ topic: 'T', properties }, 0, 0)).toEqual(hashes({ topic: 'T', properties }, 3, 11));
      }),
    );
  });

  it('differ by topic, and between keys and tags', () => {
    const all = [hashOfKey('A', 'k', 'key'), hashOfKey('B', 'k', 'key'), hashOfKey('A', 'k', 'tag'), hashOfKey('A', 'l', 'key'), hashOfKey('Ak', '', 'key')];
    expect(new Set(all).size).toBe(all.length);
    expect(hashOfKey('A', 'k', 'unique')).toBe(hashOfKey('A', 'k', 'key'));
  });

  it('are spread over the whole range, also of keys that differ in one digit', () => {
    const buckets = new Array<number>(64).fill(0);
    for (let index = 0; index < 64_000; index++) buckets[Math.floor(hashOfKey('Topic', `order-${index}`, 'key') / 2 ** 26)]!++;
    expect(Math.min(...buckets)).toBeGreaterThan(850);
    expect(Math.max(...buckets)).toBeLessThan(1150);
  });

  it('are none of a transaction that was rolled back, or without properties', () => {
    const properties = Buffer.from('KEYS\u0001a\u0002');
    expect(hashes({ topic: 'T', properties, sysFlag: MessageSysFlag.transactionRollback })).toEqual([]);
    expect(hashes({ topic: 'T', properties: Buffer.alloc(0) })).toEqual([]);
  });

  it('are limited in number', () => {
    const words = Array.from({ length: keysPerRecordMax + 10 }, (_, index) => `w${index}`).join(' ');
    expect(hashes({ topic: 'T', properties: Buffer.from(`KEYS\u0001${words}\u0002TAGS\u0001t\u0002`) })).toHaveLength(keysPerRecordMax);
  });
});
