import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { memoryKeyValueStores, NodeDisk, type Disk, type DiskFile, type OpenMode } from '@kitemq/runtime';
import { describe, expect, it } from 'vitest';
import { importApacheStore, type ApacheImportOptions, type ImportReport } from '../../src/index.ts';
import { readAll, startedStore, storeOptions, temporaryFolder, testRuntime } from '../support.ts';
import { ApacheFixture } from './apache-fixture.ts';

const segmentBytes = 16 * 1024;

/** Ends its process at the `last`th change: from then on nothing happens any more. */
class DyingDisk extends NodeDisk {
  changes = 0;
  readonly #last: number;

  constructor(last: number) {
    super();
    this.#last = last;
    for (const name of ['makeDirectorySync', 'renameSync', 'linkSync', 'removeSync'] as const) {
      const change = this[name].bind(this) as (from: string, to: never) => void;
      (this as Disk)[name] = (from: string, to?: unknown) => {
        this.#step();
        change(from, to as never);
      };
    }
  }

  override replaceFileSync(path: string, content: Uint8Array): void {
    this.#step();
    writeFileSync(path, content);
  }

  override syncDirectorySync(): void {
    this.#step();
  }

  override openSync(path: string, mode: OpenMode): DiskFile {
    if (mode === 'create') this.#step();
    const file = super.openSync(path, mode);
    const [write, truncate] = [file.writeSync.bind(file), file.truncateSync.bind(file)];
    file.writeSync = (...args) => {
      this.#step();
      write(...args);
    };
    file.truncateSync = (length) => {
      this.#step();
      truncate(length);
    };
    file.datasyncSync = () => this.#step();
    file.datasync = (done) => {
      const isDead = ++this.changes > this.#last;
      queueMicrotask(() => done(isDead ? new Error('dead') : undefined));
    };
    return file;
  }

  #step(): void {
    if (++this.changes > this.#last) throw new Error('dead');
  }
}

function linking(source: string, target: string, disk: Disk, options: Partial<ApacheImportOptions> = {}): Promise<ImportReport> {
  return importApacheStore({
    runtime: { ...testRuntime(), disk },
    source,
    target,
    mode: 'link',
    afterCrash: false,
    damaged: false,
    prepare: () => undefined,
    carry: async (store) => {
      await store.settings.put('kind', 'key', 'carried');
      return { counts: {}, notes: [] };
    },
    isKnownTopic: () => false,
    openKeyValue: memoryKeyValueStores(),
    ...options,
  });
}

/** A stopped broker's directory of some time ago. */
function written(count: number): { readonly source: string; readonly commitLog: string; readonly texts: readonly string[] } {
  const source = join(temporaryFolder(), 'apache');
  const fixture = new ApacheFixture({ segmentBytes });
  const texts = Array.from({ length: count }, (_, index) => `${index} ${'x'.repeat(index % 97)}`);
  for (const body of texts) fixture.send({ topic: 'A', body });
  fixture.write(source, { ahead: true });
  return { source, commitLog: join(source, 'commitlog'), texts };
}

/** Size, time and content of every segment; Apache's retention counts from the time. */
function segmentsOf(commitLog: string): string[] {
  return readdirSync(commitLog).map((name) => {
    const path = join(commitLog, name);
    const { size, mtimeMs } = statSync(path);
    return `${name} ${size} ${mtimeMs} ${createHash('sha256').update(readFileSync(path)).digest('hex')}`;
  });
}

function aged(commitLog: string): string[] {
  for (const name of readdirSync(commitLog)) utimesSync(join(commitLog, name), 1_600_000_000, 1_600_000_000);
  return segmentsOf(commitLog);
}

const isOver = (target: string): boolean => existsSync(join(target, 'commitlog')) && !existsSync(join(target, 'import-in-progress'));
const store = (target: string): ReturnType<typeof startedStore> => startedStore(storeOptions(target, { segmentBytes }));

describe('an import with --link only reads its source', () => {
  it('wherever it dies, and when it is run again', async () => {
    const { source, commitLog, texts } = written(200);
    const before = aged(commitLog);
    const counting = new DyingDisk(Number.MAX_SAFE_INTEGER);
    await linking(source, join(temporaryFolder(), 'new'), counting);
    expect(counting.changes).toBeGreaterThan(25);
    for (let last = 0; last < counting.changes; last++) {
      const target = join(temporaryFolder(), 'new');
      const openKeyValue = memoryKeyValueStores();
      // The second run dies as well: it must not take what the first one left for more than it was.
      for (let run = 0; run < 2 && !isOver(target); run++) await linking(source, target, new DyingDisk(last), { openKeyValue }).catch(() => undefined);
      if (!isOver(target)) await linking(source, target, new NodeDisk(), { openKeyValue });
      expect(segmentsOf(commitLog), `after ${last} changes`).toEqual(before);
      const opened = await store(target);
      expect(await readAll(opened, 'A')).toEqual(texts);
      expect(opened.settings.get('kind', 'key')).toBe('carried');
      await opened.shutdown();
      rmSync(target, { recursive: true });
    }
  }, 120_000);

  const nameOf = (commitLog: string, index: number): string => join(commitLog, readdirSync(commitLog).sort().at(index) as string);

  it.each<[string, (commitLog: string) => void]>([
    ['the last file has no record', (commitLog) => writeFileSync(nameOf(commitLog, -2), Buffer.alloc(segmentBytes, 'z'))],
    ['the last files have none', (commitLog) => [-2, -3].forEach((index) => writeFileSync(nameOf(commitLog, index), Buffer.alloc(segmentBytes, 'z')))],
    ['the last file with records ends torn', (commitLog) => [-2, -1].forEach((index) => truncateSync(nameOf(commitLog, index), index === -2 ? 900 : 0))],
    ['the file before one without a record ends torn', (commitLog) => {
      writeFileSync(nameOf(commitLog, -2), Buffer.alloc(segmentBytes, 'z'));
      writeFileSync(nameOf(commitLog, -3), readFileSync(nameOf(commitLog, -3)).fill('z', 9000));
    }],
    ['a copy of its end lies in the last file', (commitLog) => {
      const whole = readFileSync(nameOf(commitLog, -3));
      writeFileSync(nameOf(commitLog, -2), Buffer.alloc(0));
      writeFileSync(nameOf(commitLog, -3), whole.fill('z', 9000));
      writeFileSync(join(commitLog, String(Number(readdirSync(commitLog).sort().at(-3)) + 4000).padStart(20, '0')), whole.subarray(4000));
    }],
  ])('when it has to cut what it took: %s', async (_name, damage) => {
    const { source, commitLog } = written(400);
    mkdirSync(join(source, 'config'), { recursive: true });
    damage(commitLog);
    const before = aged(commitLog);
    const target = join(temporaryFolder(), 'new');
    const report = await linking(source, target, new NodeDisk(), { damaged: true, afterCrash: true });
    expect(report.records).toBeGreaterThan(100);
    expect(segmentsOf(commitLog)).toEqual(before);
    const opened = await store(target);
    expect((await readAll(opened, 'A')).length).toBe(report.records);
    expect(opened.settings.get('kind', 'key')).toBe('carried');
    await opened.shutdown();
    expect(segmentsOf(commitLog)).toEqual(before);
  });
});
