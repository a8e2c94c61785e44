import { describe, expect, it, vi } from 'vitest';
import { memoryKeyValueStores } from '@kitemq/runtime';
import { readMark } from '../../src/checkpoint/checkpoint-mark.ts';
import { AppendStatus, LogStore } from '../../src/index.ts';
import { SystemTopic } from '../../src/views/system-topics.ts';
import { CopyableRows } from '../recovery/log-copy.ts';
import { FaultyDisk, faultyRuntime } from '../faulty-disk.ts';
import { append, appendAll, message, numbered, readAll, startedStore, storeOptions, temporaryFolder, Waiter } from '../support.ts';

/** Restarts as often as asked: with the checkpoint of an orderly stop, or without any. */
async function restarts(run: (store: LogStore) => Promise<void>, check: (store: LogStore) => Promise<void> | void): Promise<void> {
  const options = storeOptions(temporaryFolder());
  const store = await startedStore(options);
  await run(store);
  await check(store);
  await store.shutdown();
  const again = await startedStore(options);
  await check(again);
  await again.shutdown();
  const rebuilt = await startedStore({ ...options, openKeyValue: memoryKeyValueStores() });
  expect((await rebuilt.start()).viewsRebuilt).toBe(true);
  await check(rebuilt);
}

describe('settings', () => {
  it('are folded from the log: the last change holds', async () => {
    await restarts(
      async ({ settings }) => {
        await settings.put('topic', 'B', { readQueueNums: 4, attributes: ['x'] });
        await settings.put('topic', 'A', 1);
        await settings.put('topic', 'A', 2);
        await settings.put('group', 'A', 'g');
        await settings.put('topic', 'C', null);
        await settings.remove('topic', 'C');
        await settings.remove('topic', 'never');
      },
      ({ settings }) => {
        expect([...settings.entries('topic')]).toEqual([
          ['A', 2],
          ['B', { readQueueNums: 4, attributes: ['x'] }],
        ]);
        expect(settings.get('group', 'A')).toBe('g');
        expect(settings.get('topic', 'C')).toBeUndefined();
        expect([...settings.entries('unknown')]).toEqual([]);
      },
    );
  });

  it('are not the caller\'s object', async () => {
    const { settings } = await startedStore(storeOptions(temporaryFolder()));
    const value = { n: 1 };
    await settings.put('a', 'b', value);
    value.n = 2;
    expect(settings.get('a', 'b')).toEqual({ n: 1 });
  });

  it('take names up to their limit', async () => {
    const { settings } = await startedStore(storeOptions(temporaryFolder()));
    await settings.put('k'.repeat(900), 'y'.repeat(900), true);
    await expect(settings.put('k'.repeat(901), 'x', true)).rejects.toMatchObject({ code: 'KITE_STORE_ARGUMENT' });
    await expect(settings.put('a', 'x', Buffer.alloc(5_000_000))).rejects.toMatchObject({ code: 'KITE_STORE_ARGUMENT' });
    expect(settings.get('a', 'x')).toBeUndefined();
  });
});

describe('consumer offsets', () => {
  it('are folded from the log, and unknown is never 0', async () => {
    await restarts(
      async ({ consumerOffsets }) => {
        consumerOffsets.commit('g1', 'A', 0, 10);
        consumerOffsets.commit('g1', 'A', 3, 30);
        consumerOffsets.commit('g1', 'B', 0, 5);
        consumerOffsets.commit('g2', 'A', 0, 7);
        consumerOffsets.commit('g1', 'A', 0, 9);
        consumerOffsets.commit('g3', 'A', 0, 2 ** 52);
        consumerOffsets.commit('gone', 'A', 0, 1);
        consumerOffsets.commit('g1', 'removed', 0, 1);
        await consumerOffsets.flush();
        await consumerOffsets.removeGroup('gone');
        await consumerOffsets.removeTopic('removed');
        consumerOffsets.commit('g2', 'A', 0, 0);
        await consumerOffsets.flush();
      },
      ({ consumerOffsets }) => {
        expect([...consumerOffsets.ofQueue('g1', 'A')].sort()).toEqual([
          [0, 9],
          [3, 30],
        ]);
        expect(consumerOffsets.get('g1', 'A', 1)).toBe(-1);
        expect(consumerOffsets.get('none', 'A', 0)).toBe(-1);
        expect(consumerOffsets.get('g2', 'A', 0)).toBe(0);
        expect(consumerOffsets.get('g3', 'A', 0)).toBe(2 ** 52);
        expect(consumerOffsets.get('gone', 'A', 0)).toBe(-1);
        expect(consumerOffsets.topicsOf('g1')).toEqual(['A', 'B']);
        expect(consumerOffsets.groupsOf('A')).toEqual(['g1', 'g2', 'g3']);
        expect(consumerOffsets.groupsOf('removed')).toEqual([]);
        expect(consumerOffsets.ofQueue('none', 'A').size).toBe(0);
      },
    );
  });

  it('of a whole interval share one record, and an interval without changes writes none', async () => {
    const store = await startedStore(storeOptions(temporaryFolder(), { offsetFlushIntervalMs: 5 }));
    for (let index = 0; index < 100; index++) store.consumerOffsets.commit('g', 'A', index % 4, index);
    await vi.waitFor(() => expect(store.flushedPosition).toBeGreaterThan(0));
    expect(store.maxOffset(SystemTopic.consumerOffsets, 0)).toBe(1);
    store.consumerOffsets.commit('g', 'A', 3, 99);
    await store.consumerOffsets.flush();
    expect(store.maxOffset(SystemTopic.consumerOffsets, 0)).toBe(1);
  });

  it('more than fit in one record are written in several', async () => {
    await restarts(
      async ({ consumerOffsets }) => {
        for (let index = 0; index < 5000; index++) consumerOffsets.commit(`g${index}`, 'A', 0, index);
        for (let queueId = 0; queueId < 6000; queueId++) consumerOffsets.commit('wide', 'A', queueId, queueId * 2 ** 33);
        await consumerOffsets.flush();
      },
      ({ consumerOffsets }) => {
        expect(consumerOffsets.ofQueue('wide', 'A').size).toBe(6000);
        for (let index = 0; index < 5000; index += 499) expect(consumerOffsets.get(`g${index}`, 'A', 0)).toBe(index);
      },
    );
  });

  it('that could not be written are written with the next interval', async () => {
    const disk = new FaultyDisk();
    const store = await startedStore(storeOptions(temporaryFolder(), { runtime: faultyRuntime(disk) }));
    disk.space = 0;
    store.consumerOffsets.commit('g', 'A', 0, 5);
    await expect(store.consumerOffsets.flush()).rejects.toMatchObject({ code: 'KITE_STORE_NO_SPACE' });
    expect(store.consumerOffsets.get('g', 'A', 0)).toBe(5);
    disk.space = Number.MAX_SAFE_INTEGER;
    await vi.waitFor(() => store.consumerOffsets.flush(), { timeout: 5000 });
    expect(store.maxOffset(SystemTopic.consumerOffsets, 0)).toBe(1);
  });

  it('refuse what is no offset', async () => {
    const { consumerOffsets } = await startedStore(storeOptions(temporaryFolder()));
    for (const offset of [-1, 0.5, Number.NaN, 2 ** 60]) expect(() => consumerOffsets.commit('g', 'A', 0, offset)).toThrow();
    expect(() => consumerOffsets.commit('g'.repeat(901), 'A', 0, 1)).toThrow();
  });
});

describe('a removed topic', () => {
  it('has no queues any more, and begins at 0 when it is written again', async () => {
    await restarts(
      async (store) => {
        await appendAll(store, numbered(300), { topic: 'A' });
        await appendAll(store, numbered(10), { topic: 'B' });
        const removal = store.removeTopic('A');
        expect(store.maxOffset('A', 0)).toBe(0);
        // Until that is on the disk nothing is taken: a power cut must not leave the new without the removal.
        expect(store.append(message('early', { topic: 'A' }), new Waiter())).toBe(AppendStatus.busy);
        expect(store.appendBatch([message('early', { topic: 'A' })], new Waiter())).toBe(AppendStatus.busy);
        await removal;
        const first = await append(store, message('new', { topic: 'A' }));
        expect(first.queueOffset).toBe(0);
        await store.removeTopic('unknown');
      },
      async (store) => {
        expect(await readAll(store, 'A')).toEqual(['new']);
        expect(await readAll(store, 'B')).toEqual(numbered(10));
        expect([...store.queues()].map(({ topic }) => topic).sort()).toEqual(['A', 'B']);
        expect([...store.queues('A')]).toEqual([{ topic: 'A', queueId: 0 }]);
        await expect(store.removeTopic(SystemTopic.settings)).rejects.toMatchObject({ code: 'KITE_STORE_ARGUMENT' });
      },
    );
  });

  it('comes back when its removal cannot be written', async () => {
    const disk = new FaultyDisk();
    const store = await startedStore(storeOptions(temporaryFolder(), { runtime: faultyRuntime(disk) }));
    await appendAll(store, numbered(5));
    disk.space = 0;
    await expect(store.removeTopic('TopicTest')).rejects.toMatchObject({ code: 'KITE_STORE_NO_SPACE' });
    expect(await readAll(store)).toEqual(numbered(5));
  });
});

describe('checkpoints', () => {
  it('never know more than is durable in the log', async () => {
    const disk = new FaultyDisk();
    const rows = new CopyableRows();
    const store = await startedStore(storeOptions(temporaryFolder(), { runtime: faultyRuntime(disk), flushMode: 'async', checkpointBytes: 1, openKeyValue: rows.open }));
    disk.holdsSyncs = true;
    await appendAll(store, numbered(50));
    await vi.waitFor(() => expect(disk.heldSyncs).toBe(1));
    expect(readMark(rows.sealed)).toBeUndefined();
    const atCapture = store.maxPosition;
    await appendAll(store, numbered(50));
    disk.release();
    await vi.waitFor(() => expect(readMark(rows.sealed)?.position).toBe(store.maxPosition));
    expect(store.maxPosition).toBeGreaterThan(atCapture);
  });

  it('that wait for the log when the store stops are written by the stop', async () => {
    const disk = new FaultyDisk();
    const options = storeOptions(temporaryFolder(), { runtime: faultyRuntime(disk), flushMode: 'async', checkpointBytes: 1 });
    const store = await startedStore(options);
    disk.holdsSyncs = true;
    await appendAll(store, numbered(300));
    await vi.waitFor(() => expect(disk.heldSyncs).toBe(1));
    const stopped = store.shutdown();
    disk.release();
    await stopped;
    const again = await startedStore(options);
    expect(await again.start()).toMatchObject({ clean: true, viewsRebuilt: false, replayedRecords: 0 });
    expect(await readAll(again)).toEqual(numbered(300));
  });

  it('that fail are repeated, and nothing of them is lost', async () => {
    const rows = new CopyableRows();
    let failures = 2;
    const store = await startedStore(
      storeOptions(temporaryFolder(), {
        checkpointIntervalMs: 2,
        openKeyValue: () => {
          const open = rows.open('');
          const { commit } = open;
          open.commit = (fill, done) => {
            if (failures-- > 0) queueMicrotask(() => done(new Error('by the test')));
            else commit(fill, done);
          };
          return open;
        },
      }),
    );
    await appendAll(store, numbered(700));
    await vi.waitFor(() => expect(readMark(rows.sealed)?.position).toBe(store.maxPosition));
    expect(failures).toBeLessThan(0);
    expect(await readAll(store)).toEqual(numbered(700));
  });

  it('give back the memory of what they hold, and queues read on from them', async () => {
    const rows = new CopyableRows();
    const store = await startedStore(storeOptions(temporaryFolder(), { checkpointIntervalMs: 2, openKeyValue: rows.open }));
    for (let round = 0; round < 5; round++) {
      await appendAll(store, numbered(130, `r${round}-`));
      await vi.waitFor(() => expect(readMark(rows.sealed)?.position).toBe(store.maxPosition));
    }
    expect(await readAll(store)).toEqual([0, 1, 2, 3, 4].flatMap((round) => numbered(130, `r${round}-`)));
  });

  it('are not made again while nothing happens', async () => {
    const rows = new CopyableRows();
    let commits = 0;
    const store = await startedStore(
      storeOptions(temporaryFolder(), {
        checkpointIntervalMs: 1,
        openKeyValue: () => {
          const open = rows.open('');
          const { commit } = open;
          open.commit = (fill, done) => {
            commits++;
            commit(fill, done);
          };
          return open;
        },
      }),
    );
    await append(store, message('a'));
    await vi.waitFor(() => expect(commits).toBe(1));
    await store.shutdown();
    expect(commits).toBe(1);
  });
});
