import { cpSync, readdirSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { exportApacheLog } from '../../src/index.ts';
import { rebuildViews } from '../../src/tools.ts';
import { segmentBytesOf } from '../../src/tools/segment-bytes-of.ts';
import { appendAll, numbered, startedStore, storeOptions, temporaryFolder, testRuntime } from '../support.ts';

vi.setConfig({ testTimeout: 60_000 });

const runtime = testRuntime();
const segmentBytes = 16 * 1024;

const lengths = (path: string): number[] => readdirSync(join(path, 'commitlog')).map((name) => statSync(join(path, 'commitlog', name)).size);

/** What a killed broker leaves of a log with so many messages. */
async function killed(messages: number): Promise<string> {
  const source = temporaryFolder();
  const store = await startedStore(storeOptions(source, { segmentBytes }));
  await appendAll(store, numbered(messages, 'x'.repeat(100)));
  const path = temporaryFolder();
  for (const name of ['commitlog', 'abort']) cpSync(join(source, name), join(path, name), { recursive: true });
  return path;
}

describe('the length of the log files of a killed store', () => {
  it('stays what it was when its views are made again', async () => {
    const path = await killed(10);
    expect(segmentBytesOf(runtime.disk, path)).toBe(segmentBytes);
    expect(await rebuildViews({ runtime, path })).toMatchObject({ clean: false });
    expect(lengths(path)).toEqual([segmentBytes]);
  });

  it('stays what it was in an export, and in what was exported', async () => {
    const path = await killed(10);
    const target = join(temporaryFolder(), 'apache');
    expect(await exportApacheLog({ runtime, source: path, target, mode: 'copy', describe: () => ({ files: new Map(), notes: [] }) })).toMatchObject({ records: 10, segmentBytes });
    expect([lengths(path), lengths(target)]).toEqual([[segmentBytes], [segmentBytes]]);
  });

  it('is seen at full files where nobody noted it, and not guessed where there are none', async () => {
    const path = await killed(200);
    writeFileSync(join(path, 'abort'), '1\n');
    expect(segmentBytesOf(runtime.disk, path)).toBe(segmentBytes);
    const [first, ...rest] = readdirSync(join(path, 'commitlog')).sort();
    for (const name of rest) rmSync(join(path, 'commitlog', name));
    truncateSync(join(path, 'commitlog', first as string), 9000);
    const before = lengths(path);
    await expect(rebuildViews({ runtime, path })).rejects.toMatchObject({ code: 'KITE_STORE_SEGMENT_SIZE', message: expect.stringContaining('Start the broker and stop it') as string });
    expect(lengths(path)).toEqual(before);
    rmSync(join(path, 'abort'));
    expect(segmentBytesOf(runtime.disk, path)).toBe(9000);
    rmSync(join(path, 'commitlog', first as string));
    expect(segmentBytesOf(runtime.disk, path)).toBe(undefined);
  });
});
