import { describe, expect, it, vi } from 'vitest';
import { RecordingLogger } from '@kitemq/runtime/testing';
import { LogStore } from '../../src/index.ts';
import { FaultyDisk, faultyRuntime } from '../faulty-disk.ts';
import { append, appendAll, bodies, message, numbered, read, startedStore, storeOptions, temporaryFolder } from '../support.ts';

const topic = 'Prices';

async function faultyStore(overrides: Parameters<typeof storeOptions>[1] = {}): Promise<{ store: LogStore; disk: FaultyDisk; logger: RecordingLogger }> {
  const disk = new FaultyDisk();
  const logger = new RecordingLogger();
  const store = await startedStore(
    storeOptions(temporaryFolder(), { runtime: faultyRuntime(disk), logger, topicPolicy: (name) => (name.startsWith(topic) ? { cleanup: 'compact' } : undefined), segmentBytes: 8192, hotTailBytes: 0, ...overrides }),
  );
  return { store, disk, logger };
}

const priced = (key: string, body: string, name = topic) => message(body, { topic: name, properties: Buffer.from(`KEYS\u0001${key}\u0002`) });

describe('when the log cannot be read', () => {
  it('segments stay until the values in them could be carried over', async () => {
    const { store, disk } = await faultyStore();
    await append(store, priced('a', 'kept'));
    await appendAll(store, numbered(40, 'x'.repeat(900)), { topic: 'Other' });
    disk.readError = 'EIO';
    await expect(store.clean({ logBytesMax: 8192 })).rejects.toMatchObject({ code: 'KITE_STORE_UNREADABLE' });
    expect(store.minPosition).toBe(0);
    disk.readError = undefined;
    expect((await store.clean({ logBytesMax: 8192 })).deletedSegments).toBeGreaterThan(0);
    expect(bodies(await read(store, { topic }))).toEqual(['kept']);
  });

  it('a pass says so, and goes on when it can', async () => {
    const path = temporaryFolder();
    const before = await faultyStore({ path, compactionIntervalMs: 1_000_000 });
    for (const body of ['1', '2']) await append(before.store, priced('a', body));
    await before.store.shutdown();
    const disk = new FaultyDisk();
    disk.readError = 'EIO';
    const { store, logger } = await faultyStore({ path, runtime: faultyRuntime(disk), compactionIntervalMs: 5 });
    await vi.waitFor(() => expect(logger.lines.some(({ message: text }) => text.includes('could not be compacted'))).toBe(true));
    disk.readError = undefined;
    await vi.waitFor(async () => expect(bodies(await read(store, { topic }))).toEqual(['2']));
  });
});

it('a shutdown ends a pass, and does not let segments go without their values', async () => {
  const { store } = await faultyStore();
  for (let index = 0; index < 300; index++) await append(store, priced(`k${index % 7}`, 'v'.repeat(100)));
  const compacting = store.compact();
  const cleaning = store.clean({ logBytesMax: 8192 });
  await store.shutdown();
  await Promise.allSettled([compacting, cleaning]);
  expect((await cleaning.catch(() => undefined))?.deletedSegments ?? 0).toBe(0);
});

it('messages that come while their queue is compacted wait for the next time', async () => {
  const { store } = await faultyStore();
  for (let index = 0; index < 300; index++) store.append(priced('a', String(index)), { physicalOffset: 0, queueOffset: 0, storeTimestamp: 0, physicalOffsets: undefined, recordBytes: undefined, recordEnd: 0, waitForFlush: true, appended: () => undefined });
  await append(store, priced('a', 'last'));
  // It must end although messages keep coming.
  const state = { isDone: false };
  const compacting = store.compact().then(() => (state.isDone = true));
  while (!state.isDone) await append(store, priced('b', 'more'));
  await compacting;
  expect(bodies(await read(store, { topic, maxMessages: 2 }))[0]).toBe('last');
});

describe('while a topic is being removed', () => {
  it('what was carried over before belongs to the old queue', async () => {
    const { store, disk } = await faultyStore({ flushMode: 'sync' });
    for (const body of ['1', '2', '3']) await append(store, priced('a', body));
    await appendAll(store, numbered(40, 'x'.repeat(900)), { topic: 'Other' });
    disk.holdsSyncs = true;
    const cleaning = store.clean({ logBytesMax: 8192 });
    await vi.waitFor(() => expect(disk.heldSyncs).toBe(1));
    const removed = store.removeTopic(topic);
    const sent = removed.then(() => append(store, priced('a', 'new')));
    disk.release();
    expect((await sent).queueOffset).toBe(0);
    await Promise.all([removed, cleaning]);
    expect(bodies(await read(store, { topic }))).toEqual(['new']);
    expect(store.maxOffset(topic, 0)).toBe(1);
  });

  it.each([true, false])('its values are carried over should that fail (compacted before: %s)', async (compactedBefore) => {
    const { store, disk } = await faultyStore({ flushMode: 'sync', compactionIntervalMs: 1_000_000 });
    await append(store, priced('a', 'kept'));
    await append(store, priced('a', 'other', `${topic}2`));
    await appendAll(store, numbered(40, 'x'.repeat(900)), { topic: 'Other' });
    if (compactedBefore) await store.compact();
    disk.space = 0;
    const removed = store.removeTopic(topic);
    const cleaning = store.clean({ logBytesMax: 8192 });
    await expect(removed).rejects.toMatchObject({ code: 'KITE_STORE_NO_SPACE' });
    disk.space = Number.MAX_SAFE_INTEGER;
    expect((await cleaning).deletedSegments).toBeGreaterThan(0);
    expect(bodies(await read(store, { topic }))).toEqual(['kept']);
  });
});
