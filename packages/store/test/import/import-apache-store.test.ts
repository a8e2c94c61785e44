import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, symlinkSync, truncateSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { decodeRecord, encodeBatch, MessageSysFlag } from '@kitemq/protocol';
import { memoryKeyValueStores } from '@kitemq/runtime';
import { describe, expect, it } from 'vitest';
import { importApacheStore, storeKind, type ApacheImportOptions, type ImportReport, type LogStore } from '../../src/index.ts';
import { fastRuntime } from '../fast-disk.ts';
import { read, readAll, startedStore, storeOptions, temporaryFolder, testRuntime } from '../support.ts';
import { ApacheFixture } from './apache-fixture.ts';

const folder = (): string => join(temporaryFolder(), 'store');

function importing(source: string, target: string, options: Partial<ApacheImportOptions> = {}): Promise<ImportReport> {
  return importApacheStore({
    runtime: fastRuntime(),
    source,
    target,
    mode: 'copy',
    afterCrash: false,
    damaged: false,
    prepare: () => undefined,
    carry: () => Promise.resolve({ counts: {}, notes: [] }),
    isKnownTopic: () => false,
    openKeyValue: memoryKeyValueStores(),
    ...options,
  });
}

/** The new store, opened with nothing but its log: whatever is found is in the log. */
function opened(target: string, segmentBytes = 16 * 1024): Promise<LogStore> {
  return startedStore(storeOptions(target, { runtime: fastRuntime(), segmentBytes }));
}

/** Names, sizes, content and times of every file below. */
function fingerprint(path: string): Map<string, string> {
  const found = new Map<string, string>();
  const visit = (at: string): void => {
    for (const name of readdirSync(at)) {
      const each = join(at, name);
      const stat = statSync(each);
      if (stat.isDirectory()) visit(each);
      else found.set(each, `${stat.size} ${stat.mtimeMs} ${createHash('sha256').update(readFileSync(each)).digest('hex')}`);
    }
  };
  visit(path);
  return found;
}

function filled(fixture: ApacheFixture, topic: string, count: number, queueId = 0): string[] {
  const texts = Array.from({ length: count }, (_, index) => `${topic}-${queueId}-${index} ${'x'.repeat(index % 97)}`);
  for (const body of texts) fixture.send({ topic, queueId, body, properties: { KEYS: `k${body.length}`, TAGS: 'A' } });
  return texts;
}

describe('an import', () => {
  it.each(['copy', 'link'] as const)('takes every message with its bytes, offsets and times (%s), and leaves the source as it was', async (mode) => {
    const [source, target] = [folder(), folder()];
    const fixture = new ApacheFixture();
    const texts = [filled(fixture, 'A', 300), filled(fixture, 'A', 100, 1), filled(fixture, 'B', 50, 3)];
    fixture.write(source, { ahead: true });
    const before = fingerprint(source);
    const report = await importing(source, target, { mode });
    expect(report).toMatchObject({ how: mode === 'copy' ? 'copied' : 'linked', records: 450, queues: 3, bytes: fixture.end, segmentBytes: 16 * 1024, notes: [] });
    expect(report.segments).toBe(Math.ceil(fixture.end / (16 * 1024)));
    const store = await opened(target);
    expect(await readAll(store, 'A', 0)).toEqual(texts[0]);
    expect(await readAll(store, 'A', 1)).toEqual(texts[1]);
    expect(await readAll(store, 'B', 3)).toEqual(texts[2]);
    const { records } = await read(store, { topic: 'B', queueId: 3, maxMessages: 1 });
    const record = decodeRecord(records[0] as Uint8Array);
    const original = readFileSync(join(source, 'commitlog', readdirSync(join(source, 'commitlog')).findLast((name) => Number(name) <= record.physicalOffset) as string));
    expect(Buffer.from(records[0] as Uint8Array)).toEqual(original.subarray(record.physicalOffset % (16 * 1024), (record.physicalOffset % (16 * 1024)) + record.size));
    await store.shutdown();
    expect(fingerprint(source)).toEqual(before);
    expect(existsSync(join(target, 'import-in-progress'))).toBe(false);
  });

  it('goes on appending behind what was imported', async () => {
    const [source, target] = [folder(), folder()];
    const fixture = new ApacheFixture();
    const texts = filled(fixture, 'A', 40);
    fixture.write(source);
    await importing(source, target);
    const store = await opened(target);
    store.consumerOffsets.commit('g', 'A', 0, 12);
    await store.consumerOffsets.flush();
    expect(store.maxOffset('A', 0)).toBe(40);
    expect(store.minPosition).toBe(0);
    expect(store.maxPosition).toBeGreaterThan(fixture.end);
    await store.shutdown();
    const again = await opened(target);
    expect(await readAll(again, 'A')).toEqual(texts);
    expect(again.consumerOffsets.get('g', 'A', 0)).toBe(12);
  });

  it('takes logs whose beginning is gone: queues begin where they begin', async () => {
    const [source, target] = [folder(), folder()];
    const fixture = new ApacheFixture({ firstSegment: 7 });
    fixture.beginAt('A', 0, 1234);
    fixture.beginAt('A', 1, 60);
    const texts = filled(fixture, 'A', 30);
    fixture.write(source);
    const report = await importing(source, target);
    expect(report.carried['queuesWithoutMessages']).toBe(1);
    const store = await opened(target);
    expect([store.minOffset('A', 0), store.maxOffset('A', 0)]).toEqual([1234, 1264]);
    expect([store.minOffset('A', 1), store.maxOffset('A', 1)]).toEqual([60, 60]);
    expect(await readAll(store, 'A')).toEqual(texts);
    expect(store.minPosition).toBe(7 * 16 * 1024);
  });

  it('keeps hosts of both kinds, flags, compressed bodies and long topics', async () => {
    const [source, target] = [folder(), folder()];
    const fixture = new ApacheFixture();
    const retry = `%RETRY%${'g'.repeat(200)}`;
    const compressed = Buffer.from('785ECB48CDC9C957C8402701680308B1', 'hex');
    fixture.send({ topic: 'V6', body: 'six', bornHost: '2001:db8::1', storeHost: 'fe80::1' });
    fixture.send({ topic: 'V6', body: compressed, sysFlag: MessageSysFlag.compressed | MessageSysFlag.compressionZlib });
    fixture.send({ topic: retry, body: 'again', properties: { RETRY_TOPIC: 'V6' } });
    fixture.send({ topic: '%DLQ%g', body: 'dead' });
    fixture.write(source);
    await importing(source, target);
    const store = await opened(target);
    const { records } = await read(store, { topic: 'V6' });
    const [six, zipped] = records.map((record) => decodeRecord(record));
    expect(six).toMatchObject({ sysFlag: 0x30, flag: 7 });
    expect(Buffer.from(six?.bornHost ?? []).subarray(0, 4).toString('hex')).toBe('20010db8');
    expect(Buffer.from(zipped?.body ?? [])).toEqual(compressed);
    expect(zipped?.sysFlag).toBe(0x301);
    expect(await readAll(store, retry)).toEqual(['again']);
    expect(await readAll(store, '%DLQ%g')).toEqual(['dead']);
  });

  it('gives an inner batch all its offsets; a read at any of them returns it once', async () => {
    const [source, target] = [folder(), folder()];
    const fixture = new ApacheFixture();
    const batch = (count: number): Parameters<ApacheFixture['send']>[0] => ({
      topic: 'Batches',
      body: encodeBatch(Array.from({ length: count }, (_, index) => ({ flag: 0, body: Buffer.from(`e${index}`), properties: new Uint8Array(0) }))),
      sysFlag: MessageSysFlag.needUnwrap | MessageSysFlag.innerBatch,
      properties: { INNER_NUM: String(count), UNIQ_KEY: 'u' },
      count,
    });
    for (const count of [3, 1, 400, 2]) fixture.send(batch(count));
    fixture.write(source);
    expect((await importing(source, target)).notes).toEqual([]);
    const store = await opened(target);
    expect(store.maxOffset('Batches', 0)).toBe(406);
    const offsetsFrom = async (offset: number, maxMessages = 1000): Promise<number[]> => (await read(store, { topic: 'Batches', offset, maxMessages })).records.map((record) => decodeRecord(record).queueOffset);
    expect(await offsetsFrom(0)).toEqual([0, 3, 4, 404]);
    expect(await offsetsFrom(2)).toEqual([0, 3, 4, 404]);
    expect(await offsetsFrom(250)).toEqual([4, 404]);
    expect(await read(store, { topic: 'Batches', offset: 4, maxMessages: 1 })).toMatchObject({ nextBeginOffset: 404, messageCount: 1 });
  });

  it('leaves out messages of deleted topics, also of one that was made again', async () => {
    const [source, target] = [folder(), folder()];
    const fixture = new ApacheFixture();
    filled(fixture, 'Gone', 20);
    filled(fixture, 'Again', 20);
    filled(fixture, 'Once', 5);
    fixture.deleteTopic('Gone');
    fixture.deleteTopic('Again');
    fixture.deleteTopic('Once');
    const texts = filled(fixture, 'Again', 7).map((text) => text);
    fixture.send({ topic: 'Once', body: 'the only one' });
    const other = filled(fixture, 'Other', 3);
    fixture.write(source);
    const report = await importing(source, target);
    expect(report.notes).toEqual(['messages of topics that were deleted are left out: Gone']);
    const store = await opened(target);
    expect([...store.queues()].map(({ topic }) => topic).sort()).toEqual(['Again', 'Once', 'Other']);
    expect(await readAll(store, 'Again')).toEqual(texts);
    expect(await readAll(store, 'Once')).toEqual(['the only one']);
    expect(await readAll(store, 'Other')).toEqual(other);
  });

  it('leaves a checkpoint that says what a replay says', async () => {
    const [source, target] = [folder(), folder()];
    const fixture = new ApacheFixture({ firstSegment: 2 });
    fixture.beginAt('Late', 0, 777);
    fixture.beginAt('Emptied', 0, 5);
    filled(fixture, 'Late', 300);
    filled(fixture, 'Again', 250);
    fixture.deleteTopic('Again');
    const again = filled(fixture, 'Again', 210);
    fixture.write(source);
    const openKeyValue = memoryKeyValueStores();
    await importing(source, target, { openKeyValue });
    const options = storeOptions(target, { runtime: fastRuntime(), segmentBytes: 16 * 1024, openKeyValue });
    const loaded = await startedStore(options);
    expect((await loaded.start()).viewsRebuilt).toBe(false);
    const look = async (store: LogStore): Promise<unknown> => [
      await readAll(store, 'Again'),
      (await readAll(store, 'Late')).length,
      ['Late', 'Again', 'Emptied'].map((topic) => [store.minOffset(topic, 0), store.maxOffset(topic, 0)]),
    ];
    const seen = await look(loaded);
    expect(seen).toEqual([again, 300, [[777, 1077], [0, 210], [5, 5]]]);
    await loaded.shutdown();
    const replayed = await opened(target);
    expect((await replayed.start()).viewsRebuilt).toBe(true);
    expect(await look(replayed)).toEqual(seen);
  });

  it('takes a log up to its last whole message after a crash', async () => {
    const [source, target] = [folder(), folder()];
    const fixture = new ApacheFixture();
    const texts = filled(fixture, 'A', 100);
    fixture.write(source, { abort: '4194304', ahead: true });
    const last = readdirSync(join(source, 'commitlog')).sort().at(-2) as string;
    const bytes = readFileSync(join(source, 'commitlog', last));
    const end = fixture.end % (16 * 1024);
    bytes.fill(0, end - 10, end);
    writeFileSync(join(source, 'commitlog', last), bytes);
    const report = await importing(source, target, { afterCrash: true });
    expect(report.notes.some((note) => note.includes('could not be kept'))).toBe(true);
    const store = await opened(target);
    expect(await readAll(store, 'A')).toEqual(texts.slice(0, -1));
  });

  it('takes files of 1 GiB that are nearly all zeros', { timeout: 60_000 }, async () => {
    const [source, target] = [folder(), folder()];
    const fixture = new ApacheFixture();
    const texts = filled(fixture, 'A', 20);
    fixture.write(source);
    const gibi = 2 ** 30;
    truncateSync(join(source, 'commitlog', '0'.repeat(20)), gibi);
    writeFileSync(join(source, 'commitlog', String(gibi).padStart(20, '0')), '');
    truncateSync(join(source, 'commitlog', String(gibi).padStart(20, '0')), gibi);
    const report = await importing(source, target);
    expect(report).toMatchObject({ segments: 1, segmentBytes: gibi, bytes: fixture.end, records: 20 });
    const store = await opened(target, gibi);
    expect(await readAll(store, 'A')).toEqual(texts);
  });

  it('names light queues, whose messages are in queues of other topics', async () => {
    const [source, target] = [folder(), folder()];
    const fixture = new ApacheFixture();
    const texts = filled(fixture, 'A', 4);
    fixture.beginAt('%LMQ%light', 0, 60);
    fixture.write(source);
    expect((await importing(source, target)).notes).toEqual(['not carried over: 1 light queues (%LMQ%…); their messages are in the topics that they were sent to']);
    const store = await opened(target);
    expect([...store.queues()]).toEqual([{ topic: 'A', queueId: 0 }]);
    expect(await readAll(store, 'A')).toEqual(texts);
  });

  it('says where the log and the index differ', async () => {
    const [source, target] = [folder(), folder()];
    const fixture = new ApacheFixture();
    filled(fixture, 'A', 20);
    fixture.queues.get('A/0')?.units.splice(15);
    fixture.write(source);
    expect((await importing(source, target)).notes).toEqual(["queue 0 of A ends at 20 in the log, at 15 in Apache's index; the log counts"]);
    expect((await opened(target)).maxOffset('A', 0)).toBe(20);
  });

  it('does without an index', async () => {
    const [source, target] = [folder(), folder()];
    const fixture = new ApacheFixture();
    const texts = filled(fixture, 'A', 20);
    fixture.write(source, { withoutIndex: true });
    expect((await importing(source, target)).notes).toEqual(['there is no consumequeue/ to compare with: queues are what the log says']);
    expect(await readAll(await opened(target), 'A')).toEqual(texts);
  });

  it('hands over what is no message to who knows it, and keeps what that writes', async () => {
    const [source, target] = [folder(), folder()];
    const fixture = new ApacheFixture();
    filled(fixture, 'A', 5);
    fixture.write(source);
    const report = await importing(source, target, {
      carry: async (store, { path, clean }) => {
        await store.settings.put('topic', 'A', { path, clean });
        return { counts: { topics: 1 }, notes: ['something'] };
      },
    });
    expect(report).toMatchObject({ carried: { topics: 1 }, notes: ['something'] });
    expect((await opened(target)).settings.get('topic', 'A')).toEqual({ path: source, clean: true });
  });
});

describe('what an import refuses', () => {
  const written = (options: Parameters<ApacheFixture['write']>[1] = {}, count = 300): string => {
    const source = folder();
    const fixture = new ApacheFixture();
    filled(fixture, 'A', count);
    fixture.write(source, options);
    return source;
  };

  it('a store whose broker runs, or died, unless that is said', async () => {
    // No java process has this number; and none of the numbers of this test's process.
    const source = written({ abort: '4194304' });
    await expect(importing(source, folder())).rejects.toMatchObject({ code: 'KITE_IMPORT_UNCLEAN' });
    const target = folder();
    await importing(source, target, { afterCrash: true });
    expect((await opened(target)).maxOffset('A', 0)).toBe(300);
  });

  it('a store whose broker runs, whatever is said', async () => {
    const source = written({ abort: '77' });
    const runtime = fastRuntime();
    const { disk } = runtime;
    const [stat, readFile] = [disk.statSync.bind(disk), disk.readFileSync.bind(disk)];
    disk.statSync = (path) => (path === '/proc/77/cmdline' ? { size: 0, isDirectory: false, modifiedTime: 0 } : stat(path)) as ReturnType<typeof stat>;
    disk.readFileSync = (path) => (path === '/proc/77/cmdline' ? Buffer.from('/usr/bin/java\0-cp\0x') : readFile(path));
    await expect(importing(source, folder(), { afterCrash: true, runtime })).rejects.toMatchObject({ code: 'KITE_IMPORT_RUNNING', details: { pid: 77 } });
  });

  it('what is no store, or one of another kind', async () => {
    const empty = temporaryFolder();
    await expect(importing(empty, folder())).rejects.toMatchObject({ code: 'KITE_IMPORT_SOURCE' });
    writeFileSync(join(empty, 'file'), 'x');
    await expect(importing(empty, folder())).rejects.toMatchObject({ code: 'KITE_IMPORT_SOURCE' });
    await expect(importing(join(empty, 'file'), folder())).rejects.toMatchObject({ code: 'KITE_IMPORT_SOURCE' });
    await expect(importing(join(empty, 'none'), folder())).rejects.toMatchObject({ code: 'KITE_IMPORT_SOURCE' });
    const only = folder();
    new ApacheFixture().write(only);
    await expect(importing(only, folder())).rejects.toMatchObject({ code: 'KITE_IMPORT_SOURCE' });
  });

  it('tables whose log lies elsewhere; a symbolic link to it will do', async () => {
    const source = written();
    const log = join(temporaryFolder(), 'log');
    renameSync(join(source, 'commitlog'), log);
    const advice = expect.stringContaining(`make ${source}/commitlog a symbolic link to it`);
    await expect(importing(source, folder())).rejects.toMatchObject({ code: 'KITE_IMPORT_SOURCE', message: advice });
    mkdirSync(join(source, 'commitlog'));
    await expect(importing(source, folder())).rejects.toMatchObject({ code: 'KITE_IMPORT_SOURCE', message: advice });
    rmSync(join(source, 'commitlog'), { recursive: true });
    symlinkSync(log, join(source, 'commitlog'));
    const target = folder();
    expect(await importing(source, target, { mode: 'link' })).toMatchObject({ records: 300 });
    expect((await opened(target)).maxOffset('A', 0)).toBe(300);
  });

  it('a target that has something in it, or lies in the source', async () => {
    const source = written();
    const target = temporaryFolder();
    writeFileSync(join(target, 'mine'), '');
    await expect(importing(source, target)).rejects.toMatchObject({ code: 'KITE_IMPORT_TARGET' });
    await expect(importing(source, join(source, 'new'))).rejects.toMatchObject({ code: 'KITE_IMPORT_TARGET' });
    expect(readdirSync(target)).toEqual(['mine']);
  });

  it('a disk without room', async () => {
    const source = written();
    const runtime = fastRuntime();
    runtime.disk.spaceSync = () => ({ totalBytes: 1e9, freeBytes: 1e5 });
    const target = folder();
    await expect(importing(source, target, { runtime })).rejects.toMatchObject({ code: 'KITE_STORE_NO_SPACE' });
    expect(existsSync(target)).toBe(false);
  });

  it('a log with a file missing, cut, or broken; with --damaged it takes what is left and says what is not', async () => {
    const damages: readonly ((commitLog: string, names: readonly string[]) => void)[] = [
      (commitLog, names) => unlinkSync(join(commitLog, names[1] as string)),
      (commitLog, names) => truncateSync(join(commitLog, names[1] as string), 9000),
      (commitLog, names) => writeFileSync(join(commitLog, names[1] as string), Buffer.alloc(16 * 1024, 'z')),
    ];
    for (const damage of damages) {
      const source = written({}, 400);
      const commitLog = join(source, 'commitlog');
      damage(commitLog, readdirSync(commitLog).sort());
      await expect(importing(source, folder())).rejects.toMatchObject({ code: 'KITE_IMPORT_DAMAGED' });
      const target = folder();
      const report = await importing(source, target, { damaged: true });
      expect(report.notes.some((note) => note.includes('of the log could not be kept'))).toBe(true);
      const store = await opened(target);
      const found = await readAll(store, 'A');
      expect(found.length).toBeGreaterThan(200);
      expect(found.length).toBeLessThan(400);
      expect(found.at(-1)).toContain('A-0-399');
      expect(store.maxOffset('A', 0)).toBe(400);
      await store.shutdown();
    }
  });
});

describe('an import that is interrupted', () => {
  it('goes on where it was: files that are there are not copied again', async () => {
    const [source, target] = [folder(), folder()];
    const fixture = new ApacheFixture();
    const texts = filled(fixture, 'A', 600);
    fixture.write(source);
    for (let stopAt = 1; stopAt <= 4; stopAt++) {
      const controller = new AbortController();
      let pieces = 0;
      const progress = ({ step }: { step: string }): void => {
        if (step === 'take' && ++pieces === stopAt) controller.abort();
      };
      await expect(importing(source, target, { signal: controller.signal, progress })).rejects.toMatchObject({ code: 'KITE_ABORTED' });
      expect(storeKind(testRuntime().disk, target)).toBe('interrupted-import');
    }
    await expect(importing(source, target, { carry: () => Promise.reject(new Error('no')) })).rejects.toThrow('no');
    const first = statSync(join(target, 'commitlog', '0'.repeat(20))).ino;
    await importing(source, target);
    expect(statSync(join(target, 'commitlog', '0'.repeat(20))).ino).toBe(first);
    expect(readdirSync(join(target, 'commitlog')).some((name) => name.endsWith('.part'))).toBe(false);
    expect(await readAll(await opened(target), 'A')).toEqual(texts);
  });

  it('is not mixed with another, nor with a source that has changed', async () => {
    const [source, other, target] = [folder(), folder(), folder()];
    const fixture = new ApacheFixture();
    filled(fixture, 'A', 100);
    fixture.write(source);
    fixture.write(other);
    await expect(importing(source, target, { carry: () => Promise.reject(new Error('no')) })).rejects.toThrow('no');
    await expect(importing(other, target)).rejects.toMatchObject({ code: 'KITE_IMPORT_INTERRUPTED' });
    filled(fixture, 'A', 1);
    fixture.write(source);
    await expect(importing(source, target)).rejects.toMatchObject({ code: 'KITE_IMPORT_CHANGED' });
    writeFileSync(join(target, 'import-in-progress'), 'garbage');
    await expect(importing(source, target)).rejects.toMatchObject({ code: 'KITE_IMPORT_BROKEN' });
  });
});

describe('taking a store over where it is', () => {
  it('keeps the log and moves what only Apache understands aside', async () => {
    const path = folder();
    const fixture = new ApacheFixture();
    const texts = filled(fixture, 'A', 300);
    fixture.config.set('topics.json', '{}');
    fixture.write(path, { ahead: true });
    const first = statSync(join(path, 'commitlog', '0'.repeat(20))).ino;
    expect(storeKind(testRuntime().disk, path)).toBe('apache');
    const report = await importing(path, path);
    expect(report).toMatchObject({ how: 'in place', records: 300 });
    expect(readdirSync(path).sort()).toEqual(['apache', 'commitlog']);
    expect(readdirSync(join(path, 'apache')).sort()).toEqual(['checkpoint', 'config', 'consumequeue']);
    expect(statSync(join(path, 'commitlog', '0'.repeat(20))).ino).toBe(first);
    expect(storeKind(testRuntime().disk, path)).toBe('bare-log');
    expect(await readAll(await opened(path), 'A')).toEqual(texts);
  });

  it('can be repeated after it was interrupted, at any step', async () => {
    const path = folder();
    const fixture = new ApacheFixture();
    const texts = filled(fixture, 'A', 300);
    fixture.config.set('topics.json', '{}');
    fixture.write(path);
    await expect(importing(path, path, { carry: () => Promise.reject(new Error('no')) })).rejects.toThrow('no');
    const runtime = fastRuntime();
    const rename = runtime.disk.renameSync.bind(runtime.disk);
    let carried = 0;
    const carry: ApacheImportOptions['carry'] = () => Promise.resolve({ counts: { runs: ++carried }, notes: [] });
    runtime.disk.renameSync = (from, to) => {
      if (to.endsWith('apache/consumequeue')) throw new Error('power');
      rename(from, to);
    };
    await expect(importing(path, path, { runtime, carry })).rejects.toThrow('power');
    await importing(path, path, { carry });
    expect(carried).toBe(1);
    expect(readdirSync(path).sort()).toEqual(['apache', 'commitlog']);
    const store = await opened(path);
    expect(await readAll(store, 'A')).toEqual(texts);
    await store.shutdown();
    rmSync(join(path, 'apache'), { recursive: true });
  });
});
