import { truncateSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { candidatesMax, queriesMax } from '../../src/read/key-search.ts';
import { hashOfKey } from '../../src/views/key-hash.ts';
import { LogStore, type KeyQuery, type StoreOptions, type TopicPolicy } from '../../src/index.ts';
import { KeyPrefix } from '../../src/views/view.ts';
import { fastRuntime } from '../fast-disk.ts';
import { CopyableRows } from '../recovery/log-copy.ts';
import { append, appendAll, bodyText, checkThroughRestarts, message, numbered, readAll, startedStore, storeOptions, temporaryFolder } from '../support.ts';

const properties = (values: Readonly<Record<string, string>>): Buffer => Buffer.from(Object.entries(values).map(([name, value]) => `${name}\u0001${value}\u0002`).join(''));

async function find(store: LogStore, key: string, query: Partial<KeyQuery> = {}): Promise<string[]> {
  const { records } = await store.queryByKey({ topic: 'TopicTest', key, maxMessages: 64, ...query });
  return records.map(bodyText);
}

/** Two keys of one topic with the same hash. */
function collision(): readonly [string, string] {
  const seen = new Map<number, string>();
  for (let index = 0; ; index++) {
    const key = `key-${index}`;
    const hash = hashOfKey('TopicTest', key, 'key');
    const other = seen.get(hash);
    if (other !== undefined) return [other, key];
    seen.set(hash, key);
  }
}

describe('a query by key', () => {
  it('finds each word of KEYS, the unique key and the tag, from memory, checkpoints and a rebuilt index', async () => {
    const options = storeOptions(temporaryFolder(), { keyPartEntries: 8, checkpointIntervalMs: 1 });
    const store = await startedStore(options);
    await append(store, message('first', { properties: properties({ KEYS: 'a b  c', UNIQ_KEY: 'U1', TAGS: 'red' }) }));
    await append(store, message('second', { properties: properties({ other: 'KEYS', KEYS: 'b', UNIQ_KEY: 'U2', TAGS: 'red' }) }));
    await append(store, message('third', { topic: 'Other', properties: properties({ KEYS: 'b', UNIQ_KEY: 'U1' }) }));
    await appendAll(store, numbered(40), { properties: properties({ KEYS: 'many', UNIQ_KEY: 'same' }) });
    const check = async (opened: LogStore): Promise<void> => {
      expect(await find(opened, 'a')).toEqual(['first']);
      expect(await find(opened, 'b')).toEqual(['first', 'second']);
      expect(await find(opened, 'c')).toEqual(['first']);
      expect(await find(opened, 'b', { maxMessages: 1 })).toEqual(['second']);
      expect(await find(opened, 'U1')).toEqual(['first']);
      expect(await find(opened, 'U1', { kind: 'unique' })).toEqual(['first']);
      expect(await find(opened, 'b', { kind: 'unique' })).toEqual([]);
      expect(await find(opened, 'red', { kind: 'tag' })).toEqual(['first', 'second']);
      expect(await find(opened, 'red')).toEqual([]);
      expect(await find(opened, 'b', { topic: 'Other' })).toEqual(['third']);
      expect(await find(opened, 'many')).toEqual(numbered(40));
      expect(await find(opened, 'many', { maxMessages: 3 })).toEqual(['m37', 'm38', 'm39']);
      expect(await find(opened, 'many', { maxMessages: 0 })).toEqual([]);
      for (const key of ['', ' ', 'KEYS', 'a b', 'd']) expect(await find(opened, key)).toEqual([]);
    };
    await checkThroughRestarts(store, options, check);
  });

  it('says how far the index is', async () => {
    const store = await startedStore(storeOptions(temporaryFolder()));
    expect(await store.queryByKey({ topic: 'TopicTest', key: 'a', maxMessages: 1 })).toEqual({ records: [], lastPosition: -1, lastTime: 0 });
    const keyed = await append(store, message('x', { properties: properties({ KEYS: 'a' }) }));
    await append(store, message('y'));
    expect(await store.queryByKey({ topic: 'TopicTest', key: 'b', maxMessages: 1 })).toEqual({ records: [], lastPosition: keyed.physicalOffset, lastTime: keyed.storeTimestamp });
  });

  it('never answers another key with the same hash', async () => {
    const [one, other] = collision();
    const store = await startedStore(storeOptions(temporaryFolder()));
    await append(store, message('one', { properties: properties({ KEYS: one }) }));
    await append(store, message('other', { properties: properties({ KEYS: other }) }));
    expect(await find(store, one)).toEqual(['one']);
    expect(await find(store, other)).toEqual(['other']);
    expect(await find(store, one, { maxMessages: 1 })).toEqual(['one']);
  });

  it('takes a time range, also with the clock set back in between', async () => {
    const runtime = fastRuntime();
    let now = 1_000_000;
    const clock = { now: () => now, monotonic: () => runtime.clock.monotonic() };
    const store = await startedStore(storeOptions(temporaryFolder(), { runtime: { ...runtime, clock }, keyPartEntries: 8, checkpointIntervalMs: 1 }));
    for (let index = 0; index < 50; index++) {
      now += 1000;
      await append(store, message(`m${index}`, { properties: properties({ KEYS: 'k' }) }));
    }
    const at = (index: number): number => 1_001_000 + index * 1000;
    expect(await find(store, 'k', { begin: at(10), end: at(12) })).toEqual(['m10', 'm11', 'm12']);
    expect(await find(store, 'k', { begin: at(10) + 1, end: at(12) - 1 })).toEqual(['m11']);
    expect(await find(store, 'k', { end: at(1) })).toEqual(['m0', 'm1']);
    expect(await find(store, 'k', { begin: at(48) })).toEqual(['m48', 'm49']);
    expect(await find(store, 'k', { end: at(30), maxMessages: 2 })).toEqual(['m29', 'm30']);
    expect(await find(store, 'k', { end: at(0) - 1 })).toEqual([]);
    expect(await find(store, 'k', { begin: at(50) })).toEqual([]);
    expect(await find(store, 'k', { begin: at(12), end: at(10) })).toEqual([]);
    now = at(20);
    await append(store, message('late', { properties: properties({ KEYS: 'k' }) }));
    expect(await find(store, 'k', { begin: at(48) })).toEqual(['m48', 'm49']);
    expect(await find(store, 'k', { begin: at(20), maxMessages: 2 })).toEqual(['m49', 'late']);
  });

  it('reads a limited number of records and bytes', async () => {
    const store = await startedStore(storeOptions(temporaryFolder(), { runtime: fastRuntime(), segmentBytes: 4 * 1024 * 1024 }));
    await append(store, message('rare', { properties: properties({ KEYS: 'k', UNIQ_KEY: 'rare' }) }));
    await appendAll(store, numbered(candidatesMax + 5), { properties: properties({ KEYS: 'rare', UNIQ_KEY: 'x' }) });
    expect(await find(store, 'rare', { kind: 'unique' })).toEqual([]);
    expect((await find(store, 'rare', { maxMessages: 5000 })).length).toBe(candidatesMax);
    expect(await find(store, 'rare', { maxBytes: 1 })).toEqual([`m${candidatesMax + 4}`]);
    expect((await find(store, 'rare', { maxBytes: 1000 })).length).toBeLessThan(10);
  });

  it('refuses more at a time than its limit', async () => {
    const store = await startedStore(storeOptions(temporaryFolder()));
    await append(store, message('x', { properties: properties({ KEYS: 'a' }) }));
    const asked = await Promise.allSettled(Array.from({ length: queriesMax + 2 }, () => find(store, 'a')));
    expect(asked.filter(({ status }) => status === 'fulfilled')).toHaveLength(queriesMax);
    expect(asked.at(-1)).toMatchObject({ status: 'rejected', reason: { code: 'KITE_STORE_BUSY', retryable: true } });
    expect(await find(store, 'a')).toEqual(['x']);
  });

  it('finds nothing while the index is off, and everything when it is on again', async () => {
    const options = storeOptions(temporaryFolder());
    const store = await startedStore({ ...options, keyIndex: false });
    await append(store, message('x', { properties: properties({ KEYS: 'a' }) }));
    expect(await find(store, 'a')).toEqual([]);
    await store.shutdown();
    const again = await startedStore(options);
    expect((await again.start()).viewsRebuilt).toBe(true);
    expect(await find(again, 'a')).toEqual(['x']);
  });

  it('finds nothing of what retention deleted, and keeps no rows for it', async () => {
    const rows = new CopyableRows();
    const store = await startedStore(storeOptions(temporaryFolder(), { segmentBytes: 8192, hotTailBytes: 0, keyPartEntries: 16, checkpointIntervalMs: 1, openKeyValue: rows.open }));
    const send = (texts: readonly string[]): Promise<unknown> => appendAll(store, texts.map((text) => text.padEnd(500, '.')), { properties: properties({ KEYS: 'k' }) });
    for (let round = 0; round < 10; round++) await send(numbered(10, `r${round}-`));
    const before = await find(store, 'k');
    expect(before).toHaveLength(64);
    while ((await store.clean({ logBytesMax: 16_384 })).deletedSegments > 0);
    await send(['last']);
    const left = await find(store, 'k');
    const readable = await readAll(store);
    expect(left).toEqual(readable.slice(-64));
    expect(left.length).toBeLessThan(40);
    await vi.waitFor(async () => {
      await send(['more']);
      let runs = 0;
      rows.rows.range(Buffer.of(KeyPrefix.keyRun), Buffer.of(KeyPrefix.keyRun + 1), () => void runs++);
      expect(runs).toBeLessThan(8);
    });
  });

  it('finds what compaction carried over, once', async () => {
    const options = storeOptions(temporaryFolder(), { topicPolicy: (topic) => (topic === 'TopicTest' ? { cleanup: 'compact' } : undefined), segmentBytes: 8192, hotTailBytes: 0 });
    const store = await startedStore(options);
    await append(store, message('old', { properties: properties({ KEYS: 'a' }) }));
    await append(store, message('new', { properties: properties({ KEYS: 'a', UNIQ_KEY: 'U1' }) }));
    await append(store, message('other', { properties: properties({ KEYS: 'b' }) }));
    const end = store.maxPosition;
    await appendAll(store, numbered(40).map((text) => text.padEnd(1000, '.')), { topic: 'Filler' });
    while (store.minPosition < end) expect((await store.clean({ logBytesMax: 8192 })).deletedSegments).toBeGreaterThan(0);
    const check = async (opened: LogStore): Promise<void> => {
      expect(await find(opened, 'a')).toEqual(['new']);
      expect(await find(opened, 'U1', { kind: 'unique' })).toEqual(['new']);
      expect(await find(opened, 'b')).toEqual(['other']);
    };
    await checkThroughRestarts(store, options, check);
  });

  describe('among what compaction carried over', () => {
    interface CarriedStore {
      readonly store: LogStore;
      readonly options: StoreOptions;
      readonly time: { now: number };
      /** Has what lies before `end` carried over. */
      readonly clean: (end: number) => Promise<void>;
      /** Appends enough of another topic for what came before to be cleaned away, without what comes then. */
      readonly fill: () => Promise<unknown>;
    }

    async function carriedStore(options: Partial<StoreOptions> = {}): Promise<CarriedStore> {
      const runtime = fastRuntime();
      const time = { now: 1_000_000 };
      const clock = { now: () => time.now, monotonic: () => runtime.clock.monotonic() };
      const topicPolicy = (topic: string): TopicPolicy | undefined => (topic === 'TopicTest' ? { cleanup: 'compact' } : undefined);
      const all = storeOptions(temporaryFolder(), { runtime: { ...runtime, clock }, topicPolicy, segmentBytes: 32 * 1024, hotTailBytes: 0, ...options });
      const store = await startedStore(all);
      const clean = async (end: number): Promise<void> => {
        while (store.minPosition < end) expect((await store.clean({ logBytesMax: store.maxPosition - end })).deletedSegments).toBeGreaterThan(0);
      };
      const fill = (): Promise<unknown> => appendAll(store, Array.from({ length: 8 }, () => '.'.repeat((options.segmentBytes ?? 32 * 1024) / 4 - 1000)), { topic: 'Filler' });
      return { store, options: all, time, clean, fill };
    }

    async function put(store: LogStore, time: { now: number }, texts: readonly string[]): Promise<void> {
      for (const text of texts) {
        time.now += 10;
        await append(store, message(text, { properties: properties({ KEYS: `${text} all`, TAGS: 'T' }) }));
      }
    }

    const old = numbered(100, 'old');
    const recent = numbered(20, 'new');

    it.each([1 << 18, 16])('time ranges and the newest are found as before, in parts of %i entries', async (keyPartEntries) => {
      const { store, options, time, clean, fill } = await carriedStore({ keyPartEntries, checkpointIntervalMs: 1 });
      await put(store, time, old);
      const between = (time.now += 10);
      const end = store.maxPosition;
      await fill();
      await put(store, time, recent);
      await clean(end);
      const check = async (opened: LogStore): Promise<void> => {
        for (const query of [{}, { kind: 'tag' as const, key: 'T' }]) {
          const ask = (more: Partial<KeyQuery>): Promise<string[]> => find(opened, 'all', { ...query, ...more });
          expect(await ask({})).toEqual([...old, ...recent].slice(-64));
          expect(await ask({ begin: between })).toEqual(recent);
          expect(await ask({ end: between })).toEqual(old.slice(-64));
          expect(await ask({ maxMessages: 5 })).toEqual(recent.slice(-5));
          expect(await ask({ begin: between - 30, end: between + 20 })).toEqual([...old.slice(-3), ...recent.slice(0, 2)]);
          expect(await ask({ end: 1_000_020 })).toEqual(old.slice(0, 2));
        }
        expect(await find(opened, 'old7')).toEqual(['old7']);
        expect(await opened.queryByKey({ topic: 'TopicTest', key: 'none', maxMessages: 1 })).toMatchObject({ lastTime: time.now });
      };
      await checkThroughRestarts(store, options, check);
    });

    it('values carried over again and again, between others, are found in order of time', async () => {
      const { store, time, clean, fill } = await carriedStore({ keyPartEntries: 16, checkpointIntervalMs: 1 });
      const expected: string[] = [];
      for (let round = 0; round < 4; round++) {
        const end = store.maxPosition;
        await fill();
        const texts = numbered(10, `r${round}-`);
        expected.push(...texts);
        await put(store, time, texts);
        await clean(end);
        expect(await find(store, 'all')).toEqual(expected);
        expect(await find(store, 'all', { maxMessages: 7 })).toEqual(expected.slice(-7));
      }
      expect(await store.queryByKey({ topic: 'TopicTest', key: 'none', maxMessages: 1 })).toMatchObject({ lastTime: time.now });
    });

    it('more of them than a query reads hide neither the newest nor those of a time', async () => {
      const { store, time, clean, fill } = await carriedStore({ segmentBytes: 1024 * 1024 });
      const count = candidatesMax * 2 + 100;
      for (let first = 0; first < count; first += 100) {
        time.now += 10;
        await Promise.all(numbered(100, `${first}-`).map((text) => append(store, message(text, { queueId: (first / 100) % 3, properties: properties({ KEYS: text, TAGS: 'T' }) }))));
      }
      const end = store.maxPosition;
      await fill();
      await put(store, time, ['newest']);
      await clean(end);
      const ask = (more: Partial<KeyQuery>): Promise<string[]> => find(store, 'T', { kind: 'tag', ...more });
      const last = Math.floor((count - 1) / 100) * 100;
      expect(await ask({ maxMessages: 4 })).toEqual([...[97, 98, 99].map((index) => `${last}-${index}`), 'newest']);
      expect(await ask({ end: 1_000_010, maxMessages: 3 })).toEqual(['0-97', '0-98', '0-99']);
      expect(await ask({ begin: 1_000_100, end: 1_000_100, maxMessages: 1000 })).toEqual(numbered(100, '900-'));
    });
  });

  it('finds what readers find where a file was cut inside of a record', async () => {
    const options = storeOptions(temporaryFolder(), { segmentBytes: 4096, hotTailBytes: 0, slabBytes: 1024 });
    const store = await startedStore(options);
    const texts = numbered(100);
    const waiters = await Promise.all(texts.map((text) => append(store, message(text, { properties: properties({ KEYS: `all ${text}` }) }))));
    await store.shutdown();
    // The last key of the second segment's second record is cut off, its body is whole.
    const index = waiters.findIndex(({ physicalOffset }) => physicalOffset > 4096);
    const end = waiters[index + 1]!.physicalOffset;
    truncateSync(join(options.path, 'commitlog', '00000000000000004096'), end - 3 - 4096);
    const again = await startedStore(options);
    const expected = texts.filter((_, at) => at < index || waiters[at]!.physicalOffset >= 2 * 4096);
    expect(await readAll(again)).toEqual(expected);
    expect(await find(again, 'all', { maxMessages: 100 })).toEqual(expected);
    expect(await find(again, texts[index]!)).toEqual([]);
  });

  it('ends when the store does', async () => {
    const store = await startedStore(storeOptions(temporaryFolder(), { keyPartEntries: 2, checkpointIntervalMs: 1 }));
    await appendAll(store, numbered(200), { properties: properties({ KEYS: 'k' }) });
    const asked = find(store, 'none').catch((error: unknown) => error);
    await store.shutdown();
    await asked;
    await expect(find(store, 'k')).rejects.toMatchObject({ code: 'KITE_STORE_UNAVAILABLE' });
  });
});
