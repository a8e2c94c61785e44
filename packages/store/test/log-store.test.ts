import { memoryKeyValueStores } from '@kitemq/runtime';
import { describe, expect, it } from 'vitest';
import { AppendOutcome } from '../src/index.ts';
import { append, appendAll, appendLater, bodies, message, numbered, read, readAll, startedStore, storeOptions, temporaryFolder } from './support.ts';

describe.each(['sync', 'async'] as const)('a store with %s flush', (flushMode) => {
  it('stores, reads back in order, and finds all again after a restart', async () => {
    const path = temporaryFolder();
    const options = storeOptions(path, { flushMode });
    const store = await startedStore(options);
    const waiters = await appendAll(store, numbered(1000));
    expect(waiters.map((waiter) => waiter.queueOffset)).toEqual(numbered(1000).map((_, index) => index));
    expect(await readAll(store)).toEqual(numbered(1000));
    await store.settings.put('topic', 'TopicTest', { queues: 4 });
    store.consumerOffsets.commit('group', 'TopicTest', 0, 17);
    await store.shutdown();

    const again = await startedStore(options);
    const report = await again.start();
    expect(report).toMatchObject({ clean: true, quarantined: [], viewsRebuilt: false, replayedRecords: 0 });
    expect(again.maxOffset('TopicTest', 0)).toBe(1000);
    expect(await readAll(again)).toEqual(numbered(1000));
    expect(again.settings.get('topic', 'TopicTest')).toEqual({ queues: 4 });
    expect(again.consumerOffsets.get('group', 'TopicTest', 0)).toBe(17);
    const next = await append(again, message('after'));
    expect(next.queueOffset).toBe(1000);
    expect(bodies(await read(again, { offset: 1000 }))).toEqual(['after']);
  });

  it('an orderly stop keeps the last offsets, also while much waits for the disk', async () => {
    const path = temporaryFolder();
    const openKeyValue = memoryKeyValueStores();
    const store = await startedStore(storeOptions(path, { flushMode, openKeyValue, inFlightBytesMax: 4096 }));
    const waiting = [1, 2, 3].map((number) => appendLater(store, message(`${number}`.padEnd(1260))));
    store.consumerOffsets.commit('group', 'TopicTest', 0, 2);
    await store.shutdown();
    expect(waiting.map(({ outcome }) => outcome)).toEqual(waiting.map(() => AppendOutcome.stored));
    const again = await startedStore(storeOptions(path, { flushMode, openKeyValue }));
    expect(again.consumerOffsets.get('group', 'TopicTest', 0)).toBe(2);
  });

  it('replays the log when the checkpoint is gone', async () => {
    const path = temporaryFolder();
    const store = await startedStore(storeOptions(path, { flushMode }));
    await appendAll(store, numbered(500));
    await store.settings.put('group', 'g', { retries: 3 });
    store.consumerOffsets.commit('g', 'TopicTest', 0, 400);
    await store.shutdown();
    const again = await startedStore(storeOptions(path, { flushMode }));
    const report = await again.start();
    expect(report).toMatchObject({ clean: true, viewsRebuilt: true, replayedRecords: 502, replayedFrom: 0 });
    expect(await readAll(again)).toEqual(numbered(500));
    expect(again.settings.get('group', 'g')).toEqual({ retries: 3 });
    expect(again.consumerOffsets.get('g', 'TopicTest', 0)).toBe(400);
  });
});
