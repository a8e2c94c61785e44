import { rmSync } from 'node:fs';
import { MessageSysFlag } from '@kitemq/protocol';
import { memoryKeyValueStores } from '@kitemq/runtime';
import { expect, it } from 'vitest';
import { LogStore, type CleanReport, type TopicRetention } from '../../src/index.ts';
import { FaultyDisk } from '../faulty-disk.ts';
import { append, message, read, readAll, startedStore, temporaryFolder } from '../support.ts';
import { hour, smallSegments, TestClock } from './support.ts';

const clean = (store: LogStore, ...topics: TopicRetention[]): Promise<CleanReport> => store.clean({ topics });

it('a topic loses what is older than it keeps, others do not', async () => {
  const clock = new TestClock();
  const store = await startedStore(smallSegments(temporaryFolder(), clock));
  for (let round = 0; round < 6; round++) {
    for (const topic of ['Short', 'TopicTest']) for (let queueId = 0; queueId < 2; queueId++) await append(store, message(`${round}`, { topic, queueId }));
    clock.aheadMs += hour;
  }
  const limit: TopicRetention = { topic: 'Short', ageMs: 2.5 * hour };
  expect(await clean(store, limit)).toMatchObject({ trimmedQueues: 2, deletedSegments: 0 });
  expect([0, 1].map((queueId) => [store.minOffset('Short', queueId), store.minOffset('TopicTest', queueId)])).toEqual([[4, 0], [4, 0]]);
  expect(await readAll(store, 'Short', 1)).toEqual(['4', '5']);
  expect(await read(store, { topic: 'Short', queueId: 1, offset: 2 })).toMatchObject({ status: 'OFFSET_TOO_SMALL', nextBeginOffset: 4 });
  // Nothing new to say, nothing is logged.
  expect(await clean(store, limit)).toMatchObject({ trimmedQueues: 0 });
  clock.aheadMs += 10 * hour;
  expect(await clean(store, limit)).toMatchObject({ trimmedQueues: 2 });
  expect([store.minOffset('Short', 0), store.maxOffset('Short', 0), (await append(store, message('6', { topic: 'Short' }))).queueOffset]).toEqual([6, 6, 6]);
});

it('a topic loses nothing by age while the disk does not give back how old it is, and a search by time says so', async () => {
  const clock = new TestClock();
  const disk = new FaultyDisk();
  const options = smallSegments(temporaryFolder(), clock, { hotTailBytes: 0 });
  const store = await startedStore({ ...options, runtime: { ...options.runtime, disk } });
  for (let round = 0; round < 6; round++) {
    for (let number = 0; number < 10; number++) await append(store, message(`${round}`.padEnd(500), { topic: 'Short' }));
    clock.aheadMs += hour;
  }
  const limit: TopicRetention = { topic: 'Short', ageMs: 2.5 * hour };
  disk.readError = 'EIO';
  expect(await clean(store, limit)).toMatchObject({ trimmedQueues: 0 });
  await expect(store.offsetByTime('Short', 0, clock.now() - 2.5 * hour, 'LOWER')).rejects.toMatchObject({ code: 'KITE_STORE_UNREADABLE', retryable: true });
  expect(store.minOffset('Short', 0)).toBe(0);
  disk.readError = undefined;
  expect(await clean(store, limit)).toMatchObject({ trimmedQueues: 1 });
  expect(store.minOffset('Short', 0)).toBe(40);
});

it('a topic loses its oldest messages, of whatever queue, when it has too many bytes', async () => {
  const store = await startedStore(smallSegments(temporaryFolder(), new TestClock()));
  const send = async (queueId: number, from: number, count: number): Promise<void> => {
    for (let number = from; number < from + count; number++) await append(store, message(`${number}`.padEnd(1000), { topic: 'Small', queueId }));
  };
  await send(0, 0, 10);
  await send(1, 10, 10);
  await send(0, 20, 10);
  // Records have about 100 bytes more than their bodies.
  const limit: TopicRetention = { topic: 'Small', bytes: 13_000 };
  await clean(store, limit);
  const left = async (): Promise<number[]> => [...(await readAll(store, 'Small', 0)), ...(await readAll(store, 'Small', 1))].map(Number).sort((a, b) => a - b);
  const kept = await left();
  expect(kept.length).toBeGreaterThanOrEqual(11);
  expect(kept.length).toBeLessThanOrEqual(12);
  expect(kept).toEqual(Array.from({ length: kept.length }, (_, index) => 30 - kept.length + index));
  await send(1, 30, 5);
  await clean(store, limit);
  expect(await left()).toEqual(Array.from({ length: kept.length }, (_, index) => 35 - kept.length + index));
});

it('a batch that is one record counts once, and goes as a whole', async () => {
  const store = await startedStore(smallSegments(temporaryFolder(), new TestClock(), { segmentBytes: 1024 * 1024 }));
  const send = (count: number) => append(store, message('b'.repeat(1000), { topic: 'Batches', sysFlag: MessageSysFlag.innerBatch | MessageSysFlag.needUnwrap, properties: Buffer.from(`INNER_NUM\u0001${count}\u0002`), count }));
  // More entries than a chunk of the queue has, in batches that its ends divide.
  for (let batch = 0; batch < 10; batch++) await send(60);
  expect(await clean(store, { topic: 'Batches', bytes: 12_000 })).toMatchObject({ trimmedQueues: 0 });
  // Six of them: records have about 100 bytes more than their bodies.
  const limit: TopicRetention = { topic: 'Batches', bytes: 7_000 };
  await clean(store, limit);
  expect([store.minOffset('Batches', 0), store.maxOffset('Batches', 0)]).toEqual([240, 600]);
  await send(2);
  await send(1);
  await clean(store, limit);
  expect([store.minOffset('Batches', 0), store.maxOffset('Batches', 0)]).toEqual([360, 603]);
  expect(await clean(store, limit)).toMatchObject({ trimmedQueues: 0 });
});

it.each([
  ['a restart', false],
  ['a rebuild from the log', true],
])('is true after %s', async (_, rebuild) => {
  const clock = new TestClock();
  const path = temporaryFolder();
  const openKeyValue = memoryKeyValueStores();
  const store = new LogStore(smallSegments(path, clock, { openKeyValue }));
  await store.start();
  for (let number = 0; number < 500; number++) void append(store, message(`${number}`));
  await append(store, message('500'));
  await clean(store, { topic: 'TopicTest', bytes: 1000 });
  const before = [store.minOffset('TopicTest', 0), store.maxOffset('TopicTest', 0)];
  expect(before[0]).toBeGreaterThan(480);
  await store.shutdown();
  if (rebuild) rmSync(`${path}/views`, { recursive: true, force: true });
  const again = new LogStore(smallSegments(path, clock, { openKeyValue: rebuild ? memoryKeyValueStores() : openKeyValue }));
  await again.start();
  expect([again.minOffset('TopicTest', 0), again.maxOffset('TopicTest', 0)]).toEqual(before);
  await again.shutdown();
});

it('does not touch a topic that was made again while it was removed', async () => {
  const store = await startedStore(smallSegments(temporaryFolder(), new TestClock()));
  for (let number = 0; number < 20; number++) await append(store, message(`${number}`));
  const cleaning = clean(store, { topic: 'TopicTest', bytes: 300 });
  const removing = store.removeTopic('TopicTest');
  const again = removing.then(() => append(store, message('again')));
  await Promise.all([cleaning, removing, again]);
  expect([store.minOffset('TopicTest', 0), store.maxOffset('TopicTest', 0)]).toEqual([0, 1]);
  expect(await readAll(store)).toEqual(['again']);
});

it('gives the space back when nothing in a segment can be read any more', async () => {
  const store = await startedStore(smallSegments(temporaryFolder(), new TestClock()));
  for (const topic of ['A', 'B']) for (let number = 0; number < 30; number++) await append(store, message(`${number}`.padEnd(1000), { topic }));
  expect(await store.clean({})).toMatchObject({ deletedSegments: 0 });
  const trimmed = await clean(store, { topic: 'A', bytes: 3000 });
  // Seven of the ten segments with messages of A have none that are left.
  expect(trimmed.deletedSegments).toBeGreaterThanOrEqual(7);
  expect(await readAll(store, 'A')).toHaveLength(2);
  await store.removeTopic('A');
  expect((await store.clean({})).deletedSegments).toBeGreaterThan(0);
  expect(await readAll(store, 'B')).toHaveLength(30);
  expect(await read(store, { topic: 'A', offset: 0 })).toMatchObject({ status: 'NO_MATCHED_LOGIC_QUEUE' });
});
