import { rmSync, readdirSync, statSync } from 'node:fs';
import { memoryKeyValueStores, type DiskFile, type OpenMode } from '@kitemq/runtime';
import { describe, expect, it } from 'vitest';
import { LogStore } from '../../src/index.ts';
import { FaultyDisk, faultyRuntime } from '../faulty-disk.ts';
import { append, appendLater, message, read, readAll, startedStore, temporaryFolder, type Waiter } from '../support.ts';
import { appendHourly, hour, keepHours, smallSegments, TestClock } from './support.ts';

const segmentsOf = (path: string): string[] => readdirSync(`${path}/commitlog`);

describe('segments by age', () => {
  it('go from the head when all in them has expired, and queues begin later', async () => {
    const clock = new TestClock();
    const path = temporaryFolder();
    const store = await startedStore(smallSegments(path, clock));
    await appendHourly(store, clock, 10);
    const before = segmentsOf(path).length;
    expect(await store.clean(keepHours(100))).toMatchObject({ deletedSegments: 0, minPosition: 0 });
    const report = await store.clean(keepHours(5));
    expect(report.deletedSegments).toBeGreaterThan(2);
    expect(segmentsOf(path).length).toBeLessThan(before);
    expect(report.minPosition).toBe(store.minPosition);
    const min = store.minOffset('TopicTest', 0);
    // Nothing that is younger than five hours has gone, nothing that is in a file of its own is older by more than a round.
    expect(min).toBeGreaterThan(60);
    expect(min).toBeLessThanOrEqual(120);
    expect(store.maxOffset('TopicTest', 0)).toBe(200);
    expect((await readAll(store)).length).toBe(200 - min);
    expect(await read(store, { offset: min - 1 })).toMatchObject({ status: 'OFFSET_TOO_SMALL', nextBeginOffset: min, minOffset: min, maxOffset: 200 });
    expect(await store.storeTimeAt('TopicTest', 0, min - 1)).toBe(-1);
    expect(await store.earliestStoreTime('TopicTest', 0)).toBe(await store.storeTimeAt('TopicTest', 0, min));
    expect(await store.earliestStoreTime()).toBe(await store.storeTimeAt('TopicTest', 0, min));
    expect(await store.offsetByTime('TopicTest', 0, 0, 'LOWER')).toBe(min);
  });

  it('wait for a quiet hour, unless they are long overdue', async () => {
    const clock = new TestClock();
    const store = await startedStore(smallSegments(temporaryFolder(), clock));
    await appendHourly(store, clock, 10);
    expect(await store.clean({ ...keepHours(5), deleteExpired: false })).toMatchObject({ deletedSegments: 0 });
    expect(await store.clean({ ...keepHours(5), deleteExpired: false, overdueMs: 24 * hour })).toMatchObject({ deletedSegments: 0 });
    clock.aheadMs += 22 * hour;
    expect((await store.clean({ ...keepHours(5), deleteExpired: false, overdueMs: 24 * hour })).deletedSegments).toBeGreaterThan(0);
  });

  it('a single message goes too: the last segment is ended before it is full', async () => {
    const clock = new TestClock();
    const path = temporaryFolder();
    const store = await startedStore(smallSegments(path, clock, { segmentBytes: 1024 * 1024 }));
    await append(store, message('alone'));
    await store.clean(keepHours(8));
    expect(segmentsOf(path)).toHaveLength(1);
    clock.aheadMs += 1.5 * hour;
    await store.clean(keepHours(8));
    expect(segmentsOf(path)).toHaveLength(2);
    expect(await readAll(store)).toEqual(['alone']);
    clock.aheadMs += 9 * hour;
    expect(await store.clean(keepHours(8))).toMatchObject({ deletedSegments: 1 });
    expect([store.minOffset('TopicTest', 0), store.maxOffset('TopicTest', 0)]).toEqual([1, 1]);
    // A log without messages does not go on rolling.
    const left = segmentsOf(path);
    for (let day = 0; day < 5; day++) {
      clock.aheadMs += 24 * hour;
      await store.clean(keepHours(8));
    }
    expect(segmentsOf(path)).toEqual(left);
    expect((await append(store, message('next'))).queueOffset).toBe(1);
    expect(await read(store, { offset: 0 })).toMatchObject({ status: 'OFFSET_TOO_SMALL', nextBeginOffset: 1 });
  });
});

describe('a clock that was wrong when a segment began', () => {
  /** Two segments of messages, of which the second began when the clock went wrong by so much. */
  async function storeWith(clock: TestClock, wrongMs: number): Promise<LogStore> {
    const store = await startedStore(smallSegments(temporaryFolder(), clock));
    await append(store, message('first'));
    clock.aheadMs += wrongMs;
    while (store.maxPosition <= 4096) await append(store, message('x'.repeat(200)));
    clock.aheadMs -= wrongMs;
    await append(store, message('last'));
    return store;
  }

  it.each([
    ['back', -96 * hour],
    ['forward', 87_600 * hour],
  ])('by going %s expires nothing early, and keeps nothing for longer', async (_, wrongMs) => {
    const clock = new TestClock();
    const store = await storeWith(clock, wrongMs);
    for (let passed = 0; passed < 72; passed += 12) {
      expect(await store.clean(keepHours(72))).toMatchObject({ deletedSegments: 0 });
      await append(store, message('now and then'));
      clock.aheadMs += 12 * hour;
    }
    clock.aheadMs += 12 * hour;
    expect((await store.clean(keepHours(72))).deletedSegments).toBeGreaterThanOrEqual(2);
    expect((await readAll(store)).every((body) => body === 'now and then')).toBe(true);
  });
});

it('a segment whose beginning cannot be read goes at its time', async () => {
  const clock = new TestClock();
  const disk = new BadBeginnings();
  const path = temporaryFolder();
  const options = smallSegments(path, clock, { runtime: faultyRuntime(disk) });
  const before = new LogStore(options);
  await before.start();
  await appendHourly(before, clock, 10);
  await before.shutdown();
  disk.name = segmentsOf(path).sort()[1];
  const store = await startedStore(options);
  expect((await store.clean(keepHours(5))).deletedSegments).toBeGreaterThan(2);
});

/** The disk does not give back how the file of that name begins. */
class BadBeginnings extends FaultyDisk {
  name: string | undefined;

  override openSync(path: string, mode: OpenMode): DiskFile {
    const file = super.openSync(path, mode);
    const readSync = file.readSync.bind(file);
    file.readSync = (target, offset, length, position) => {
      if (this.name !== undefined && path.endsWith(`/commitlog/${this.name}`) && position === 0) throw Object.assign(new Error('EIO: by the test'), { code: 'EIO' });
      return readSync(target, offset, length, position);
    };
    return file;
  }
}

describe('what outlives the log', () => {
  /** Lets everything expire, in a log whose first segments had all that is asked for later. */
  async function outlived(path: string, clock: TestClock, openKeyValue = memoryKeyValueStores()): Promise<LogStore> {
    const store = new LogStore(smallSegments(path, clock, { openKeyValue }));
    await store.start();
    await store.settings.put('topic', 'T', { queues: 4 });
    await store.settings.put('topic', 'gone', 1);
    await store.settings.remove('topic', 'gone');
    await append(store, message('old', { topic: 'Old', queueId: 3 }));
    await append(store, message('removed', { topic: 'Removed' }));
    await store.removeTopic('Removed');
    store.consumerOffsets.commit('G', 'Old', 3, 1);
    await store.consumerOffsets.flush();
    await appendHourly(store, clock, 10);
    expect((await store.clean(keepHours(2))).deletedSegments).toBeGreaterThan(4);
    return store;
  }

  const state = (store: LogStore): unknown => ({
    setting: [store.settings.get('topic', 'T'), store.settings.get('topic', 'gone')],
    old: [store.minOffset('Old', 3), store.maxOffset('Old', 3), store.maxOffset('Old', 3, false)],
    removed: [store.maxOffset('Removed', 0), [...store.queues('Removed')].length],
    offset: store.consumerOffsets.get('G', 'Old', 3),
    test: [store.minOffset('TopicTest', 0), store.maxOffset('TopicTest', 0)],
    queues: [...store.queues()].map(({ topic, queueId }) => `${topic}/${queueId}`).sort(),
  });

  it.each([
    ['a restart', false],
    ['a rebuild from the log', true],
  ])('is there after %s', async (_, rebuild) => {
    const clock = new TestClock();
    const path = temporaryFolder();
    const openKeyValue = memoryKeyValueStores();
    const store = await outlived(path, clock, openKeyValue);
    const before = state(store);
    expect(before).toMatchObject({ setting: [{ queues: 4 }, undefined], old: [1, 1, 1], removed: [0, 0], offset: 1, queues: ['Old/3', 'TopicTest/0'] });
    const kept = await readAll(store);
    await store.shutdown();
    rmSync(`${path}/views`, { recursive: true, force: true });
    const again = new LogStore(smallSegments(path, clock, { openKeyValue: rebuild ? memoryKeyValueStores() : openKeyValue }));
    const report = await again.start();
    expect([report.viewsRebuilt, report.quarantined]).toEqual([rebuild, []]);
    expect(state(again)).toEqual(before);
    expect(await readAll(again)).toEqual(kept);
    expect((await append(again, message('next', { topic: 'Old', queueId: 3 }))).queueOffset).toBe(1);
    expect((await append(again, message('new', { topic: 'Removed' }))).queueOffset).toBe(0);
    await again.shutdown();
  });

  it('is logged once for many deletions, not for each', async () => {
    const clock = new TestClock();
    const store = await outlived(temporaryFolder(), clock);
    const system = (): number => store.maxOffset('rmq_sys_KITEMQ_SETTINGS', 0);
    const first = system();
    await appendHourly(store, clock, 1);
    expect((await store.clean(keepHours(2))).deletedSegments).toBeGreaterThan(0);
    expect(system()).toBe(first);
    await store.shutdown();
  });

  it('knows a queue whose first message was still on its way to the disk when the others were logged', async () => {
    const clock = new TestClock();
    const path = temporaryFolder();
    const store = new LogStore(smallSegments(path, clock, { flushMode: 'sync' }));
    await store.start();
    await appendHourly(store, clock, 5);
    const onTheirWay: Waiter[] = [];
    store.beforeTrim(async () => {
      if (onTheirWay.length > 0) return;
      onTheirWay.push(appendLater(store, message('first', { topic: 'Late' })));
      for (let number = 0; number < 40; number++) onTheirWay.push(appendLater(store, message(`${number}`.padEnd(200))));
    });
    expect((await store.clean(keepHours(2))).deletedSegments).toBeGreaterThan(0);
    await Promise.all(onTheirWay.map(({ done }) => done));
    clock.aheadMs += 3 * hour;
    await append(store, message('young'));
    expect((await store.clean(keepHours(2))).minPosition).toBeGreaterThan(onTheirWay[0]!.physicalOffset);
    const ends = (of: LogStore): unknown => ({ late: [of.minOffset('Late', 0), of.maxOffset('Late', 0)], test: [of.minOffset('TopicTest', 0), of.maxOffset('TopicTest', 0)] });
    const before = ends(store);
    expect(before).toMatchObject({ late: [1, 1] });
    await store.shutdown();
    const again = await startedStore(smallSegments(path, clock, { openKeyValue: memoryKeyValueStores() }));
    expect(ends(again)).toEqual(before);
    expect((await append(again, message('second', { topic: 'Late' }))).queueOffset).toBe(1);
  });

  it('keeps the segments when it cannot be logged', async () => {
    const clock = new TestClock();
    const store = await startedStore(smallSegments(temporaryFolder(), clock));
    await appendHourly(store, clock, 5);
    let asked = -1;
    let refuse = true;
    store.beforeTrim(async (position) => {
      asked = position;
      if (refuse) throw new Error('not now');
    });
    await expect(store.clean(keepHours(2))).rejects.toThrow('not now');
    expect(store.minPosition).toBe(0);
    refuse = false;
    expect(await store.clean(keepHours(2))).toMatchObject({ minPosition: asked });
    expect(store.minPosition).toBe(asked);
  });
});

describe('a log that may take so many bytes', () => {
  it('loses its oldest segments, and small segments are made for it', async () => {
    const path = temporaryFolder();
    const store = await startedStore(smallSegments(path, new TestClock(), { segmentBytes: 1024 * 1024 }));
    const sizeOnDisk = (): number => segmentsOf(path).reduce((sum, name) => sum + statSync(`${path}/commitlog/${name}`).blocks * 512, 0);
    for (let round = 0; round < 40; round++) {
      for (let number = 0; number < 20; number++) await append(store, message(`${round}-${number}`.padEnd(1000)));
      await store.clean({ logBytesMax: 200_000 });
    }
    expect(sizeOnDisk()).toBeLessThan(300_000);
    expect(store.minOffset('TopicTest', 0)).toBeGreaterThan(400);
    expect(store.maxOffset('TopicTest', 0)).toBe(800);
    const kept = await readAll(store);
    expect(kept.at(-1)?.trim()).toBe('39-19');
    expect(kept.length).toBeGreaterThan(100);
  });
});

describe('readers', () => {
  it('of a segment that is deleted meanwhile get what they asked for, or are told where to go on', async () => {
    const clock = new TestClock();
    const store = await startedStore(smallSegments(temporaryFolder(), clock));
    await appendHourly(store, clock, 10);
    const reads = Array.from({ length: 50 }, (_, index) => read(store, { offset: index * 3, maxMessages: 3 }));
    const cleaning = store.clean(keepHours(1));
    for (let round = 0; round < 30; round++) {
      const min = store.minOffset('TopicTest', 0);
      const { status, nextBeginOffset, records } = await read(store, { offset: round });
      if (status === 'FOUND') expect(records.length).toBeGreaterThan(0);
      else expect([status, nextBeginOffset]).toEqual(status === 'OFFSET_TOO_SMALL' ? [status, min] : ['MESSAGE_WAS_REMOVING', round]);
    }
    await cleaning;
    for (const [index, { status, records }] of (await Promise.all(reads)).entries()) {
      expect(['FOUND', 'MESSAGE_WAS_REMOVING'], `read ${index}`).toContain(status);
      if (status === 'FOUND') expect(records.length).toBe(3);
    }
  });
});

it('rows of deleted messages leave the checkpoint', async () => {
  const clock = new TestClock();
  const openKeyValue = memoryKeyValueStores();
  const path = temporaryFolder();
  const store = new LogStore(smallSegments(path, clock, { openKeyValue }));
  await store.start();
  const chunks = (): number => {
    let count = 0;
    openKeyValue(`${path}/views`).range(Buffer.of(0x11), Buffer.of(0x12), () => void count++);
    return count;
  };
  await appendHourly(store, clock, 60);
  await expect.poll(chunks).toBeGreaterThanOrEqual(6);
  await store.clean(keepHours(5));
  await append(store, message('last'));
  // What is left of the topic: 5 rounds of 20 in at most 2 chunks; and a chunk for each of the store's own queues.
  await expect.poll(chunks).toBeLessThanOrEqual(2 + 3);
  await store.shutdown();
});
