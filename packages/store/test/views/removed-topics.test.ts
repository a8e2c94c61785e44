import { memoryKeyValueStores } from '@kitemq/runtime';
import { describe, expect, it, vi } from 'vitest';
import { AppendStatus, type LogStore } from '../../src/index.ts';
import { FaultyDisk, faultyRuntime } from '../faulty-disk.ts';
import { append, appendAll, appendLater, checkThroughRestarts, message, numbered, readAll, startedStore, storeOptions, temporaryFolder, turnOver, Waiter } from '../support.ts';

const tiny = { segmentBytes: 4096, slabBytes: 1024, hotTailBytes: 0 };

describe('a topic that is removed while retention logs where queues stand', () => {
  it('begins at 0 when it is made again, live and in every replay', async () => {
    const queueIds = Array.from({ length: 400 }, (_, index) => index);
    const disk = new FaultyDisk();
    const options = storeOptions(temporaryFolder(), { ...tiny, runtime: faultyRuntime(disk) });
    const store = await startedStore(options);
    for (const round of ['a', 'b']) await Promise.all(queueIds.map((queueId) => append(store, message(round, { queueId }))));
    disk.holdsSyncs = true;
    const cleaning = store.clean({ logBytesMax: 8192 });
    // One record with the state of some of the queues is on its way.
    await vi.waitFor(() => expect(disk.heldSyncs).toBe(1));
    const removal = store.removeTopic('TopicTest');
    disk.release();
    await removal;
    await Promise.all([cleaning, ...queueIds.map((queueId) => append(store, message('new', { queueId })))]);

    const check = async (opened: LogStore): Promise<void> => {
      for (const queueId of queueIds) {
        expect([opened.minOffset('TopicTest', queueId), opened.maxOffset('TopicTest', queueId)]).toEqual([0, 1]);
        expect(await readAll(opened, 'TopicTest', queueId)).toEqual(['new']);
      }
    };
    await checkThroughRestarts(store, options, check);
  });
});

it('a topic that is removed twice is removed when the first removal is on the disk', async () => {
  const disk = new FaultyDisk();
  const store = await startedStore(storeOptions(temporaryFolder(), { runtime: faultyRuntime(disk), flushMode: 'async' }));
  await append(store, message('x', { topic: 'T' }));
  await store.settings.put('s', 'k', 1);
  disk.holdsSyncs = true;
  const ended: string[] = [];
  const removals = ['first', 'second'].map((name) => store.removeTopic('T').then(() => ended.push(name)));
  await vi.waitFor(() => expect(disk.heldSyncs).toBe(1));
  const third = store.removeTopic('T').then(() => ended.push('third'));
  await append(store, message('passes by', { topic: 'Other' }));
  expect(ended).toEqual([]);
  disk.release();
  await Promise.all([...removals, third]);
});

describe('a topic whose removal is refused', () => {
  it('is compacted and carried over as before', async () => {
    const disk = new FaultyDisk();
    const store = await startedStore(
      storeOptions(temporaryFolder(), { ...tiny, runtime: faultyRuntime(disk), topicPolicy: (topic) => (topic === 'Prices' ? { cleanup: 'compact' } : undefined) }),
    );
    const priced = (key: string) => message(`price of ${key}`, { topic: 'Prices', properties: Buffer.from(`KEYS\u0001${key}\u0002`) });
    for (const key of ['a', 'b', 'c']) await append(store, priced(key));
    disk.space = 0;
    await expect(store.removeTopic('Prices')).rejects.toMatchObject({ code: 'KITE_STORE_NO_SPACE' });
    disk.space = Number.MAX_SAFE_INTEGER;
    await vi.waitFor(() => append(store, message('there is space', { topic: 'Other' })), { timeout: 5000 });
    await turnOver(store);
    expect(await readAll(store, 'Prices')).toEqual(['price of a', 'price of b', 'price of c']);
  });

  it('goes on in the same turn where it was', async () => {
    const options = storeOptions(temporaryFolder(), { inFlightBytesMax: 4096 });
    const store = await startedStore(options);
    await append(store, message('', { topic: 'T' }));
    const emptyBytes = store.maxPosition;
    await appendAll(store, numbered(4), { topic: 'T' });
    // So much is in flight that an empty message can be taken, and nothing larger.
    const large = appendLater(store, message(Buffer.alloc(4096 - 2 * emptyBytes - 'Other'.length + 1), { topic: 'Other' }));
    const removal = store.removeTopic('T');
    const next = appendLater(store, message('', { topic: 'T' }));
    await expect(removal).rejects.toMatchObject({ code: 'KITE_STORE_BUSY' });
    await Promise.all([large.done, next.done]);
    expect(next.queueOffset).toBe(5);
    expect(await readAll(store, 'T')).toEqual(['', ...numbered(4), '']);
    await store.shutdown();
    expect(await readAll(await startedStore({ ...options, openKeyValue: memoryKeyValueStores() }), 'T')).toEqual(['', ...numbered(4), '']);
  });

  it('goes on where it was when the removal cannot be written, also for who is told of that first', async () => {
    const disk = new FaultyDisk();
    const options = storeOptions(temporaryFolder(), { runtime: faultyRuntime(disk) });
    const store = await startedStore(options);
    await appendAll(store, numbered(3), { topic: 'T' });
    disk.writeError = 'ENOSPC';
    const promised = Object.assign(new Waiter(), { mayUseReserve: true });
    const failed = new Waiter();
    const told = failed.appended.bind(failed);
    failed.appended = (outcome) => {
      told(outcome);
      disk.writeError = undefined;
      expect(store.append(message('at once', { topic: 'T' }), promised)).toBe(AppendStatus.accepted);
    };
    expect(store.append(message('too much', { topic: 'Other' }), failed)).toBe(AppendStatus.accepted);
    await expect(store.removeTopic('T')).rejects.toMatchObject({ code: 'KITE_STORE_NO_SPACE' });
    await promised.done;
    expect(promised.queueOffset).toBe(3);
    expect(await readAll(store, 'T')).toEqual([...numbered(3), 'at once']);
    await store.shutdown();
    expect(await readAll(await startedStore({ ...options, openKeyValue: memoryKeyValueStores() }), 'T')).toEqual([...numbered(3), 'at once']);
  });
});
