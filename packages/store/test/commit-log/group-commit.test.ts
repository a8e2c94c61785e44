import { readFileSync } from 'node:fs';
import { memoryKeyValueStores } from '@kitemq/runtime';
import { pack } from 'msgpackr';
import { describe, expect, it, vi } from 'vitest';
import { AppendOutcome, AppendStatus, LogStore } from '../../src/index.ts';
import { SystemTopic } from '../../src/views/system-topics.ts';
import { FaultyDisk, faultyRuntime } from '../faulty-disk.ts';
import { append, appendAll, appendLater, bodies, message, numbered, read, readAll, startedStore, storeOptions, temporaryFolder, Waiter } from '../support.ts';

async function faultyStore(overrides: Parameters<typeof storeOptions>[1] = {}): Promise<{ store: LogStore; disk: FaultyDisk; path: string; options: ReturnType<typeof storeOptions> }> {
  const disk = new FaultyDisk();
  const path = temporaryFolder();
  const options = storeOptions(path, { runtime: faultyRuntime(disk), ...overrides });
  return { store: await startedStore(options), disk, path, options };
}

describe('with sync flush', () => {
  it('nothing is acknowledged or visible before its fdatasync has returned', async () => {
    const { store, disk } = await faultyStore();
    disk.holdsSyncs = true;
    const arrivals: number[] = [];
    store.onArrival((_topic, _queueId, offset) => arrivals.push(offset));
    const waiter = appendLater(store, message('a'));
    await vi.waitFor(() => expect(disk.heldSyncs).toBe(1));
    expect(waiter.calls).toBe(0);
    expect(store.maxOffset('TopicTest', 0)).toBe(0);
    expect(store.maxOffset('TopicTest', 0, false)).toBe(1);
    expect((await read(store)).status).toBe('NO_MATCHED_LOGIC_QUEUE');
    expect(await store.recordAt(0)).toBeUndefined();
    expect(arrivals).toEqual([]);
    disk.release();
    expect(await waiter.done).toBe(AppendOutcome.stored);
    expect(arrivals).toEqual([0]);
    expect(bodies(await read(store))).toEqual(['a']);
  });

  it('what is appended while one fdatasync runs is written meanwhile and shares the next one', async () => {
    const { store, disk, path } = await faultyStore();
    disk.holdsSyncs = true;
    const first = appendLater(store, message('a'));
    await vi.waitFor(() => expect(disk.heldSyncs).toBe(1));
    const others = numbered(50).map((text) => appendLater(store, message(text)));
    await vi.waitFor(() => expect(readFileSync(`${path}/commitlog/00000000000000000000`).includes('m49')).toBe(true));
    expect(disk.syncs).toBe(1);
    expect(first.calls).toBe(0);
    disk.release();
    for (const waiter of [first, ...others]) expect(await waiter.done).toBe(AppendOutcome.stored);
    expect(disk.syncs).toBe(2);
  });

  it('who does not wait for the flush is told after the write, but consumers see nothing yet', async () => {
    const { store, disk } = await faultyStore();
    disk.holdsSyncs = true;
    const impatient = appendLater(store, message('a'), false);
    const patient = appendLater(store, message('b'));
    expect(await impatient.done).toBe(AppendOutcome.stored);
    expect(patient.calls).toBe(0);
    expect(store.maxOffset('TopicTest', 0)).toBe(0);
    disk.release();
    expect(await patient.done).toBe(AppendOutcome.stored);
    expect(impatient.calls).toBe(1);
  });

  it('a disk that does not confirm in time: waiters are told so, once, and the messages appear when it does', async () => {
    const { store, disk } = await faultyStore({ syncFlushTimeoutMs: 20 });
    disk.holdsSyncs = true;
    const waiters = numbered(3).map((text) => appendLater(store, message(text)));
    for (const waiter of waiters) expect(await waiter.done).toBe(AppendOutcome.flushTimeout);
    const late = appendLater(store, message('late'));
    expect(await late.done).toBe(AppendOutcome.flushTimeout);
    expect(store.maxOffset('TopicTest', 0)).toBe(0);
    disk.release();
    await vi.waitFor(() => expect(store.maxOffset('TopicTest', 0)).toBe(4));
    expect([...waiters, late].map((waiter) => waiter.calls)).toEqual([1, 1, 1, 1]);
    expect(await append(store, message('fine')).then((waiter) => waiter.outcome)).toBe(AppendOutcome.stored);
  });

  it('a failed fdatasync is final: waiters fail, sends are refused, what was durable can be read, a restart goes on', async () => {
    const { store, disk, options } = await faultyStore();
    await appendAll(store, ['a', 'b']);
    disk.syncError = 'EIO';
    const waiter = appendLater(store, message('c'));
    expect(await waiter.done).toBe(AppendOutcome.failed);
    disk.syncError = undefined;
    expect(store.failure).toMatchObject({ code: 'KITE_STORE_FLUSH_FAILED' });
    expect(store.append(message('d'), new Waiter())).toBe(AppendStatus.unavailable);
    expect(await readAll(store)).toEqual(['a', 'b']);
    expect(store.maxOffset('TopicTest', 0, false)).toBe(2);
    await expect(store.settings.put('a', 'b', 1)).rejects.toMatchObject({ code: 'KITE_STORE_UNAVAILABLE' });
    const syncs = disk.syncs;
    await store.shutdown();
    expect(disk.syncs).toBe(syncs);
    const again = await startedStore(options);
    expect((await again.start()).clean).toBe(false);
    expect((await readAll(again)).slice(0, 2)).toEqual(['a', 'b']);
  });
});

describe('with async flush', () => {
  it('is acknowledged and visible after the write, durable within the interval', async () => {
    const { store, disk } = await faultyStore({ flushMode: 'async', asyncFlushIntervalMs: 5 });
    disk.holdsSyncs = true;
    await append(store, message('a'));
    expect(store.flushedPosition).toBe(0);
    expect(bodies(await read(store))).toEqual(['a']);
    disk.release();
    await vi.waitFor(() => expect(store.flushedPosition).toBe(store.maxPosition));
  });

  it('settings are durable when put resolves', async () => {
    const { store, disk } = await faultyStore({ flushMode: 'async' });
    disk.holdsSyncs = true;
    let resolved = false;
    const put = store.settings.put('topic', 'A', 1).then(() => (resolved = true));
    await vi.waitFor(() => expect(disk.heldSyncs).toBe(1));
    expect(resolved).toBe(false);
    expect(store.settings.get('topic', 'A')).toBe(1);
    disk.release();
    await put;
    expect(store.flushedPosition).toBe(store.maxPosition);
  });
});

describe.each(['sync', 'async'] as const)('a full disk with %s flush', (flushMode) => {
  it('fails what it cannot take, keeps what it has, and takes sends again when there is space', async () => {
    const { store, disk, options } = await faultyStore({ flushMode });
    await appendAll(store, numbered(10));
    disk.space = 2000;
    const waiters = numbered(100, 'full').map((text) => appendLater(store, message(text)));
    const outcomes = await Promise.all(waiters.map((waiter) => waiter.done));
    expect(new Set(outcomes)).toEqual(new Set([AppendOutcome.failed]));
    // Nor does a power cut bring it back.
    expect(disk.unsyncedCuts).toBe(0);
    expect(store.append(message('no'), new Waiter())).toBe(AppendStatus.diskFull);
    expect(store.failure).toBeUndefined();
    expect(await readAll(store)).toEqual(numbered(10));
    // Sends are refused before the last byte is gone: what the store itself has to write still finds room, as long as there is any.
    await store.settings.put('a', 'kept', 1);
    disk.space = 0;
    await expect(store.settings.put('a', 'b', 1)).rejects.toMatchObject({ code: 'KITE_STORE_NO_SPACE', retryable: true });
    expect(store.settings.get('a', 'b')).toBeUndefined();
    expect(store.failure).toBeUndefined();
    disk.space = Number.MAX_SAFE_INTEGER;
    await vi.waitFor(() => expect(store.append(message('again'), new Waiter(false))).toBe(AppendStatus.accepted), { timeout: 5000 });
    const last = await append(store, message('last'));
    expect(last.queueOffset).toBe(11);
    expect(await readAll(store)).toEqual([...numbered(10), 'again', 'last']);
    await store.shutdown();
    const restarted = await startedStore(options);
    expect((await restarted.start()).quarantined).toEqual([]);
    expect(await readAll(restarted)).toEqual([...numbered(10), 'again', 'last']);
  });

  it('at the beginning of a file leaves no half-begun file behind', async () => {
    const { store, disk } = await faultyStore({ flushMode, segmentBytes: 4096 });
    await appendAll(store, numbered(20));
    disk.writeError = 'ENOSPC';
    const waiters = numbered(60, 'full').map((text) => appendLater(store, message(text)));
    for (const waiter of waiters) expect(await waiter.done).toBe(AppendOutcome.failed);
    disk.writeError = undefined;
    await vi.waitFor(() => expect(store.append(message('again'), new Waiter(false))).toBe(AppendStatus.accepted), { timeout: 5000 });
    await appendAll(store, numbered(60, 'more'));
    expect(await readAll(store)).toEqual([...numbered(20), 'again', ...numbered(60, 'more')]);
  });

  it('who appends on being told gets a place behind what is in the log, or is refused', async () => {
    const { store, disk, options } = await faultyStore({ flushMode, slabBytes: 1024 });
    const stored: string[] = [];
    const put = (name: string, then?: () => void): AppendStatus => {
      const waiter = new Waiter(false);
      const told = waiter.appended.bind(waiter);
      waiter.appended = (outcome) => {
        told(outcome);
        if (outcome === AppendOutcome.stored) stored[waiter.queueOffset] = name;
        then?.();
      };
      return store.append(message(name.padEnd(700, '.')), waiter);
    };
    // The first is written, the second finds no space. The store's own records may use the rest of it.
    disk.space = 1000;
    const setting = new Promise<void>((resolve) => {
      put('a', () => {
        disk.space = Number.MAX_SAFE_INTEGER;
        put('c');
        resolve(store.settings.put('s', 'k', 1));
      });
    });
    put('b');
    await setting;
    await vi.waitFor(() => expect(put('d')).toBe(AppendStatus.accepted), { timeout: 5000 });
    await append(store, message('end'));
    const found = async (from: LogStore): Promise<string[]> => (await readAll(from)).map((text) => text.replaceAll('.', ''));
    expect(stored).toContain('a');
    expect(await found(store)).toEqual([...stored, 'end']);
    await store.shutdown();
    const rebuilt = await startedStore({ ...options, openKeyValue: memoryKeyValueStores() });
    expect(await found(rebuilt)).toEqual([...stored, 'end']);
  });

  it('too many open files are waited for in the same way', async () => {
    const { store, disk } = await faultyStore({ flushMode, segmentBytes: 4096 });
    await appendAll(store, numbered(20));
    disk.openError = 'EMFILE';
    const outcomes = await Promise.all(numbered(60, 'none').map((text) => appendLater(store, message(text)).done));
    const kept = outcomes.filter((outcome) => outcome === AppendOutcome.stored).length;
    expect(kept).toBeLessThan(60);
    expect(store.failure).toBeUndefined();
    disk.openError = undefined;
    await vi.waitFor(() => expect(store.append(message('again'), new Waiter(false))).toBe(AppendStatus.accepted), { timeout: 5000 });
    await append(store, message('end'));
    expect(await readAll(store)).toEqual([...numbered(20), ...numbered(60, 'none').slice(0, kept), 'again', 'end']);
  });
});

it('another write error is final, also when a full file cannot be cut back', async () => {
  const { store, disk } = await faultyStore();
  await append(store, message('a'));
  disk.writeError = 'EIO';
  expect(await appendLater(store, message('b')).done).toBe(AppendOutcome.failed);
  expect(store.failure).toMatchObject({ code: 'KITE_STORE_WRITE_FAILED' });
  expect(await readAll(store)).toEqual(['a']);

  const other = await faultyStore();
  await append(other.store, message('a'));
  other.disk.writeError = 'ENOSPC';
  other.disk.truncateError = 'EIO';
  expect(await appendLater(other.store, message('b')).done).toBe(AppendOutcome.failed);
  expect(other.store.failure).toMatchObject({ code: 'KITE_STORE_NO_SPACE' });
  expect(other.store.append(message('c'), new Waiter())).toBe(AppendStatus.unavailable);
});

describe('limits', () => {
  it('answers busy when too many bytes wait for the disk, and a single large message still gets through', async () => {
    const { store, disk } = await faultyStore({ inFlightBytesMax: 4096 });
    disk.holdsSyncs = true;
    const large = appendLater(store, message(Buffer.alloc(8000, 0x61)));
    expect(store.append(message('small'), new Waiter())).toBe(AppendStatus.busy);
    await vi.waitFor(() => expect(disk.heldSyncs).toBe(1));
    disk.release();
    await large.done;
    await append(store, message('small'));
  });

  it('refuses what the format cannot hold', async () => {
    const { store } = await faultyStore({ maxMessageBytes: 1000 });
    const refused = (changes: Parameters<typeof message>[1]): AppendStatus => store.append(message('x', changes), new Waiter());
    expect(refused({ body: Buffer.alloc(1001) })).toBe(AppendStatus.messageIllegal);
    expect(refused({ properties: Buffer.alloc(32_768) })).toBe(AppendStatus.messageIllegal);
    expect(refused({ topic: '' })).toBe(AppendStatus.messageIllegal);
    expect(refused({ topic: 't'.repeat(256) })).toBe(AppendStatus.messageIllegal);
    expect(refused({ queueId: -1 })).toBe(AppendStatus.messageIllegal);
    expect(refused({ queueId: 0.5 })).toBe(AppendStatus.messageIllegal);
    expect(refused({ queueId: 2 ** 31 })).toBe(AppendStatus.messageIllegal);
    expect(refused({ bornHost: Buffer.alloc(6) })).toBe(AppendStatus.messageIllegal);
    expect(refused({ properties: Buffer.alloc(32_767, 0x20), topic: 't'.repeat(255) })).toBe(AppendStatus.accepted);
  });

  it("refuses what would be taken for the store's own records", async () => {
    const { store } = await faultyStore();
    await append(store, message('kept'));
    for (const topic of Object.values(SystemTopic)) {
      const forged = message(pack([1, 'TopicTest']), { topic });
      expect(store.append(forged, new Waiter())).toBe(AppendStatus.messageIllegal);
      expect(store.appendBatch([forged, forged], new Waiter())).toBe(AppendStatus.messageIllegal);
    }
    expect(await readAll(store)).toEqual(['kept']);
  });

  it('refuses a record that no segment can hold', async () => {
    const { store } = await faultyStore({ segmentBytes: 4096 });
    expect(store.append(message(Buffer.alloc(4000)), new Waiter())).toBe(AppendStatus.messageIllegal);
    const fits = message(Buffer.alloc(4096 - 8 - 91 - 'TopicTest'.length));
    expect((await append(store, fits)).physicalOffset).toBe(0);
    expect((await append(store, fits)).physicalOffset).toBe(4096);
  });
});

it('completions that throw disturb nobody', async () => {
  const { store } = await faultyStore();
  const waiter = new Waiter();
  waiter.appended = () => {
    throw new Error('by the test');
  };
  store.onArrival(() => {
    throw new Error('by the test');
  });
  store.append(message('a'), waiter);
  await append(store, message('b'));
  expect(await readAll(store)).toEqual(['a', 'b']);
});
