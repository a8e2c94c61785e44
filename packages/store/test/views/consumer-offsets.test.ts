import { memoryKeyValueStores } from '@kitemq/runtime';
import { describe, expect, it, vi } from 'vitest';
import type { LogStore, StoreOptions } from '../../src/index.ts';
import { KeyPrefix } from '../../src/views/view.ts';
import { CopyableRows } from '../recovery/log-copy.ts';
import { FaultyDisk, faultyRuntime } from '../faulty-disk.ts';
import { startedStore, storeOptions, temporaryFolder } from '../support.ts';

const rowCount = ({ rows }: CopyableRows, prefix: number = KeyPrefix.consumerOffset): number => {
  let count = 0;
  rows.range(Buffer.of(prefix), Buffer.of(prefix + 1), () => void count++);
  return count;
};

const untilRows = (rows: CopyableRows, count: number): Promise<void> => vi.waitFor(() => expect(rowCount(rows)).toBe(count));

/** Groups g0 … g3, topics t0 … t4, queues 0 and 1, all in a checkpoint. */
async function filled(options: StoreOptions, rows: CopyableRows): Promise<LogStore> {
  const store = await startedStore(options);
  for (let group = 0; group < 4; group++) {
    for (let topic = 0; topic < 5; topic++) for (const queueId of [0, 1]) store.consumerOffsets.commit(`g${group}`, `t${topic}`, queueId, 10 + topic);
  }
  await store.consumerOffsets.flush();
  await untilRows(rows, 40);
  return store;
}

const all = (store: LogStore): string[] =>
  [0, 1, 2, 3].flatMap((group) =>
    store.consumerOffsets.topicsOf(`g${group}`).flatMap((topic) => [...store.consumerOffsets.ofQueue(`g${group}`, topic)].sort().map(([queueId, offset]) => `g${group} ${topic} ${queueId} ${offset}`)),
  );

describe('removed consumer offsets', () => {
  it('leave the checkpoint without a look at those that stay, also after a restart', async () => {
    const rows = new CopyableRows();
    let scans = 0;
    const options = storeOptions(temporaryFolder(), {
      checkpointIntervalMs: 1,
      openKeyValue: (path) => {
        const open = rows.open(path);
        const { range } = open;
        open.range = (start, end, visit) => {
          if (start[0] === KeyPrefix.consumerOffset) scans++;
          range(start, end, visit);
        };
        return open;
      },
    });
    await (await filled(options, rows)).shutdown();
    const store = await startedStore(options);
    scans = 0;
    await Promise.all([store.consumerOffsets.removeTopic('t0'), store.consumerOffsets.removeGroup('g1'), store.consumerOffsets.removeTopic('t4'), store.consumerOffsets.removeTopic('unknown')]);
    store.consumerOffsets.commit('g1', 't0', 1, 7);
    store.consumerOffsets.commit('g2', 't2', 1, 8);
    await store.consumerOffsets.flush();
    const left = all(store);
    expect(left).toHaveLength(3 * 3 * 2 + 1);
    await untilRows(rows, left.length);
    expect(scans).toBe(0);
    await store.shutdown();
    const again = await startedStore(options);
    expect(all(again)).toEqual(left);
    await again.shutdown();
    expect(all(await startedStore({ ...options, openKeyValue: memoryKeyValueStores() }))).toEqual(left);
  });

  it('stay in the checkpoint while their removal is on its way', async () => {
    const rows = new CopyableRows();
    const disk = new FaultyDisk();
    const path = temporaryFolder();
    const store = await filled(storeOptions(path, { runtime: faultyRuntime(disk), checkpointIntervalMs: 1, openKeyValue: rows.open }), rows);
    await store.settings.put('due', 'a checkpoint', true);
    disk.holdsSyncs = true;
    const removal = store.consumerOffsets.removeTopic('t0');
    await vi.waitFor(() => expect(rowCount(rows, KeyPrefix.setting)).toBe(1));
    expect(store.consumerOffsets.groupsOf('t0')).toEqual([]);
    expect(rowCount(rows)).toBe(40);
    disk.release();
    await removal;
    await untilRows(rows, 32);
  });

  it('come back when their removal cannot be written, unless they were committed again', async () => {
    const rows = new CopyableRows();
    const disk = new FaultyDisk();
    const options = storeOptions(temporaryFolder(), { runtime: faultyRuntime(disk), checkpointIntervalMs: 1, openKeyValue: rows.open });
    const store = await filled(options, rows);
    store.consumerOffsets.commit('g0', 't1', 1, 99);
    disk.space = 0;
    const removals = [store.consumerOffsets.removeGroup('g0'), store.consumerOffsets.removeTopic('t3')];
    expect(store.consumerOffsets.topicsOf('g0')).toEqual([]);
    store.consumerOffsets.commit('g0', 't1', 0, 5);
    expect((await Promise.allSettled(removals)).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    disk.space = Number.MAX_SAFE_INTEGER;
    expect([...store.consumerOffsets.ofQueue('g0', 't1')].sort()).toEqual([[0, 5], [1, 99]]);
    const now = all(store);
    expect(now).toHaveLength(40);
    await vi.waitFor(() => store.consumerOffsets.flush(), { timeout: 5000 });
    // A removal that gets into the log is not taken for one that did not.
    await store.consumerOffsets.removeTopic('t2');
    const left = now.filter((offset) => !offset.includes('t2'));
    expect(all(store)).toEqual(left);
    await untilRows(rows, left.length);
    await store.shutdown();
    const again = await startedStore(options);
    expect(all(again)).toEqual(left);
    await again.shutdown();
    expect(all(await startedStore({ ...options, openKeyValue: memoryKeyValueStores() }))).toEqual(left);
  });
});
