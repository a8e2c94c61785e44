import { Commands, decodeMessages, decodeOffsetMessageId, ResponseCode, type QueryMessageRequestHeader } from '@kitemq/protocol';
import { describe, expect, it } from 'vitest';
import { eventually, TestBroker } from '../support/test-broker.ts';

interface Answer {
  readonly code: number;
  readonly remark: string | undefined;
  readonly header: { readonly indexLastUpdateTimestamp: number; readonly indexLastUpdatePhyoffset: number };
  readonly bodies: string[];
}

async function query(test: TestBroker, key: string, overrides: Partial<QueryMessageRequestHeader> = {}): Promise<Answer> {
  const reply = await test.call(Commands.queryMessage, { topic: 'T', key, maxNum: 32, beginTimestamp: 0, endTimestamp: Number.MAX_SAFE_INTEGER, ...overrides });
  const bodies = reply.code === 0 ? decodeMessages(reply.bytes!).map((message) => Buffer.from(message.body).toString()) : [];
  return { code: reply.code, remark: reply.remark, header: reply.header(), bodies };
}

describe('QUERY_MESSAGE', () => {
  it('finds messages by KEYS, unique key and tag, also after a restart', async () => {
    await using test = await TestBroker.start();
    const uniqueKey = '7F0000010001000000000000000000AA';
    await test.send('T', 'one', { props: { KEYS: 'order-1 customer-9', TAGS: 'red' } });
    await test.send('T', 'two', { props: { KEYS: 'customer-9', UNIQ_KEY: uniqueKey } });
    const last = (await test.send('T', 'three', { queueId: 1, props: { KEYS: 'other', TAGS: 'red' } })).header();
    await test.send('Elsewhere', 'four', { props: { KEYS: 'customer-9' } });
    const check = async (): Promise<void> => {
      const found = await query(test, 'customer-9');
      expect(found).toMatchObject({ code: 0, bodies: ['one', 'two'] });
      expect(found.header.indexLastUpdatePhyoffset).toBeGreaterThan(decodeOffsetMessageId(last.msgId).physicalOffset);
      expect(Math.abs(found.header.indexLastUpdateTimestamp - Date.now())).toBeLessThan(600_000);
      expect((await query(test, 'order-1')).bodies).toEqual(['one']);
      expect((await query(test, uniqueKey, { uniqueKeyQuery: true })).bodies).toEqual(['two']);
      expect((await query(test, uniqueKey, { indexType: 'U' })).bodies).toEqual(['two']);
      // Apache's files do not tell unique keys from others; the brokers' own unique key is found as well.
      expect((await query(test, uniqueKey, { indexType: 'K' })).bodies).toEqual(['two']);
      expect((await query(test, last.transactionId!, { uniqueKeyQuery: true })).bodies).toEqual(['three']);
      expect((await query(test, 'red', { indexType: 'T' })).bodies).toEqual(['one', 'three']);
    };
    await check();
    await test.restart();
    await check();
  });

  it('answers QUERY_NOT_FOUND with a header that Java can read', async () => {
    await using test = await TestBroker.start();
    await test.send('T', 'x', { props: { KEYS: 'k', TAGS: 't' } });
    const nothing = { code: ResponseCode.queryNotFound, remark: 'can not find message, maybe time range not correct', header: { indexLastUpdateTimestamp: 0, indexLastUpdatePhyoffset: 0 } };
    expect(await query(test, 'none')).toMatchObject(nothing);
    expect(await query(test, 'k', { topic: 'Unknown' })).toMatchObject(nothing);
    expect(await query(test, 'k', { uniqueKeyQuery: true })).toMatchObject(nothing);
    expect(await query(test, 't')).toMatchObject(nothing);
    expect(await query(test, 'k', { indexType: 'T' })).toMatchObject(nothing);
    expect(await query(test, 'k', { maxNum: 0 })).toMatchObject(nothing);
    expect(await query(test, 'k', { maxNum: -5 })).toMatchObject(nothing);
    expect(await query(test, 'k', { beginTimestamp: Date.now() + 60_000 })).toMatchObject(nothing);
    expect(await query(test, 'k', { endTimestamp: 1 })).toMatchObject(nothing);
  });

  it('gives the newest, as many as asked for and allowed', async () => {
    await using test = await TestBroker.start();
    for (let i = 0; i < 70; i++) await test.send('T', String(i), { props: { KEYS: 'k', UNIQ_KEY: 'same' } });
    const numbers = (from: number): string[] => Array.from({ length: 70 - from }, (_, i) => String(from + i));
    expect((await query(test, 'k', { maxNum: 3 })).bodies).toEqual(numbers(67));
    expect((await query(test, 'k', { maxNum: 1000 })).bodies).toEqual(numbers(6));
    expect((await query(test, 'same', { maxNum: 1, uniqueKeyQuery: true })).bodies).toEqual(numbers(38));
  });

  it('keeps an answer in a frame', async () => {
    await using test = await TestBroker.start({ settings: { mappedFileSizeCommitLog: 32 * 1024 * 1024 } });
    for (let i = 0; i < 5; i++) await test.send('T', Buffer.alloc(3_000_000, i), { props: { KEYS: 'large' } });
    expect((await query(test, 'large')).bodies.map((body) => body.codePointAt(0))).toEqual([3, 4]);
  });

  it('takes a time range', async () => {
    await using test = await TestBroker.start();
    for (let i = 0; i < 3; i++) {
      await test.send('T', String(i), { props: { KEYS: 'k' } });
      const before = Date.now();
      await eventually(() => Date.now() > before + 5);
    }
    const stored = await test.pull('T', 0, 0);
    const [first, second, third] = stored.messages.map((message) => message.storeTimestamp) as [number, number, number];
    expect((await query(test, 'k', { beginTimestamp: second })).bodies).toEqual(['1', '2']);
    expect((await query(test, 'k', { beginTimestamp: second, endTimestamp: second })).bodies).toEqual(['1']);
    expect((await query(test, 'k', { endTimestamp: third - 1 })).bodies).toEqual(['0', '1']);
    expect((await query(test, 'k', { endTimestamp: first, maxNum: 1 })).bodies).toEqual(['0']);
  });

  it('answers SYSTEM_BUSY when too many run at a time, and serves the others', async () => {
    await using test = await TestBroker.start();
    for (let i = 0; i < 30; i++) await test.send('T', String(i), { props: { KEYS: 'k' } });
    const codes = (await Promise.all(Array.from({ length: 300 }, () => query(test, 'k')))).map(({ code }) => code);
    expect(codes).toContain(0);
    expect(codes.filter((code) => code !== 0 && code !== ResponseCode.systemBusy)).toEqual([]);
    expect((await query(test, 'k')).code).toBe(0);
  });

  it('finds nothing with messageIndexEnable=false, and all when it is on again', async () => {
    await using test = await TestBroker.start({ settings: { messageIndexEnable: false } });
    await test.send('T', 'x', { props: { KEYS: 'k' } });
    expect((await query(test, 'k')).code).toBe(ResponseCode.queryNotFound);
    await test.restart({ messageIndexEnable: true });
    expect((await query(test, 'k')).bodies).toEqual(['x']);
  });
});
