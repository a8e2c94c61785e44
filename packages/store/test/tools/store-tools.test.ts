import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { SealedRows } from '../../src/checkpoint/sealed-rows.ts';
import { exportApacheLog, LogStore, type StoreOptions } from '../../src/index.ts';
import { dumpStore, rebuildViews, statStore, verifyStore, type StoredRecord } from '../../src/tools.ts';
import { describe, expect, it, vi } from 'vitest';
import { fastRuntime } from '../fast-disk.ts';
import { append, appendAll, message, numbered, readAll, startedStore, storeOptions, temporaryFolder, testRuntime } from '../support.ts';

vi.setConfig({ testTimeout: 60_000 });

const runtime = testRuntime();
const segmentBytes = 16 * 1024;
const segment = (index: number): string => String(index * segmentBytes).padStart(20, '0');

/** A store with LMDB, several segments, two topics, offsets and settings. */
async function filled(overrides: Partial<StoreOptions> = {}): Promise<{ store: LogStore; options: StoreOptions; path: string }> {
  const path = temporaryFolder();
  const { openKeyValue: _memory, ...rest } = storeOptions(path, { segmentBytes, ...overrides });
  const store = await startedStore(rest);
  await appendAll(store, numbered(250), { tags: 'TagA' });
  await appendAll(store, numbered(250, 'other'), { topic: 'Other', queueId: 3, properties: Buffer.from('KEYS\u0001k1 k2\u0002') });
  await store.settings.put('topic', 'TopicTest', { queues: 4 });
  store.consumerOffsets.commit('readers', 'TopicTest', 0, 100);
  await store.consumerOffsets.flush();
  return { store, options: rest, path };
}

async function stopped(): Promise<{ options: StoreOptions; path: string }> {
  const { store, options, path } = await filled();
  await store.shutdown();
  return { options, path };
}

describe('verify', () => {
  it('finds nothing wrong in a store that was stopped, and changes nothing', async () => {
    const { path } = await stopped();
    const before = readFileSync(join(path, 'commitlog', segment(0)));
    const report = await verifyStore({ runtime, path });
    expect(report.problems).toEqual([]);
    expect(report).toMatchObject({ ok: true, holder: undefined, begin: 0, notes: [] });
    expect(report.records).toBeGreaterThanOrEqual(502);
    expect(report.entriesCompared).toBeGreaterThanOrEqual(500);
    expect(report.checkpointPosition).toBe(report.end);
    expect(report.segments).toBeGreaterThan(2);
    expect(readFileSync(join(path, 'commitlog', segment(0))).equals(before)).toBe(true);
  });

  it('works beside the process that has the store open, which goes on undisturbed', async () => {
    const { store, path } = await filled({ checkpointIntervalMs: 1 });
    const writing = appendAll(store, numbered(500, 'meanwhile'));
    const report = await verifyStore({ runtime, path });
    await writing;
    expect(report.problems).toEqual([]);
    expect(report).toMatchObject({ ok: true, holder: process.pid });
    expect((await readAll(store)).length).toBe(750);
    await store.shutdown();
    expect(await verifyStore({ runtime, path })).toMatchObject({ ok: true });
  });

  it('ends while the log goes on growing, and takes nothing that is being written for a hole', async () => {
    const path = temporaryFolder();
    const { openKeyValue: _memory, ...options } = storeOptions(path, { segmentBytes: 256 * 1024 * 1024, checkpointIntervalMs: 5, runtime: fastRuntime() });
    const store = await startedStore(options);
    const body = Buffer.alloc(64 * 1024, 0x61);
    for (let count = 0; count < 400; count++) await append(store, message(body));
    const looks = { left: 3 };
    const looking = (async () => {
      for (; looks.left > 0; looks.left--) expect(await verifyStore({ runtime, path })).toMatchObject({ ok: true, problems: [], holder: process.pid });
    })();
    for (let count = 0; looks.left > 0 && count < 2000; count++) await append(store, message(body));
    await looking;
    await store.shutdown();
  });

  it('finds a flipped bit, a missing and a short segment', async () => {
    const { path } = await stopped();
    const log = join(path, 'commitlog');
    const first = readFileSync(join(log, segment(0)));
    const at = first.indexOf('m17');
    const flipped = Buffer.from(first);
    flipped[at] = (flipped[at] as number) ^ 1;
    writeFileSync(join(log, segment(0)), flipped);
    const report = await verifyStore({ runtime, path });
    expect(report.ok).toBe(false);
    const hole = report.problems.find(({ kind }) => kind === 'hole');
    expect(hole?.position).toBeLessThan(at);
    expect(report.problems.some(({ kind, message: text }) => kind === 'queue' && text.includes('first at offset 17'))).toBe(true);
    writeFileSync(join(log, segment(0)), first);
    const second = readFileSync(join(log, segment(1)));
    truncateSync(join(log, segment(1)), 5000);
    expect((await verifyStore({ runtime, path })).problems.filter(({ kind }) => kind === 'hole').length).toBeGreaterThan(0);
    rmSync(join(log, segment(1)));
    expect((await verifyStore({ runtime, path })).problems.some(({ kind, position }) => kind === 'hole' && position === segmentBytes)).toBe(true);
    writeFileSync(join(log, segment(1)), second);
    expect(await verifyStore({ runtime, path })).toMatchObject({ ok: true });
  });

  it('finds a checkpoint that says something else than the log: entries, ends, offsets, settings', async () => {
    const { path } = await stopped();
    const { lmdbKeyValueStores } = await import('../../src/checkpoint/lmdb-key-value.ts');
    const rows = new SealedRows(lmdbKeyValueStores(runtime.disk)(join(path, 'views')), runtime.logger);
    const first = (prefix: number): [Buffer, Buffer] => {
      let found: [Buffer, Buffer] | undefined;
      rows.range(Buffer.of(prefix), Buffer.of(prefix + 1), (key, value) => {
        if (!Buffer.from(key).includes('rmq_sys')) found ??= [Buffer.from(key), Buffer.from(value)];
      });
      return found as [Buffer, Buffer];
    };
    for (const prefix of [0x10, 0x11, 0x20, 0x30]) {
      const [key, value] = first(prefix);
      value[value.length - 1] = (value[value.length - 1] as number) ^ 1;
      rows.commitSync((batch) => batch.put(key, value));
    }
    await rows.close();
    const { problems } = await verifyStore({ runtime, path });
    expect(problems.map(({ kind }) => kind).sort()).toEqual(['offset', 'queue', 'queue', 'setting']);
  });

  it('notes a lost or outdated checkpoint and a torn tail, which the next start takes care of', async () => {
    const { path } = await stopped();
    rmSync(join(path, 'views'), { recursive: true });
    expect(await verifyStore({ runtime, path })).toMatchObject({ ok: true, checkpointPosition: -1, notes: [expect.stringContaining('no checkpoint')] });
    mkdirSync(join(path, 'views'));
    writeFileSync(join(path, 'views', 'data.mdb'), Buffer.alloc(100_000, 0xab));
    expect(await verifyStore({ runtime, path })).toMatchObject({ ok: false, problems: [{ kind: 'checkpoint' }] });
  });

  it('says when there is no store', async () => {
    await expect(verifyStore({ runtime, path: temporaryFolder() })).rejects.toMatchObject({ code: 'KITE_STORE_ABSENT' });
  });

  it('can be ended, and tells how far it is', async () => {
    const { path } = await stopped();
    const seen: number[] = [];
    await verifyStore({ runtime, path, onProgress: (done, total) => seen.push(done / total) });
    expect(seen.at(-1)).toBe(1);
  });
});

describe('stat', () => {
  it('counts what is there', async () => {
    const { path } = await stopped();
    const stat = await statStore({ runtime, path });
    expect(stat).toMatchObject({ clean: true, holder: undefined, groups: 1, consumerOffsets: 1, settings: 1, quarantine: { files: 0, bytes: 0 } });
    expect(stat.topics).toEqual([
      { topic: 'Other', queues: [{ queueId: 3, min: 0, next: 250, messages: 250 }], messages: 250 },
      { topic: 'TopicTest', queues: [{ queueId: 0, min: 0, next: 250, messages: 250 }], messages: 250 },
    ]);
    expect(stat.checkpoint).toMatchObject({ position: stat.log.end, behindBytes: 0, unprovenBytes: 0 });
    expect(stat.log.segments[0]).toMatchObject({ name: segment(0), start: 0, fileBytes: segmentBytes });
    expect(stat.log.segments[0]?.firstStoreTime).toBeGreaterThan(1_700_000_000_000);
  });

  it('works beside a running store, and without a checkpoint', async () => {
    const { store, path } = await filled();
    const stat = await statStore({ runtime, path });
    expect(stat).toMatchObject({ clean: false, holder: process.pid });
    expect(stat.log.end).toBe(store.maxPosition);
    await store.shutdown();
    rmSync(join(path, 'views'), { recursive: true });
    expect(await statStore({ runtime, path })).toMatchObject({ checkpoint: undefined, checkpointProblem: 'there is none', topics: [], log: { end: stat.log.end } });
  });
});

describe('dump', () => {
  async function dumped(path: string, filter: Parameters<typeof dumpStore>[0]['filter'], body: 'auto' | 'none' | 'hex' = 'auto'): Promise<StoredRecord[]> {
    const records: StoredRecord[] = [];
    const count = await dumpStore({ runtime, path, body, onRecord: (record) => void records.push(record), ...(filter === undefined ? {} : { filter }) });
    expect(count).toBe(records.length);
    return records;
  }

  it('shows records as plain data, the store\'s own with what they say', async () => {
    const { path } = await stopped();
    const all = await dumped(path, undefined);
    expect(all.length).toBeGreaterThanOrEqual(502);
    expect(all[1]).toMatchObject({ topic: 'TopicTest', queueId: 0, queueOffset: 1, body: 'm1', bodyForm: 'text', properties: { TAGS: 'TagA' }, bornHost: '10.0.0.1:40000', storeHost: '127.0.0.1:10911' });
    expect(all.find(({ topic }) => topic === 'rmq_sys_KITEMQ_SETTINGS')?.content).toEqual([1, 'topic', 'TopicTest', { queues: 4 }]);
    expect(await dumped(path, { topic: 'Other', limit: 2 }, 'hex')).toMatchObject([{ queueOffset: 0, body: Buffer.from('other0').toString('hex'), bodyForm: 'hex' }, { queueOffset: 1, properties: { KEYS: 'k1 k2' } }]);
    expect((await dumped(path, { topic: 'Other', limit: 1 }, 'none'))[0]?.body).toBe(undefined);
  });

  it('by place, topic, queue, offset and time', async () => {
    const { path } = await stopped();
    const all = await dumped(path, undefined);
    const at = all[40]?.position ?? 0;
    expect((await dumped(path, { from: at - 1, until: (all[42]?.position ?? 0) + 1 })).map(({ position }) => position)).toEqual([40, 41, 42].map((index) => all[index]?.position));
    expect((await dumped(path, { from: at + 1, limit: 1 }))[0]?.position).toBe(all[41]?.position);
    expect(await dumped(path, { topic: 'Other', queueId: 0 })).toEqual([]);
    expect((await dumped(path, { topic: 'Other', queueId: 3, fromOffset: 10, untilOffset: 12 })).map(({ body }) => body)).toEqual(['other10', 'other11']);
    const time = all[0]?.storeTimestamp ?? 0;
    expect((await dumped(path, { after: time })).length).toBe(all.length);
    expect(await dumped(path, { before: time })).toEqual([]);
    expect(await dumped(path, { from: 10 ** 12 })).toEqual([]);
  });
});

describe('rebuild', () => {
  it('makes the views again, and says how far it is', async () => {
    const { path, options } = await stopped();
    const phases: string[] = [];
    const report = await rebuildViews({ runtime, path, onProgress: ({ phase, position, until }) => phases.push(position <= until ? phase : 'beyond') });
    expect(report).toMatchObject({ clean: true, viewsRebuilt: true, lost: [], quarantined: [] });
    expect(new Set(phases)).toEqual(new Set(['replaying']));
    expect(await verifyStore({ runtime, path })).toMatchObject({ ok: true, checkpointPosition: report.maxPosition });
    const store = await startedStore(options);
    expect(await store.start()).toMatchObject({ viewsRebuilt: false, replayedRecords: 0 });
    expect(await readAll(store)).toEqual(numbered(250));
    expect(store.consumerOffsets.get('readers', 'TopicTest', 0)).toBe(100);
    expect((await append(store, message('x'))).queueOffset).toBe(250);
  });

  it('leaves a log of one file as long as it is, and ready for an export', async () => {
    const path = temporaryFolder();
    const store = await startedStore(storeOptions(path, { segmentBytes }));
    await appendAll(store, numbered(10));
    await store.shutdown();
    const files = (of: string) => readdirSync(join(of, 'commitlog')).map((name) => statSync(join(of, 'commitlog', name)).size);
    expect(files(path)).toEqual([segmentBytes]);
    await rebuildViews({ runtime, path });
    expect(files(path)).toEqual([segmentBytes]);
    const target = join(temporaryFolder(), 'apache');
    const report = await exportApacheLog({ runtime, source: path, target, mode: 'copy', describe: () => ({ files: new Map(), notes: [] }) });
    expect(report).toMatchObject({ records: 10, segmentBytes });
    expect(files(target)).toEqual([segmentBytes]);
  });

  it('is refused while the store is in use', async () => {
    const { path } = await filled();
    await expect(rebuildViews({ runtime, path })).rejects.toMatchObject({ code: 'KITE_STORE_LOCKED' });
  });

  it('can be ended, and goes on with the next start', async () => {
    const { path, options } = await stopped();
    await expect(rebuildViews({ runtime, path, signal: AbortSignal.abort() })).rejects.toThrow();
    expect(await readAll(await startedStore(options))).toEqual(numbered(250));
  });
});
