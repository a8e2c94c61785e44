import { memoryKeyValueStores } from '@kitemq/runtime';
import { describe, expect, it } from 'vitest';
import { LogStore, type KeyQuery } from '../../src/index.ts';
import { append, appendAll, bodyText, message, numbered, startedStore, storeOptions, temporaryFolder } from '../support.ts';

const properties = (values: Readonly<Record<string, string>>): Buffer => Buffer.from(Object.entries(values).map(([name, value]) => `${name}\u0001${value}\u0002`).join(''));

async function find(store: LogStore, key: string, query: Partial<KeyQuery> = {}): Promise<string[]> {
  const { records } = await store.queryByKey({ topic: 'TopicTest', key, maxMessages: 64, ...query });
  return records.map(bodyText);
}

describe('a query by key', () => {
  it('finds each word of KEYS, the unique key and the tag', async () => {
    const store = await startedStore(storeOptions(temporaryFolder()));
    await append(store, message('first', { properties: properties({ KEYS: 'a b  c', UNIQ_KEY: 'U1', TAGS: 'red' }) }));
    await append(store, message('second', { properties: properties({ other: 'KEYS', KEYS: 'b', UNIQ_KEY: 'U2', TAGS: 'red' }) }));
    await append(store, message('third', { topic: 'Other', properties: properties({ KEYS: 'b', UNIQ_KEY: 'U1' }) }));
    await appendAll(store, numbered(10));
    expect(await find(store, 'a')).toEqual(['first']);
    expect(await find(store, 'b')).toEqual(['first', 'second']);
    expect(await find(store, 'c')).toEqual(['first']);
    expect(await find(store, 'b', { maxMessages: 1 })).toEqual(['second']);
    expect(await find(store, 'U1')).toEqual(['first']);
    expect(await find(store, 'U1', { kind: 'unique' })).toEqual(['first']);
    expect(await find(store, 'b', { kind: 'unique' })).toEqual([]);
    expect(await find(store, 'red', { kind: 'tag' })).toEqual(['first', 'second']);
    expect(await find(store, 'red')).toEqual([]);
    expect(await find(store, 'b', { topic: 'Other' })).toEqual(['third']);
    for (const key of ['', ' ', 'KEYS', 'a b', 'd']) expect(await find(store, key)).toEqual([]);
  });
});
