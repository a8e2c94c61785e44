import { describe, expect, it, vi } from 'vitest';
import { AppendOutcome, AppendStatus, type LogStore } from '../../src/index.ts';
import { FaultyDisk, faultyRuntime } from '../faulty-disk.ts';
import { append, appendLater, bodies, message, numbered, read, startedStore, storeOptions, temporaryFolder, Waiter } from '../support.ts';

class SyncWaiter extends Waiter {
  readonly syncFlush = true;
}

async function asyncStore(overrides: Parameters<typeof storeOptions>[1] = {}): Promise<{ store: LogStore; disk: FaultyDisk }> {
  const disk = new FaultyDisk();
  const store = await startedStore(storeOptions(temporaryFolder(), { runtime: faultyRuntime(disk), flushMode: 'async', asyncFlushIntervalMs: 100_000, ...overrides }));
  return { store, disk };
}

function appendSync(store: LogStore, body: string, waitForFlush = true): SyncWaiter {
  const waiter = new SyncWaiter(waitForFlush);
  expect(store.append(message(body), waiter)).toBe(AppendStatus.accepted);
  return waiter;
}

describe('with async flush, a send that asks for sync flush', () => {
  it('is acknowledged by the fdatasync that covers it, and nobody else waits for that', async () => {
    const { store, disk } = await asyncStore();
    disk.holdsSyncs = true;
    const before = appendLater(store, message('a'));
    const sync = appendSync(store, 'b');
    const after = appendLater(store, message('c'));
    expect(await before.done).toBe(AppendOutcome.stored);
    expect(await after.done).toBe(AppendOutcome.stored);
    await vi.waitFor(() => expect(disk.heldSyncs).toBe(1));
    expect(sync.calls).toBe(0);
    expect(bodies(await read(store))).toEqual(['a', 'b', 'c']);
    disk.release();
    expect(await sync.done).toBe(AppendOutcome.stored);
    expect(store.flushedPosition).toBe(store.maxPosition);
    await append(store, message('d'));
    expect(disk.syncs).toBe(1);
  });

  it('shares the next fdatasync when one runs that began before it', async () => {
    const { store, disk } = await asyncStore();
    disk.holdsSyncs = true;
    const first = appendSync(store, 'a');
    await vi.waitFor(() => expect(disk.heldSyncs).toBe(1));
    const others = numbered(20).map((text) => appendSync(store, text));
    await append(store, message('passes by'));
    disk.release();
    for (const waiter of [first, ...others]) expect(await waiter.done).toBe(AppendOutcome.stored);
    expect(disk.syncs).toBe(2);
  });

  it('does not wait when it says so itself', async () => {
    const { store, disk } = await asyncStore();
    disk.holdsSyncs = true;
    expect(await appendSync(store, 'a', false).done).toBe(AppendOutcome.stored);
    expect(disk.syncs).toBe(0);
    disk.release();
  });

  it('is told in time that the disk does not confirm, once', async () => {
    const { store, disk } = await asyncStore({ syncFlushTimeoutMs: 20 });
    disk.holdsSyncs = true;
    const waiters = numbered(3).map((text) => appendSync(store, text));
    for (const waiter of waiters) expect(await waiter.done).toBe(AppendOutcome.flushTimeout);
    const late = appendSync(store, 'late');
    expect(await late.done).toBe(AppendOutcome.flushTimeout);
    disk.release();
    // On a busy machine 20 ms can be over before the disk was asked.
    await vi.waitFor(async () => expect(await appendSync(store, 'fine').done).toBe(AppendOutcome.stored));
    expect([...waiters, late].map((waiter) => waiter.calls)).toEqual([1, 1, 1, 1]);
  });

  it('fails with the disk', async () => {
    const { store, disk } = await asyncStore();
    disk.syncError = 'EIO';
    const sync = appendSync(store, 'a');
    const plain = appendLater(store, message('b'));
    expect(await plain.done).toBe(AppendOutcome.stored);
    expect(await sync.done).toBe(AppendOutcome.failed);
    expect(store.failure).toMatchObject({ code: 'KITE_STORE_FLUSH_FAILED' });
    expect(sync.calls).toBe(1);
  });

  it('finds its record where it was, however far the tail has gone on since', async () => {
    const { store, disk } = await asyncStore({ slabBytes: 4096, hotTailBytes: 4096 });
    disk.holdsSyncs = true;
    const waiter = Object.assign(new SyncWaiter(), { recordBytes: Buffer.alloc(0), recordEnd: 0 });
    expect(store.append(message('mine'), waiter)).toBe(AppendStatus.accepted);
    const own = (): string => waiter.recordBytes.toString('latin1', 0, waiter.recordEnd);
    await vi.waitFor(() => expect(disk.heldSyncs).toBe(1));
    const before = own();
    expect(before).toContain('mine');
    for (let round = 0; round < 100; round++) await append(store, message('x'.repeat(3000)));
    disk.release();
    expect(await waiter.done).toBe(AppendOutcome.stored);
    expect(own()).toBe(before);
  });

  it('counts among what waits for the disk', async () => {
    const { store, disk } = await asyncStore({ inFlightBytesMax: 4096 });
    disk.holdsSyncs = true;
    const first = appendSync(store, 'a'.repeat(3000));
    await vi.waitFor(() => expect(disk.heldSyncs).toBe(1));
    expect(store.append(message('b'.repeat(3000)), new SyncWaiter())).toBe(AppendStatus.busy);
    disk.release();
    await first.done;
    expect(await appendSync(store, 'b'.repeat(3000)).done).toBe(AppendOutcome.stored);
  });

  it('an orderly stop answers it', async () => {
    const { store, disk } = await asyncStore();
    disk.holdsSyncs = true;
    const sync = appendSync(store, 'a');
    const stopped = store.shutdown();
    await vi.waitFor(() => expect(disk.heldSyncs).toBe(1));
    disk.release();
    await stopped;
    expect(sync.outcome).toBe(AppendOutcome.stored);
  });
});

it('with sync flush the wish changes nothing', async () => {
  const { store, disk } = await asyncStore({ flushMode: 'sync' });
  disk.holdsSyncs = true;
  const sync = appendSync(store, 'a');
  const impatient = appendSync(store, 'b', false);
  expect(await impatient.done).toBe(AppendOutcome.stored);
  expect(sync.calls).toBe(0);
  disk.release();
  expect(await sync.done).toBe(AppendOutcome.stored);
});
