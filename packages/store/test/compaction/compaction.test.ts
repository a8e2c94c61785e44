import { RecordView } from '@kitemq/protocol';
import { memoryKeyValueStores } from '@kitemq/runtime';
import { describe, expect, it } from 'vitest';
import type { LogStore, ReadResult, StoreOptions } from '../../src/index.ts';
import { append, message, read, startedStore, storeOptions, temporaryFolder, turnOver } from '../support.ts';

const topic = 'Prices';

function compactedOptions(path: string, overrides: Partial<StoreOptions> = {}): StoreOptions {
  return storeOptions(path, { topicPolicy: (name) => (name === topic ? { cleanup: 'compact' } : undefined), segmentBytes: 8192, hotTailBytes: 0, ...overrides });
}

const priced = (key: string, value: string) => message(value, { topic, properties: Buffer.from(`KEYS\u0001${key}\u0002`) });

const put = (store: LogStore, key: string, value: string) => append(store, priced(key, value));

const view = new RecordView();

/** What is in a read: offset, key, value of each record. */
function found(result: ReadResult): string[] {
  return result.records.map((record) => {
    view.moveTo(record, 0);
    return `${view.queueOffset} ${view.properties.slice(5, -1)}=${Buffer.from(view.body).toString()}`;
  });
}

async function all(store: LogStore, from = 0): Promise<string[]> {
  const result: string[] = [];
  for (let offset = from; offset < store.maxOffset(topic, 0); ) {
    const part = await read(store, { topic, offset });
    result.push(...found(part));
    expect(part.nextBeginOffset).toBeGreaterThan(offset);
    offset = part.nextBeginOffset;
  }
  return result;
}

describe('a compacted topic', () => {
  it('shows everything until it is compacted, then the latest of each key at its old offset', async () => {
    const store = await startedStore(compactedOptions(temporaryFolder()));
    for (const [key, value] of [['a', '1'], ['b', '1'], ['a', '2'], ['c', '1'], ['a', '3']] as const) await put(store, key, value);
    expect(await all(store)).toEqual(['0 a=1', '1 b=1', '2 a=2', '3 c=1', '4 a=3']);
    await store.compact();
    expect(await all(store)).toEqual(['1 b=1', '3 c=1', '4 a=3']);
    expect(store.minOffset(topic, 0)).toBe(1);
    expect(store.maxOffset(topic, 0)).toBe(5);
    await put(store, 'b', '2');
    expect(await all(store)).toEqual(['1 b=1', '3 c=1', '4 a=3', '5 b=2']);
    await store.compact();
    expect(await all(store)).toEqual(['3 c=1', '4 a=3', '5 b=2']);
  });

  it('a read at a hole gives what comes next, one at the end finds nothing yet', async () => {
    const store = await startedStore(compactedOptions(temporaryFolder()));
    for (const value of ['1', '2', '3']) await put(store, 'a', value);
    await store.compact();
    const first = await read(store, { topic, offset: 0 });
    expect(found(first)).toEqual(['2 a=3']);
    expect([first.status, first.nextBeginOffset, first.minOffset, first.maxOffset]).toEqual(['FOUND', 3, 2, 3]);
    expect((await read(store, { topic, offset: 3 })).status).toBe('OFFSET_OVERFLOW_ONE');
    expect((await read(store, { topic, offset: 4 })).status).toBe('OFFSET_OVERFLOW_BADLY');
  });

  it('gives values that were carried into a part of the log which readers had in memory already', async () => {
    const store = await startedStore(compactedOptions(temporaryFolder(), { segmentBytes: 64 * 1024, slabBytes: 1024 }));
    await put(store, 'old', '1');
    while (store.maxPosition < 64 * 1024) await append(store, message('x'.repeat(4000), { topic: 'Other' }));
    // Enough of them for a reader to have all of it read.
    for (let key = 0; key < 40; key++) await put(store, `k${key}`, 'v'.repeat(900));
    await store.compact();
    expect(found(await read(store, { topic, offset: 1, maxMessages: 100 }))).toHaveLength(40);
    expect((await store.clean({ logBytesMax: 64 * 1024 })).deletedSegments).toBe(1);
    await append(store, message('behind it', { topic: 'Other' }));
    expect(found(await read(store, { topic, offset: 0, maxMessages: 100 }))).toEqual(['0 old=1', ...Array.from({ length: 40 }, (_, key) => `${key + 1} k${key}=${'v'.repeat(900)}`)]);
  });

  it('an empty body removes its key; a message without key goes; the whole KEYS text is the key', async () => {
    const store = await startedStore(compactedOptions(temporaryFolder()));
    await put(store, 'a', '1');
    await put(store, 'a b', '1');
    await append(store, message('no key', { topic }));
    await append(store, message('blank key', { topic, properties: Buffer.from('KEYS\u0001 \u0002') }));
    await put(store, 'a', '');
    await store.compact();
    expect(await all(store)).toEqual(['1 a b=1', '4 a=']);
    await put(store, 'a', 'again');
    await store.compact();
    expect(await all(store)).toEqual(['1 a b=1', '5 a=again']);
  });

  it('a tombstone is there for readers for a turn of the log, then it goes', async () => {
    const store = await startedStore(compactedOptions(temporaryFolder()));
    for (const [key, value] of [['a', '1'], ['b', '1'], ['a', '']] as const) await put(store, key, value);
    await turnOver(store);
    expect(await all(store)).toEqual(['1 b=1', '2 a=']);
    await turnOver(store);
    expect(await all(store)).toEqual(['1 b=1']);
    await put(store, 'a', 'again');
    await store.compact();
    expect(await all(store)).toEqual(['1 b=1', '3 a=again']);
  });

  it('keeps the latest values when the log has lost where they were, with their offsets', async () => {
    const store = await startedStore(compactedOptions(temporaryFolder()));
    for (let index = 0; index < 30; index++) await put(store, `k${index % 5}`, `v${index}`);
    const expected = ['25 k0=v25', '26 k1=v26', '27 k2=v27', '28 k3=v28', '29 k4=v29'];
    for (let round = 0; round < 3; round++) {
      await turnOver(store);
      expect(await all(store)).toEqual(expected);
    }
    const result = await read(store, { topic, offset: 0 });
    view.moveTo(result.records[0] as Uint8Array, 0);
    expect(view.physicalOffset).toBeGreaterThanOrEqual(store.minPosition);
    expect(Buffer.from((await store.recordAt(view.physicalOffset)) as Uint8Array)).toEqual(Buffer.from(result.records[0] as Uint8Array));
    await put(store, 'k2', 'new');
    await turnOver(store);
    expect(await all(store)).toEqual([...expected.filter((each) => !each.includes('k2')), '30 k2=new']);
  });

  it('is the same after a restart, and after a restart without views', async () => {
    const path = temporaryFolder();
    let keyValue = memoryKeyValueStores();
    let store = await startedStore(compactedOptions(path, { openKeyValue: keyValue }));
    for (let index = 0; index < 20; index++) await put(store, `k${index % 3}`, `v${index}`);
    await turnOver(store);
    await put(store, 'k0', 'last');
    await store.compact();
    const expected = ['17 k2=v17', '19 k1=v19', '20 k0=last'];
    expect(await all(store)).toEqual(expected);
    await store.shutdown();
    store = await startedStore(compactedOptions(path, { openKeyValue: keyValue }));
    expect(await all(store)).toEqual(expected);
    await store.shutdown();
    keyValue = memoryKeyValueStores();
    store = await startedStore(compactedOptions(path, { openKeyValue: keyValue }));
    await store.compact();
    expect(await all(store)).toEqual(expected);
    expect(store.maxOffset(topic, 0)).toBe(21);
    expect((await put(store, 'k0', 'x')).queueOffset).toBe(21);
  });

  it('goes on at its end when only carried values are left and the views are lost', async () => {
    const path = temporaryFolder();
    const store = await startedStore(compactedOptions(path));
    for (const key of ['a', 'b', 'c', 'b', 'c']) await put(store, key, key);
    await put(store, 'c', '');
    for (let turn = 0; turn < 3; turn++) await turnOver(store);
    await store.shutdown();
    const again = await startedStore(compactedOptions(path, { openKeyValue: memoryKeyValueStores() }));
    expect(await all(again)).toEqual(['0 a=a', '3 b=b']);
    expect(again.maxOffset(topic, 0)).toBe(6);
    expect((await put(again, 'd', 'd')).queueOffset).toBe(6);
    await again.compact();
    expect(await all(again)).toEqual(['0 a=a', '3 b=b', '6 d=d']);
  });

  it('a topic that is removed and made again begins empty, also after a restart', async () => {
    const path = temporaryFolder();
    const openKeyValue = memoryKeyValueStores();
    const store = await startedStore(compactedOptions(path, { openKeyValue }));
    for (const key of ['a', 'b', 'a']) await put(store, key, 'old');
    await store.compact();
    await store.removeTopic(topic);
    expect(store.maxOffset(topic, 0)).toBe(0);
    await put(store, 'z', 'new');
    await put(store, 'a', 'new');
    await store.compact();
    expect(await all(store)).toEqual(['0 z=new', '1 a=new']);
    await store.shutdown();
    const again = await startedStore(compactedOptions(path, { openKeyValue }));
    expect(await all(again)).toEqual(['0 z=new', '1 a=new']);
  });

  it('finds offsets by time in what is left', async () => {
    const store = await startedStore(compactedOptions(temporaryFolder()));
    const times: number[] = [];
    for (const key of ['a', 'b', 'a', 'c']) {
      times.push((await put(store, key, key)).storeTimestamp);
      await new Promise((resolve) => setTimeout(resolve, 3));
    }
    await store.compact();
    expect(await store.offsetByTime(topic, 0, 0, 'LOWER')).toBe(1);
    expect(await store.offsetByTime(topic, 0, times[2] as number, 'LOWER')).toBe(2);
    expect(await store.offsetByTime(topic, 0, (times[1] as number) + 1, 'UPPER')).toBe(1);
    expect(await store.offsetByTime(topic, 0, (times[3] as number) + 1, 'LOWER')).toBe(4);
    expect(await store.storeTimeAt(topic, 0, 2)).toBe(times[2]);
    expect(await store.storeTimeAt(topic, 0, 0)).toBe(-1);
  });

  it('respects the limits of a read', async () => {
    const store = await startedStore(compactedOptions(temporaryFolder()));
    for (let index = 0; index < 60; index++) await put(store, `k${index % 20}`, 'v');
    await store.compact();
    const first = await read(store, { topic, offset: 0, maxMessages: 7 });
    expect(found(first)).toHaveLength(7);
    expect(first.nextBeginOffset).toBe(47);
    const tiny = await read(store, { topic, offset: 0, maxBytes: 1 });
    expect([found(tiny).length, tiny.nextBeginOffset]).toEqual([1, 41]);
    const none = await read(store, { topic, offset: 0, matchesTags: () => false });
    expect([none.status, none.nextBeginOffset]).toEqual(['NO_MATCHED_MESSAGE', 60]);
  });
});
