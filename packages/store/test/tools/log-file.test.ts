import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { memoryKeyValueStores, type Disk, type DiskFile, type OpenMode } from '@kitemq/runtime';
import { describe, expect, it, vi } from 'vitest';
import { openSegmentsMax } from '../../src/commit-log/open-segments.ts';
import { dumpStore, rebuildViews, statStore, verifyStore } from '../../src/tools.ts';
import { fastRuntime } from '../fast-disk.ts';
import { appendAll, startedStore, storeOptions, temporaryFolder, testRuntime } from '../support.ts';

vi.setConfig({ testTimeout: 60_000 });

const runtime = testRuntime();

describe('a log of more files than a process may have open', () => {
  it('is looked at with a bounded number of them', async () => {
    const path = temporaryFolder();
    const store = await startedStore(storeOptions(path, { segmentBytes: 4096, runtime: fastRuntime() }));
    await appendAll(store, Array.from({ length: 4 * openSegmentsMax }, () => 'x'.repeat(3500)));
    await store.shutdown();
    const { disk } = runtime;
    const open = { now: 0, most: 0 };
    const counting = Object.assign(Object.create(disk) as Disk, {
      openSync(name: string, mode: OpenMode): DiskFile {
        const file = disk.openSync(name, mode);
        const close = file.closeSync.bind(file);
        open.most = Math.max(open.most, ++open.now);
        file.closeSync = () => {
          open.now--;
          close();
        };
        return file;
      },
    });
    const options = { runtime: { ...runtime, disk: counting }, path, openRows: () => undefined };
    expect(await verifyStore(options)).toMatchObject({ ok: true, segments: 4 * openSegmentsMax });
    expect((await statStore(options)).log.segments.every(({ firstStoreTime }) => firstStoreTime !== undefined)).toBe(true);
    expect(await dumpStore({ ...options, filter: { after: 1 }, onRecord: () => true })).toBe(4 * openSegmentsMax);
    expect(open.most).toBeLessThanOrEqual(openSegmentsMax + 1);
    expect(open.now).toBe(0);
    await rebuildViews({ ...options, openKeyValue: memoryKeyValueStores() });
    expect(open.most).toBeLessThan(2 * openSegmentsMax);
  });

  it('is said to have changed when retention takes a file that is still to be read', async () => {
    const path = temporaryFolder();
    const store = await startedStore(storeOptions(path, { segmentBytes: 4096, runtime: fastRuntime() }));
    await appendAll(store, Array.from({ length: openSegmentsMax }, () => 'x'.repeat(3500)));
    await store.shutdown();
    const last = join(path, 'commitlog', String((openSegmentsMax - 1) * 4096).padStart(20, '0'));
    const seen: number[] = [];
    const dumping = dumpStore({ runtime, path, openRows: () => undefined, onRecord: ({ position }) => {
      if (seen.push(position) === 1) rmSync(last);
    } });
    await expect(dumping).rejects.toMatchObject({ code: 'KITE_STORE_CHANGED', message: expect.stringContaining('try again') as string });
    expect(seen.length).toBe(openSegmentsMax - 1);
  });
});
