import { expect, it, vi } from 'vitest';
import { AppendOutcome, AppendStatus, type DiskPolicy, type StoreOptions } from '../../src/index.ts';
import { FaultyDisk, faultyRuntime } from '../faulty-disk.ts';
import { append, appendLater, message, readAll, startedStore, temporaryFolder, Waiter } from '../support.ts';
import { appendHourly, keepHours, smallSegments, TestClock } from './support.ts';

/** A disk of so many bytes, of which the log takes what it takes. */
class SmallDisk extends FaultyDisk {
  totalBytes = 100_000;
  /** Of the store that asked last. */
  path = '';

  override spaceSync(path: string): { totalBytes: number; freeBytes: number } {
    this.path = path;
    let used = 0;
    for (const name of this.listSync(`${path}/commitlog`)) used += this.statSync(`${path}/commitlog/${name}`)?.size ?? 0;
    return { totalBytes: this.totalBytes, freeBytes: Math.max(0, this.totalBytes - used) };
  }
}

const policy: DiskPolicy = { maxUsedRatio: 0.5, cleanForciblyRatio: 0.8, freeBytesEnough: Number.MAX_SAFE_INTEGER };

async function storeOn(disk: FaultyDisk, clock: TestClock, options: Partial<StoreOptions> = {}): ReturnType<typeof startedStore> {
  return startedStore(smallSegments(temporaryFolder(), clock, { ...options, runtime: faultyRuntime(disk) }));
}

it('above the first ratio what has expired goes at any hour', async () => {
  const clock = new TestClock();
  const disk = new SmallDisk();
  const store = await storeOn(disk, clock);
  await appendHourly(store, clock, 10);
  const quiet = { ...keepHours(5), deleteExpired: false };
  disk.totalBytes = 1_000_000;
  expect(await store.clean({ ...quiet, disk: policy })).toMatchObject({ deletedSegments: 0 });
  disk.totalBytes = 100_000;
  expect(await store.clean({ ...quiet, disk: { ...policy, freeBytesEnough: 1 } })).toMatchObject({ deletedSegments: 0 });
  const report = await store.clean({ ...quiet, disk: policy });
  expect(report.deletedSegments).toBeGreaterThan(0);
  expect(report.deletedForcibly).toBe(0);
});

it('above the second one segments go before they expire, no more than it takes', async () => {
  const clock = new TestClock();
  const disk = new SmallDisk();
  const store = await storeOn(disk, clock);
  await appendHourly(store, clock, 10);
  const before = disk.spaceSync(disk.path).freeBytes;
  disk.totalBytes -= before - 10_000;
  const report = await store.clean({ ...keepHours(100), disk: policy });
  expect(report.deletedForcibly).toBeGreaterThan(0);
  const { totalBytes, freeBytes } = disk.spaceSync(disk.path);
  expect(1 - freeBytes / totalBytes).toBeLessThanOrEqual(0.8);
  expect(1 - (freeBytes - 4096) / totalBytes).toBeGreaterThan(0.8);
  // The last segment stays, however full the disk is.
  disk.totalBytes = 1000;
  while ((await store.clean({ ...keepHours(100), disk: policy })).deletedSegments > 0);
  expect(disk.listSync(`${disk.path}/commitlog`)).toHaveLength(1);
  expect(store.maxPosition - store.minPosition).toBeGreaterThan(0);
});

it('sends are refused before the disk is full; offsets and settings still find room, and it goes on by itself', async () => {
  const disk = new FaultyDisk();
  const store = await storeOn(disk, new TestClock(), { segmentBytes: 64 * 1024 });
  // The reserve is a quarter of a segment, and half of it is the limit.
  disk.space = 20_000;
  let refused: AppendStatus = AppendStatus.accepted;
  for (let number = 0; number < 100 && refused === AppendStatus.accepted; number++) {
    const waiter = new Waiter();
    refused = store.append(message(`${number}`.padEnd(1000)), waiter);
    if (refused === AppendStatus.accepted) expect(await waiter.done).toBe(AppendOutcome.stored);
  }
  expect(refused).toBe(AppendStatus.diskFull);
  expect(disk.space).toBeGreaterThan(4000);
  const kept = await readAll(store);
  store.consumerOffsets.commit('G', 'TopicTest', 0, 3);
  await store.consumerOffsets.flush();
  await store.settings.put('topic', 'T', 1);
  expect(store.failure).toBeUndefined();
  disk.space = 1_000_000;
  await vi.waitFor(() => expect(store.append(message('again'), new Waiter(false))).toBe(AppendStatus.accepted), { timeout: 5000 });
  await append(store, message('last'));
  expect((await readAll(store)).length).toBe(kept.length + 2);
});

it('messages that were promised before get a part of the reserve; the rest is for what makes space', async () => {
  const disk = new FaultyDisk();
  const store = await storeOn(disk, new TestClock(), { segmentBytes: 64 * 1024 });
  disk.space = 20_000;
  const fill = async (promised: boolean): Promise<void> => {
    for (let number = 0; number < 100; number++) {
      const waiter = Object.assign(new Waiter(), { mayUseReserve: promised });
      const status = store.append(message(`${number}`.padEnd(500)), waiter);
      if (status !== AppendStatus.accepted) return expect(status).toBe(AppendStatus.diskFull);
      expect(await waiter.done).toBe(AppendOutcome.stored);
    }
    expect.fail('nothing was refused');
  };
  await fill(false);
  const before = disk.space;
  await fill(true);
  expect(before - disk.space).toBeGreaterThan(2000);
  expect(disk.space).toBeGreaterThan(2000);
  await store.settings.put('topic', 'T', 1);
  disk.space = 1_000_000;
  await vi.waitFor(() => expect(store.append(message('again'), new Waiter(false))).toBe(AppendStatus.accepted), { timeout: 5000 });
});

it('a disk that cannot make the log durable is not asked again', async () => {
  const disk = new FaultyDisk();
  const store = await storeOn(disk, new TestClock());
  await append(store, message('before'));
  disk.syncError = 'EIO';
  expect(await appendLater(store, message('lost')).done).toBe(AppendOutcome.failed);
  disk.syncError = undefined;
  const { syncs } = disk;
  expect(store.append(message('no'), new Waiter())).toBe(AppendStatus.unavailable);
  await expect(store.settings.put('a', 'b', 1)).rejects.toMatchObject({ code: 'KITE_STORE_UNAVAILABLE' });
  await expect(store.clean(keepHours(1))).resolves.toMatchObject({ deletedSegments: 0 });
  expect(disk.syncs).toBe(syncs);
  expect(store.failure).toMatchObject({ code: 'KITE_STORE_FLUSH_FAILED' });
  expect(await readAll(store)).toEqual(['before']);
});
