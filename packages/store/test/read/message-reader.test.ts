import { closeSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { RecordView } from '@kitemq/protocol';
import * as fc from 'fast-check';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { MessageStore, ReadQuery, ReadResult, StoreOptions } from '../../src/index.ts';
import { VerifiedRecords } from '../../src/read/verified-records.ts';
import { FaultyDisk, faultyRuntime } from '../faulty-disk.ts';
import { append, appendAll, appendLater, bodies, bodyText, message, numbered, read, readAll, startedStore, storeOptions, temporaryFolder } from '../support.ts';

/** Everything hot, or everything but the last block on disk. */
const tails: readonly (readonly [name: string, options: Partial<StoreOptions>])[] = [
  ['in memory', { hotTailBytes: 64 * 1024 * 1024 }],
  ['on disk', { hotTailBytes: 0, slabBytes: 1024 }],
];

describe.each(tails)('messages %s', (_name, options) => {
  it('are returned as stored, with the limits of the query', async () => {
    const store = await startedStore(storeOptions(temporaryFolder(), options));
    await appendAll(store, numbered(500));
    expect(bodies(await read(store, { offset: 10, maxMessages: 3 }))).toEqual(['m10', 'm11', 'm12']);
    const limited = await read(store, { offset: 100, maxBytes: 310 });
    expect(bodies(limited)).toEqual(['m100', 'm101']);
    expect(limited).toMatchObject({ status: 'FOUND', nextBeginOffset: 102, minOffset: 0, maxOffset: 500, messageCount: 2, byteCount: limited.records.reduce((sum, record) => sum + record.length, 0) });
    expect(bodies(await read(store, { offset: 200, maxBytes: 1 }))).toEqual(['m200']);
    expect(await readAll(store)).toEqual(numbered(500));
  });

  it('are filtered by tags code, then by record; the next offset is behind the last entry looked at', async () => {
    const store = await startedStore(storeOptions(temporaryFolder(), options));
    for (let index = 0; index < 100; index++) await append(store, message(`m${index}`, { tags: index % 10 === 0 ? 'A' : 'B' }));
    const tagA = 65;
    const found = await read(store, { matchesTags: (code) => code === tagA, maxMessages: 4 });
    expect(bodies(found)).toEqual(['m0', 'm10', 'm20', 'm30']);
    expect(found.nextBeginOffset).toBe(31);
    const both = await read(store, { matchesTags: (code) => code === tagA, matchesRecord: (record) => bodyText(record) === 'm50', maxMessages: 10 });
    expect(bodies(both)).toEqual(['m50']);
    // From disk, at most `maxMessages` are read before the second pass.
    expect(both.nextBeginOffset).toBeGreaterThan(90);
    expect(await read(store, { matchesTags: () => false })).toMatchObject({ status: 'NO_MATCHED_MESSAGE', nextBeginOffset: 100, records: [] });
    expect(await read(store, { matchesTags: () => false, scanMax: 40 })).toMatchObject({ status: 'NO_MATCHED_MESSAGE', nextBeginOffset: 40 });
    expect(await read(store, { matchesRecord: () => false })).toMatchObject({ status: 'NO_MATCHED_MESSAGE' });
  });

  it('can be found by place and by time', async () => {
    let now = 1000;
    const base = storeOptions(temporaryFolder(), options);
    const store = await startedStore({ ...base, runtime: { ...base.runtime, clock: { now: () => now, monotonic: () => performance.now() } } });
    const positions: number[] = [];
    for (let index = 0; index < 50; index++) {
      now = 1000 + Math.floor(index / 2) * 10;
      positions.push((await append(store, message(`m${index}`))).physicalOffset);
    }
    const view = new RecordView();
    for (const [index, position] of positions.entries()) {
      const record = await store.recordAt(position);
      view.moveTo(record as Uint8Array, 0);
      expect(Buffer.from(view.body).toString()).toBe(`m${index}`);
    }
    for (const position of [-1, 1, positions[3] as number + 4, store.maxPosition, 1e15, 0.5, Number.NaN]) expect(await store.recordAt(position)).toBeUndefined();
    expect(await store.storeTimeAt('TopicTest', 0, 7)).toBe(1030);
    expect(await store.storeTimeAt('TopicTest', 0, 50)).toBe(-1);
    expect(await store.storeTimeAt('TopicTest', 9, 0)).toBe(-1);
    expect(await store.earliestStoreTime('TopicTest', 0)).toBe(1000);
    expect(await store.earliestStoreTime()).toBe(1000);
    const byTime = (time: number, boundary: 'LOWER' | 'UPPER'): Promise<number> => store.offsetByTime('TopicTest', 0, time, boundary);
    expect(await byTime(1010, 'LOWER')).toBe(2);
    expect(await byTime(1010, 'UPPER')).toBe(3);
    expect(await byTime(1015, 'LOWER')).toBe(4);
    expect(await byTime(1015, 'UPPER')).toBe(3);
    expect(await byTime(0, 'LOWER')).toBe(0);
    expect(await byTime(0, 'UPPER')).toBe(0);
    expect(await byTime(1e12, 'LOWER')).toBe(50);
    expect(await byTime(1e12, 'UPPER')).toBe(49);
    expect(await store.offsetByTime('Unknown', 0, 5, 'LOWER')).toBe(0);
  });
});

it('every refusal has Apache\'s status and next offset', async () => {
  const store = await startedStore(storeOptions(temporaryFolder()));
  expect(await read(store)).toMatchObject({ status: 'NO_MATCHED_LOGIC_QUEUE', nextBeginOffset: 0, minOffset: 0, maxOffset: 0 });
  await appendAll(store, numbered(3));
  expect(await read(store, { offset: 3 })).toMatchObject({ status: 'OFFSET_OVERFLOW_ONE', nextBeginOffset: 3 });
  expect(await read(store, { offset: 4 })).toMatchObject({ status: 'OFFSET_OVERFLOW_BADLY', nextBeginOffset: 3 });
  expect(await read(store, { offset: -1 })).toMatchObject({ status: 'OFFSET_TOO_SMALL', nextBeginOffset: 0 });
  expect(await read(store, { queueId: 1 })).toMatchObject({ status: 'NO_MATCHED_LOGIC_QUEUE' });
  expect(await read(store, { topic: 'Other' })).toMatchObject({ status: 'NO_MATCHED_LOGIC_QUEUE' });
});

it('a disk that cannot be read makes the reader come back later, and hurts nobody else', async () => {
  const disk = new FaultyDisk();
  const store = await startedStore(storeOptions(temporaryFolder(), { runtime: faultyRuntime(disk), hotTailBytes: 0, slabBytes: 1024 }));
  await appendAll(store, numbered(100));
  disk.readError = 'EIO';
  expect(await read(store)).toMatchObject({ status: 'OFFSET_FOUND_NULL', nextBeginOffset: 0, records: [] });
  expect(bodies(await read(store, { offset: 99 }))).toEqual(['m99']);
  expect(await store.recordAt(0)).toBeUndefined();
  disk.readError = undefined;
  expect(await readAll(store)).toEqual(numbered(100));
});

it('many readers of old messages wait for each other, and all are answered', async () => {
  const store = await startedStore(storeOptions(temporaryFolder(), { hotTailBytes: 0, slabBytes: 1024 }));
  await appendAll(store, numbered(300));
  const results = await Promise.all(Array.from({ length: 200 }, (_, index) => read(store, { offset: index, maxMessages: 5 })));
  for (const [index, result] of results.entries()) expect(bodies(result)).toEqual(numbered(index + 5).slice(index));
});

it('a query object may be used again for the next read, and transient answers share memory one after the other', async () => {
  const store = await startedStore(storeOptions(temporaryFolder(), { hotTailBytes: 0, slabBytes: 1024 }));
  await appendAll(store, numbered(400));
  const query: ReadQuery = { topic: 'TopicTest', queueId: 0, offset: 0, maxMessages: 5, maxBytes: 1e6, matchesTags: undefined, matchesRecord: undefined, transient: true };
  const answers: Promise<string[]>[] = [];
  for (let reader = 0; reader < 20; reader++) {
    query.offset = reader * 10;
    query.matchesRecord = (record) => bodyText(record) !== `m${reader * 10 + 1}`;
    answers.push(new Promise((resolve) => store.read(query, { readDone: (result) => resolve(bodies(result)) })));
  }
  const expected = Array.from({ length: 20 }, (_, reader) => [0, 2, 3, 4].map((n) => `m${reader * 10 + n}`));
  expect(await Promise.all(answers)).toEqual(expected);
});

/** Read like a pull: the bytes of all pieces, copied while they are valid. */
const pulled = (store: MessageStore, offset: number, maxMessages: number): Promise<{ result: ReadResult; bytes: Buffer }> =>
  new Promise((resolve) => {
    const query: ReadQuery = { topic: 'TopicTest', queueId: 0, offset, maxMessages, maxBytes: 1e7, matchesTags: undefined, matchesRecord: undefined, transient: true };
    store.read(query, { readDone: (result) => resolve({ result, bytes: Buffer.concat(result.records) }) });
  });

it('a transient answer has the same bytes in fewer pieces, wherever they come from', async () => {
  const store = await startedStore(storeOptions(temporaryFolder(), { hotTailBytes: 300_000, slabBytes: 8192 }));
  // Longer ones than blocks have in common too, and the end of it still in memory.
  const texts = Array.from({ length: 700 }, (_, index) => `${index}`.padEnd(index % 97 === 0 ? 50_000 : (index * 37) % 3000, 'x'));
  await appendAll(store, texts);
  for (const [offset, count] of [[0, 700], [3, 50], [95, 4], [640, 60], [97, 1], [400, 290]] as const) {
    const { records, byteCount, messageCount } = await read(store, { offset, maxMessages: count, maxBytes: 1e7 });
    const { result, bytes } = await pulled(store, offset, count);
    expect(bytes.equals(Buffer.concat(records))).toBe(true);
    expect(result).toMatchObject({ status: 'FOUND', messageCount, byteCount, nextBeginOffset: offset + count });
    expect(byteCount).toBe(bytes.length);
  }
  const { result } = await pulled(store, 0, 90);
  expect(result.records.length).toBeLessThan(10);
});

it('a record with a damaged head or body is left out of every kind of answer', async () => {
  const path = temporaryFolder();
  const store = await startedStore(storeOptions(path, { hotTailBytes: 0, slabBytes: 1024 }));
  const places: number[] = [];
  for (const text of numbered(100)) places.push((await append(store, message(text))).physicalOffset);
  const file = openSync(join(path, 'commitlog', '0'.repeat(20)), 'r+');
  // The first byte of the body of m5; the log position in the head of m7.
  writeSync(file, 'X', (places[5] as number) + 88);
  writeSync(file, 'X', (places[7] as number) + 34);
  closeSync(file);
  const sound = await read(store, { offset: 4, maxMessages: 5 });
  expect(bodies(sound)).toEqual(['m4', 'm6', 'm8']);
  expect(sound).toMatchObject({ messageCount: 3, nextBeginOffset: 9 });
  const { result, bytes } = await pulled(store, 4, 5);
  expect(result).toMatchObject({ messageCount: 3, byteCount: bytes.length, nextBeginOffset: 9 });
  expect(bytes.includes('X5')).toBe(false);
});

it('records that were handed out never change, whatever is appended later', async () => {
  const store = await startedStore(storeOptions(temporaryFolder(), { hotTailBytes: 0, slabBytes: 1024 }));
  await appendAll(store, numbered(5));
  const { records } = await read(store);
  const copies = records.map((record) => Buffer.from(record));
  await appendAll(store, numbered(2000, 'later'));
  for (const [index, record] of records.entries()) expect(copies[index]?.equals(record)).toBe(true);
});

it('arrivals are announced once per message, in order, when it can be read', async () => {
  const store = await startedStore(storeOptions(temporaryFolder()));
  const seen: [string, number, number, number][] = [];
  store.onArrival((topic, queueId, offset, tagsCode) => {
    expect(store.maxOffset(topic, queueId)).toBe(offset + 1);
    seen.push([topic, queueId, offset, tagsCode]);
  });
  await append(store, message('a', { tags: 'TagA' }));
  await append(store, message('b', { queueId: 3 }));
  await append(store, message('c'));
  await vi.waitFor(() => expect(seen.length).toBe(3));
  expect(seen).toEqual([
    ['TopicTest', 0, 0, 2598919],
    ['TopicTest', 3, 0, 0],
    ['TopicTest', 0, 1, 0],
  ]);
});

it('prepared and rolled back transactions have no place in a queue, committed ones have', async () => {
  const store = await startedStore(storeOptions(temporaryFolder()));
  await append(store, message('plain'));
  await append(store, message('prepared', { sysFlag: 0x4 }));
  await append(store, message('rolled back', { sysFlag: 0xc }));
  const committed = await append(store, message('committed', { sysFlag: 0x8 }));
  expect(committed.queueOffset).toBe(1);
  expect(await readAll(store)).toEqual(['plain', 'committed']);
});

it('whatever is appended to whatever queue comes back in order, also after a restart', async () => {
  const sends = fc.array(fc.record({ queueId: fc.integer({ min: 0, max: 3 }), topic: fc.constantFrom('A', 'B'), body: fc.uint8Array({ maxLength: 3000 }) }), { maxLength: 60 });
  await fc.assert(
    fc.asyncProperty(sends, fc.constantFrom('sync' as const, 'async' as const), async (list, flushMode) => {
      const options = storeOptions(temporaryFolder(), { flushMode, segmentBytes: 8192, hotTailBytes: 4096, slabBytes: 1024 });
      const store = await startedStore(options);
      const model = new Map<string, string[]>();
      for (const { topic, queueId, body } of list) {
        await append(store, message(body, { topic, queueId }));
        const key = `${topic}-${queueId}`;
        model.set(key, [...(model.get(key) ?? []), Buffer.from(body).toString()]);
      }
      const check = async (opened: typeof store): Promise<void> => {
        for (const [key, expected] of model) {
          const [topic, queueId] = key.split('-') as [string, string];
          expect(await readAll(opened, topic, Number(queueId))).toEqual(expected);
        }
        expect([...opened.queues()].length).toBe(model.size);
      };
      await check(store);
      await store.shutdown();
      await check(await startedStore(options));
    }),
    { numRuns: 15 },
  );
});

it('what is damaged in a backlog is left out, the first time and again, while blocks are read ahead and digested', async () => {
  const path = temporaryFolder();
  const restored = vi.spyOn(VerifiedRecords.prototype, 'restore');
  onTestFinished(() => restored.mockRestore());
  const options = storeOptions(path, { hotTailBytes: 0, slabBytes: 65_536, segmentBytes: 16 * 1024 * 1024 });
  const writer = await startedStore(options);
  const body = (queueId: number, index: number): string => `${queueId}:${index}:`.padEnd(1_000 + ((index * 37) % 700), 'x');
  const count = 800;
  const places: number[] = [];
  for (let index = 0; index < count; index++) {
    const waiters = [0, 1, 2, 3].map((queueId) => appendLater(writer, message(body(queueId, index), { queueId })));
    for (const waiter of waiters) await waiter.done;
    places.push(waiters[2]!.physicalOffset);
  }
  await writer.shutdown();
  const damaged = [333, 500, 700];
  const file = openSync(join(path, 'commitlog', '0'.repeat(20)), 'r+');
  for (const index of damaged) writeSync(file, 'X', places[index]! + 150);
  closeSync(file);
  // What a store wrote itself a moment ago it would take to be as it was.
  const store = await startedStore(options);
  for (let pass = 0; pass < 2; pass++) {
    const readers = [0, 1, 2, 3].map(async (queueId) => {
      const seen: string[] = [];
      for (let offset = 0; offset < count; ) {
        const next = await new Promise<number>((resolve) => {
          const query: ReadQuery = { topic: 'TopicTest', queueId, offset, maxMessages: 20, maxBytes: 1e6, matchesTags: undefined, matchesRecord: undefined, transient: true };
          store.read(query, {
            readDone: ({ records, nextBeginOffset }) => {
              const bytes = Buffer.concat(records);
              const view = new RecordView();
              for (let at = 0; at < bytes.length; ) {
                at += view.moveTo(bytes, at);
                seen.push(Buffer.from(view.body).toString());
              }
              resolve(nextBeginOffset);
            },
          });
        });
        offset = next;
      }
      expect(seen).toEqual(Array.from({ length: count }, (_, index) => body(queueId, index)).filter((_, index) => queueId !== 2 || !damaged.includes(index)));
    });
    await Promise.all(readers);
  }
  expect(restored.mock.calls.filter(([block]) => block.digest !== undefined).length).toBeGreaterThan(0);
});
