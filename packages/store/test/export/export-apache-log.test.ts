import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { memoryKeyValueStores } from '@kitemq/runtime';
import { describe, expect, it } from 'vitest';
import { exportApacheLog, type ApacheExportOptions, type ExportReport } from '../../src/index.ts';
import { fastRuntime } from '../fast-disk.ts';
import { appendAll, numbered, startedStore, storeOptions, temporaryFolder } from '../support.ts';

const segmentBytes = 64 * 1024;

async function filled(path: string, count: number, bytes = segmentBytes): Promise<void> {
  const store = await startedStore(storeOptions(path, { runtime: fastRuntime(), segmentBytes: bytes }));
  await appendAll(store, numbered(count, 'm'.repeat(300)));
  await store.shutdown();
}

function exporting(source: string, target: string, options: Partial<ApacheExportOptions> = {}): Promise<ExportReport> {
  return exportApacheLog({
    runtime: fastRuntime(),
    source,
    target,
    mode: 'copy',
    describe: (store) => ({ files: new Map([['queues.json', Buffer.from(JSON.stringify([...store.queues()]))]]), notes: [] }),
    openKeyValue: memoryKeyValueStores(),
    ...options,
  });
}

const segmentsOf = (path: string): string[] => readdirSync(join(path, 'commitlog')).sort().map((name) => join(path, 'commitlog', name));

describe('an export', () => {
  it.each(['copy', 'link'] as const)('has the log with files of full length, and the tables (%s)', async (mode) => {
    const source = temporaryFolder();
    await filled(source, 500);
    const target = join(temporaryFolder(), 'apache');
    const report = await exporting(source, target, { mode });
    expect(report).toMatchObject({ records: 500, segments: 4, segmentBytes, files: ['queues.json'], notes: [] });
    expect(readdirSync(target).sort()).toEqual(['commitlog', 'config']);
    expect(JSON.parse(readFileSync(join(target, 'config', 'queues.json'), 'utf8'))).toEqual([{ topic: 'TopicTest', queueId: 0 }]);
    const [from, to] = [segmentsOf(source), segmentsOf(target)];
    expect(to.map((path) => statSync(path).size)).toEqual([segmentBytes, segmentBytes, segmentBytes, segmentBytes]);
    for (const [index, path] of to.entries()) expect(readFileSync(path).equals(readFileSync(from[index] as string))).toBe(true);
    const shared = to.filter((path, index) => statSync(path).ino === statSync(from[index] as string).ino);
    // What Apache will write to is a file of its own.
    expect(shared).toEqual(mode === 'link' ? to.slice(0, 3) : []);
  });

  it('repairs what a crash left first, and leaves the file its length', async () => {
    const source = temporaryFolder();
    await filled(source, 100);
    const [segment] = segmentsOf(source) as [string];
    truncateSync(segment, readFileSync(segment).lastIndexOf('m') + 1 - 20);
    // As an earlier version wrote it.
    writeFileSync(join(source, 'abort'), '1');
    const target = join(temporaryFolder(), 'apache');
    await expect(exporting(source, target)).rejects.toMatchObject({ code: 'KITE_STORE_SEGMENT_SIZE' });
    writeFileSync(join(source, 'abort'), `1\nfiles of ${segmentBytes} bytes\n`);
    expect(await exporting(source, target)).toMatchObject({ records: 99, segmentBytes });
    for (const path of [source, target]) expect(statSync(segmentsOf(path)[0] as string).size).toBe(segmentBytes);
    expect(existsSync(join(source, 'abort'))).toBe(false);
  });

  it('refuses a log with a hole, which Apache would cut there', async () => {
    const source = temporaryFolder();
    await filled(source, 500);
    const path = segmentsOf(source)[1] as string;
    const bytes = readFileSync(path);
    bytes[bytes.indexOf('mmmm') + 5] = 0x21;
    writeFileSync(path, bytes);
    const target = join(temporaryFolder(), 'apache');
    await expect(exporting(source, target)).rejects.toMatchObject({ code: 'KITE_EXPORT_BROKEN', details: { path } });
    expect(existsSync(target)).toBe(false);
  });

  it('refuses files of several sizes', async () => {
    const source = temporaryFolder();
    await filled(source, 300);
    await filled(source, 300, 2 * segmentBytes);
    await expect(exporting(source, join(temporaryFolder(), 'apache'))).rejects.toMatchObject({ code: 'KITE_EXPORT_SEGMENTS' });
  });

  it('refuses what is no store, a store that is open, and a target with something in it', async () => {
    const source = temporaryFolder();
    const target = join(temporaryFolder(), 'apache');
    await expect(exporting(source, target)).rejects.toMatchObject({ code: 'KITE_EXPORT_SOURCE' });
    await filled(source, 3);
    await expect(exporting(source, join(source, 'inside'))).rejects.toMatchObject({ code: 'KITE_EXPORT_TARGET' });
    mkdirSync(join(target, 'something'), { recursive: true });
    await expect(exporting(source, target)).rejects.toMatchObject({ code: 'KITE_EXPORT_TARGET' });
    const store = await startedStore(storeOptions(source, { runtime: fastRuntime() }));
    await expect(exporting(source, join(target, 'new'))).rejects.toMatchObject({ code: 'KITE_STORE_LOCKED' });
    await store.shutdown();
    mkdirSync(join(source, 'config'));
    await expect(exporting(source, join(target, 'new'))).rejects.toMatchObject({ code: 'KITE_EXPORT_SOURCE' });
  });

  it('needs room', async () => {
    const source = temporaryFolder();
    await filled(source, 500);
    const runtime = fastRuntime();
    runtime.disk.spaceSync = () => ({ totalBytes: 1e9, freeBytes: 100_000 });
    const target = join(temporaryFolder(), 'apache');
    await expect(exporting(source, target, { runtime })).rejects.toMatchObject({ code: 'KITE_STORE_NO_SPACE' });
    expect(existsSync(target)).toBe(false);
  });
});
