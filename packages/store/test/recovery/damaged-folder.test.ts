import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { KiteError } from '@kitemq/runtime';
import { RecordingLogger } from '@kitemq/runtime/testing';
import { describe, expect, it, vi } from 'vitest';
import { readMark, readProof } from '../../src/checkpoint/checkpoint-mark.ts';
import { LogStore, type StartProgress, type StoreOptions } from '../../src/index.ts';
import { fastRuntime } from '../fast-disk.ts';
import { append, appendAll, message, numbered, readAll, startedStore, storeOptions, temporaryFolder, testRuntime } from '../support.ts';
import { CopyableRows, LogCopy, openCopy } from './log-copy.ts';

vi.setConfig({ testTimeout: 60_000 });

const segmentBytes = 4096;
const small = { segmentBytes };
const at = (position: number): string => String(position).padStart(20, '0');

/** 100 messages in three files of 4 KiB, killed without a checkpoint. */
async function segmented(): Promise<{ copy: LogCopy; positions: number[] }> {
  const path = temporaryFolder();
  const store = new LogStore(storeOptions(path, { runtime: fastRuntime(), ...small }));
  await store.start();
  const positions = (await appendAll(store, numbered(100))).map((waiter) => waiter.physicalOffset);
  const copy = LogCopy.take(path, new CopyableRows());
  await store.shutdown();
  return { copy, positions };
}

/** The store works, and the next start finds nothing to complain about. */
async function checkWorks(store: LogStore, options: StoreOptions, expected: readonly string[]): Promise<void> {
  expect(await readAll(store)).toEqual(expected);
  await append(store, message('added'));
  await store.shutdown();
  const again = new LogStore(options);
  expect(await again.start()).toMatchObject({ quarantined: [], lost: [] });
  expect(await readAll(again)).toEqual([...expected, 'added']);
  await again.shutdown();
}

describe('a hole in the log is in the report', () => {
  it('when it is all zeros: there is nothing to move aside', async () => {
    const { copy, positions } = await segmented();
    const log = Buffer.from(copy.files.get(at(0)) as Buffer);
    const [from, until] = [positions[10] as number, positions[13] as number];
    log.fill(0, from, until);
    const { store, report } = await openCopy(copy.with({ [at(0)]: log }), temporaryFolder(), small);
    expect(report.quarantined).toEqual([]);
    expect(report.lost).toEqual([{ from, until, reason: 'no valid record' }]);
    expect(await readAll(store)).toEqual(numbered(100).filter((_, index) => index < 10 || index >= 13));
    await store.shutdown();
  });

  it('when it is garbage: moved aside as well', async () => {
    const { copy, positions } = await segmented();
    const log = Buffer.from(copy.files.get(at(0)) as Buffer);
    const [from, until] = [positions[10] as number, positions[11] as number];
    log.fill(0x5a, from, until);
    const { store, report } = await openCopy(copy.with({ [at(0)]: log }), temporaryFolder(), small);
    expect(report.lost).toEqual([{ from, until, reason: 'no valid record' }]);
    expect(readFileSync(report.quarantined[0]?.path ?? '').equals(log.subarray(from, until))).toBe(true);
    await store.shutdown();
  });

  it('when a file is missing: also at each later start, which does not read there any more', async () => {
    const { copy } = await segmented();
    const { store, report, options } = await openCopy(copy.with({ [at(segmentBytes)]: undefined }), temporaryFolder(), small);
    expect(report.lost).toEqual([{ from: segmentBytes, until: 2 * segmentBytes, reason: 'no file holds it' }]);
    await store.shutdown();
    const again = new LogStore(options);
    expect(await again.start()).toMatchObject({ clean: true, replayedRecords: 0, lost: report.lost, quarantined: [{ bytes: segmentBytes, reason: expect.stringContaining('no file') }] });
    await again.shutdown();
  });
});

describe('files with the names of segments that cannot be some', () => {
  it('a folder is moved aside', async () => {
    const { copy } = await segmented();
    const path = temporaryFolder();
    mkdirSync(join(path, 'commitlog', at(3 * segmentBytes)), { recursive: true });
    writeFileSync(join(path, 'commitlog', at(3 * segmentBytes), 'mine'), 'mine');
    const { store, report, options } = await openCopy(copy, path, small);
    expect(report.quarantined).toMatchObject([{ reason: 'a folder with the name of a segment' }]);
    expect(readFileSync(join(report.quarantined[0]?.path ?? '', 'mine'), 'latin1')).toBe('mine');
    await checkWorks(store, options, numbered(100));
  });

  it('a copy that begins inside another file is moved aside, whatever is in it', async () => {
    const { copy, positions } = await segmented();
    const inside = positions[20] as number;
    const log = copy.files.get(at(0)) as Buffer;
    for (const content of [log.subarray(inside), Buffer.alloc(segmentBytes, 0x5a), log.subarray(inside, inside + 100), copy.files.get(at(segmentBytes)) as Buffer]) {
      const { store, report, options } = await openCopy(copy.with({ [at(inside)]: Buffer.from(content) }), temporaryFolder(), small);
      expect(report.quarantined).toMatchObject([{ bytes: content.length, reason: 'it begins inside the segment at 0' }]);
      expect(report.lost).toEqual([]);
      await checkWorks(store, options, numbered(100));
    }
  });

  it('records of it that are nowhere else get a file of their own', async () => {
    const { copy, positions } = await segmented();
    const inside = positions[20] as number;
    const [first, second] = [copy.files.get(at(0)) as Buffer, copy.files.get(at(segmentBytes)) as Buffer];
    const both = Buffer.concat([first.subarray(inside), second]);
    const { store, report, options } = await openCopy(copy.with({ [at(inside)]: both, [at(segmentBytes)]: undefined }), temporaryFolder(), small);
    expect(report.quarantined).toMatchObject([{ bytes: both.length }]);
    expect(report.lost).toEqual([]);
    await checkWorks(store, options, numbered(100));
  });

  it('a file in front whose end is garbage does not hide the next one', async () => {
    const { copy } = await segmented();
    const longer = Buffer.concat([copy.files.get(at(0)) as Buffer, Buffer.alloc(500, 0x5a)]);
    const { store, report, options } = await openCopy(copy.with({ [at(0)]: longer }), temporaryFolder(), small);
    expect(report.quarantined).toMatchObject([{ bytes: 500, reason: expect.stringContaining('behind the end of their segment') }]);
    await checkWorks(store, options, numbered(100));
  });

  it('draft files and names of other lengths are nobody\'s business', async () => {
    const { copy } = await segmented();
    const foreign = { [`${at(0)}.draft`]: Buffer.from('x'), '123': Buffer.from('y'), ['a'.repeat(20)]: Buffer.from('z'), [`9${'9'.repeat(19)}`]: Buffer.from('w') };
    const { store, report, options } = await openCopy(copy.with(foreign), temporaryFolder(), small);
    expect(report.quarantined).toEqual([]);
    await checkWorks(store, options, numbered(100));
    for (const name of Object.keys(foreign)) expect(existsSync(join(options.path, 'commitlog', name))).toBe(true);
  });
});

describe('a checkpoint that cannot be read', () => {
  it('is moved aside, one of them is kept, and the operator is told', async () => {
    const path = temporaryFolder();
    const logger = new RecordingLogger();
    const { openKeyValue: _memory, ...options } = storeOptions(path, { runtime: { ...testRuntime(), logger } });
    const store = await startedStore(options);
    await appendAll(store, numbered(20));
    await store.shutdown();
    for (const round of [1, 2]) {
      const garbage = Buffer.alloc(50_000, round);
      writeFileSync(join(path, 'views', 'data.mdb'), garbage);
      const again = new LogStore(options);
      expect(await again.start()).toMatchObject({ viewsRebuilt: true });
      await again.shutdown();
      expect(readdirSync(join(path, 'quarantine'))).toEqual(['views']);
      expect(readFileSync(join(path, 'quarantine', 'views', 'data.mdb')).equals(garbage)).toBe(true);
    }
    expect(logger.lines.some(({ level, message: text }) => level === 'warn' && text.includes('moved aside'))).toBe(true);
    expect(logger.lines.some(({ level, message: text }) => level === 'warn' && text.includes('made again from the whole log'))).toBe(true);
    expect(logger.lines.some(({ level, message: text }) => level === 'info' && text === 'the store is open')).toBe(true);
  });
});

describe('what a start writes again', () => {
  it('begins at the last proof, which comes more often than a checkpoint', async () => {
    const path = temporaryFolder();
    const rows = new CopyableRows();
    const options = storeOptions(path, { runtime: fastRuntime(), openKeyValue: rows.open, segmentBytes: 64 * 1024 * 1024, checkpointIntervalMs: 60_000, checkpointBytes: 64 * 1024 * 1024 });
    const first = await startedStore(options);
    await append(first, message('in the checkpoint'));
    const checkpointed = first.maxPosition;
    await first.shutdown();
    const store = new LogStore(options);
    await store.start();
    const body = Buffer.alloc(1024 * 1024, 0x61);
    for (let count = 0; count < 20; count++) await append(store, message(body, { tags: 't' }));
    await vi.waitFor(() => expect(readProof(rows.sealed)).toBeGreaterThan(16 * 1024 * 1024));
    expect(readMark(rows.sealed)?.position).toBe(checkpointed);
    const killed = LogCopy.take(path, rows);
    const [end, proven] = [store.maxPosition, readProof(rows.sealed)];
    await store.shutdown();
    const again = await openCopy(killed, temporaryFolder(), { segmentBytes: 64 * 1024 * 1024 });
    expect(again.report).toMatchObject({ viewsRebuilt: false, replayedFrom: checkpointed, replayedRecords: 20, rewrittenBytes: end - proven });
    await again.store.shutdown();
    // Without a checkpoint a proof proves nothing: it may be of another log.
    const rebuilt = await openCopy(killed.withoutCheckpoint(), temporaryFolder(), { segmentBytes: 64 * 1024 * 1024 });
    expect(rebuilt.report).toMatchObject({ viewsRebuilt: true, rewrittenBytes: end });
    await rebuilt.store.shutdown();
  });

  it('a proof beyond the end of the log is removed: what is appended there has to be proven anew', async () => {
    const path = temporaryFolder();
    const rows = new CopyableRows();
    const options = storeOptions(path, { runtime: fastRuntime(), openKeyValue: rows.open, checkpointIntervalMs: 1 });
    const store = new LogStore(options);
    await store.start();
    await appendAll(store, numbered(10));
    await vi.waitFor(() => expect(readMark(rows.sealed)?.position).toBe(store.maxPosition));
    const { putProof } = await import('../../src/checkpoint/checkpoint-mark.ts');
    rows.sealed.commitSync((batch) => putProof(batch, store.maxPosition + 5000));
    const killed = LogCopy.take(path, rows);
    await store.shutdown();
    const copied = killed.rows.copy();
    const opened = await openCopy(killed, temporaryFolder(), { openKeyValue: copied.open });
    expect(readProof(copied.sealed)).toBe(0);
    await opened.store.shutdown();
  });
});

describe('a long start', () => {
  async function large(): Promise<{ path: string; options: StoreOptions }> {
    const path = temporaryFolder();
    const options = storeOptions(path, { runtime: fastRuntime(), segmentBytes: 16 * 1024 * 1024 });
    const store = new LogStore(options);
    await store.start();
    const body = Buffer.alloc(1024 * 1024, 0x61);
    for (let count = 0; count < 40; count++) await append(store, message(body));
    await store.shutdown();
    // Another map of rows: the checkpoint is lost.
    return { path, options: { ...storeOptions(path, { runtime: fastRuntime(), segmentBytes: 16 * 1024 * 1024 }) } };
  }

  it('lets the event loop turn, and tells how far it is', async () => {
    const { options } = await large();
    const seen: StartProgress[] = [];
    let turns = 0;
    const store = new LogStore({ ...options, onStartProgress: (progress) => void seen.push(progress) });
    let running = true;
    const turn = (): void => {
      turns++;
      if (running) setImmediate(turn);
    };
    setImmediate(turn);
    const report = await store.start();
    running = false;
    expect(report.viewsRebuilt).toBe(true);
    expect(turns).toBeGreaterThan(1);
    expect(seen.length).toBeGreaterThanOrEqual(2);
    expect(seen.every(({ phase, from, position, until }) => phase === 'replaying' && from <= position && position <= until)).toBe(true);
    expect(store.maxOffset('TopicTest', 0)).toBe(40);
    await store.shutdown();
  });

  it('can be stopped, and the next one does the work', async () => {
    const { options } = await large();
    const store = new LogStore(options);
    const starting = store.start().catch((error: unknown) => error);
    await store.shutdown();
    const outcome = await starting;
    expect(KiteError.is(outcome, 'KITE_STORE_UNAVAILABLE')).toBe(true);
    const again = new LogStore(options);
    await again.start();
    expect(again.maxOffset('TopicTest', 0)).toBe(40);
    await again.shutdown();
  });
});

it('an empty, a short and an all-zero first file are no obstacle', async () => {
  for (const content of [Buffer.alloc(0), Buffer.alloc(5), Buffer.alloc(segmentBytes)]) {
    const path = temporaryFolder();
    const { store, options, report } = await openCopy(new LogCopy(new Map([[at(0), content]]), new CopyableRows()), path, small);
    expect(report).toMatchObject({ lost: [], quarantined: [], maxPosition: 0 });
    await checkWorks(store, options, []);
  }
});

it('a log whose last file was cut to nothing goes on in it', async () => {
  const { copy, positions } = await segmented();
  const path = temporaryFolder();
  copy.write(path);
  truncateSync(join(path, 'commitlog', at(2 * segmentBytes)), 0);
  rmSync(join(path, 'abort'));
  const options = storeOptions(path, { runtime: fastRuntime(), ...small });
  const store = new LogStore(options);
  await store.start();
  await checkWorks(store, options, numbered(positions.findIndex((position) => position >= 2 * segmentBytes)));
});
