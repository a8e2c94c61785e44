import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { readMark } from '../../src/checkpoint/checkpoint-mark.ts';
import { AppendOutcome, LogStore, type StoreOptions } from '../../src/index.ts';
import { readOpenMark } from '../../src/recovery/open-mark.ts';
import { FaultyDisk, faultyRuntime } from '../faulty-disk.ts';
import { fastRuntime } from '../fast-disk.ts';
import { append, appendAll, appendLater, message, numbered, readAll, startedStore, storeOptions, temporaryFolder } from '../support.ts';
import { CopyableRows, LogCopy, openCopy } from './log-copy.ts';

vi.setConfig({ testTimeout: 180_000 });

const segmentBytes = 4096;
const small = { segmentBytes };
const name = (index: number): string => String(index * segmentBytes).padStart(20, '0');

/** `count` messages in files of 4 KiB, killed without a checkpoint; 35 messages fit one file. */
async function segmented(count: number): Promise<{ copy: LogCopy; perSegment: number; positions: number[] }> {
  const path = temporaryFolder();
  const rows = new CopyableRows();
  const store = new LogStore(storeOptions(path, { runtime: fastRuntime(), openKeyValue: rows.open, ...small }));
  await store.start();
  const waiters = await appendAll(store, numbered(count));
  const positions = waiters.map((waiter) => waiter.physicalOffset);
  const copy = LogCopy.take(path, new CopyableRows());
  await store.shutdown();
  return { copy, positions, perSegment: positions.findIndex((position) => position >= segmentBytes) };
}

it('segments have Apache\'s names, lengths and fillers', async () => {
  const { copy, perSegment, positions } = await segmented(100);
  expect([...copy.files.keys()]).toEqual([name(0), name(1), name(2)]);
  const first = copy.files.get(name(0)) as Buffer;
  expect(first.length).toBe(segmentBytes);
  const end = (positions[perSegment - 1] as number) + first.readInt32BE(positions[perSegment - 1] as number);
  expect(first.readInt32BE(end)).toBe(segmentBytes - end);
  expect(first.readUInt32BE(end + 4)).toBe(0xcbd43194);
  expect(positions[perSegment]).toBe(segmentBytes);
});

it('batches stay in one segment, with consecutive offsets', async () => {
  const store = await startedStore(storeOptions(temporaryFolder(), small));
  await appendAll(store, numbered(30));
  const waiter = appendLater(store, message('last before'));
  await waiter.done;
  const batch = await new Promise<{ physicalOffsets: number[] | undefined; queueOffset: number }>((resolve) => {
    const completion = {
      physicalOffset: -1,
      queueOffset: -1,
      storeTimestamp: -1,
      physicalOffsets: undefined as number[] | undefined,
      waitForFlush: true,
      appended: () => resolve(completion),
    };
    expect(store.appendBatch(numbered(20, 'batch').map((text) => message(text)), completion)).toBe(0);
  });
  expect(batch.queueOffset).toBe(31);
  expect(batch.physicalOffsets?.[0]).toBe(segmentBytes);
  expect(batch.physicalOffsets?.length).toBe(20);
  expect(await readAll(store)).toEqual([...numbered(30), 'last before', ...numbered(20, 'batch')]);
});

describe('an interrupted roll-over', () => {
  it('at every byte of the filler, with and without the next file', async () => {
    const { copy, perSegment, positions } = await segmented(40);
    const first = copy.files.get(name(0)) as Buffer;
    const end = (positions[perSegment - 1] as number) + first.readInt32BE(positions[perSegment - 1] as number);
    const folder = temporaryFolder();
    for (let cut = end; cut <= end + 8; cut++) {
      for (const next of [undefined, Buffer.alloc(0), Buffer.alloc(segmentBytes)]) {
        for (const length of [cut, segmentBytes]) {
          const torn = Buffer.alloc(length);
          first.copy(torn, 0, 0, cut);
          const path = join(folder, `${cut}-${next?.length ?? 'none'}-${length}`);
          const { store, options } = await openCopy(copy.with({ [name(0)]: torn, [name(1)]: next }), path, small);
          expect(await readAll(store), path).toEqual(numbered(perSegment));
          await appendAll(store, numbered(50, 'new'));
          await store.shutdown();
          if (cut % 3 !== 0) continue;
          const again = new LogStore(options);
          expect((await again.start()).quarantined).toEqual([]);
          expect(await readAll(again), path).toEqual([...numbered(perSegment), ...numbered(50, 'new')]);
          await again.shutdown();
        }
      }
    }
  });
});

describe('a missing or short file', () => {
  it('at the end: the log ends before it', async () => {
    const { copy, perSegment } = await segmented(100);
    const { store, report } = await openCopy(copy.with({ [name(2)]: undefined }), temporaryFolder(), small);
    expect(await readAll(store)).toEqual(numbered(perSegment * 2));
    expect(report.quarantined).toEqual([]);
    expect((await append(store, message('x'))).physicalOffset).toBe(2 * segmentBytes);
    await store.shutdown();
  });

  it('in the middle: what is behind it is kept, queues have blanks, and it is reported', async () => {
    const { copy, perSegment } = await segmented(100);
    const { store, report } = await openCopy(copy.with({ [name(1)]: undefined }), temporaryFolder(), small);
    const expected = numbered(100).filter((_, index) => index < perSegment || index >= perSegment * 2);
    expect(await readAll(store)).toEqual(expected);
    expect(store.maxOffset('TopicTest', 0)).toBe(100);
    expect(report.quarantined).toMatchObject([{ bytes: segmentBytes }]);
    await store.shutdown();
  });

  it('cut short in the middle: the same, as far as it goes', async () => {
    const { copy, perSegment, positions } = await segmented(100);
    const short = (copy.files.get(name(1)) as Buffer).subarray(0, (positions[perSegment + 5] as number) - segmentBytes + 10);
    const { store, report } = await openCopy(copy.with({ [name(1)]: short }), temporaryFolder(), small);
    expect(await readAll(store)).toEqual(numbered(100).filter((_, index) => index < perSegment + 5 || index >= perSegment * 2));
    expect(report.quarantined.length).toBeGreaterThan(0);
    await store.shutdown();
  });

  it('at the beginning: queues begin later, as after retention', async () => {
    const { copy, perSegment } = await segmented(100);
    const { store } = await openCopy(copy.with({ [name(0)]: undefined }), temporaryFolder(), small);
    expect(store.minPosition).toBe(segmentBytes);
    expect(store.minOffset('TopicTest', 0)).toBe(perSegment);
    expect(await readAll(store)).toEqual(numbered(100).slice(perSegment));
    await store.shutdown();
  });

  it('all gone: an empty store', async () => {
    const { copy } = await segmented(100);
    const { store, report } = await openCopy(copy.with({ [name(0)]: undefined, [name(1)]: undefined, [name(2)]: undefined }), temporaryFolder(), small);
    expect(report.maxPosition).toBe(0);
    expect(await append(store, message('x'))).toMatchObject({ queueOffset: 0, physicalOffset: 0 });
    await store.shutdown();
  });

  it('that nobody knows is left alone; one behind the end without records is moved aside', async () => {
    const { copy, perSegment } = await segmented(40);
    const garbage = Buffer.alloc(segmentBytes, 0x5a);
    const path = temporaryFolder();
    const { store, report } = await openCopy(copy.with({ 'notes.txt': Buffer.from('mine'), [name(1)]: garbage, [name(2)]: garbage }), path, small);
    expect(await readAll(store)).toEqual(numbered(perSegment));
    expect(report.quarantined.map(({ bytes }) => bytes).sort()).toEqual([segmentBytes, segmentBytes]);
    expect(readdirSync(join(path, 'commitlog')).includes('notes.txt')).toBe(true);
    for (const file of readdirSync(join(path, 'quarantine'))) expect(readFileSync(join(path, 'quarantine', file)).equals(garbage)).toBe(true);
    await store.shutdown();
  });
});

it('files of another configured size are read, and the log goes on in new ones', async () => {
  for (const [before, after] of [
    [4096, 16_384],
    [16_384, 4096],
  ] as const) {
    const path = temporaryFolder();
    const rows = new CopyableRows();
    const expected: string[] = [];
    for (const [round, bytes] of [before, after, before].entries()) {
      const store = new LogStore(storeOptions(path, { runtime: fastRuntime(), openKeyValue: rows.open, segmentBytes: bytes }));
      await store.start();
      expect(await readAll(store)).toEqual(expected);
      await appendAll(store, numbered(100, `r${round}-`));
      expected.push(...numbered(100, `r${round}-`));
      await store.shutdown();
    }
    const store = await startedStore(storeOptions(path, { runtime: fastRuntime(), segmentBytes: after }));
    expect(await readAll(store)).toEqual(expected);
  }
});

/**
 * After a failed fdatasync the kernel shows pages that it will never write, and the next fdatasync is no proof of anything. Who was told of the
 * failure may die before it is noted anywhere (simulator, seed 32681), so an unclean exit is enough for doubt.
 */
describe('the first start after an exit that was not clean', () => {
  async function failedFlush(checkpointIntervalMs: number): Promise<{ disk: FaultyDisk; options: StoreOptions; abort: string; rows: CopyableRows; flushed: number }> {
    const disk = new FaultyDisk();
    const path = temporaryFolder();
    const rows = new CopyableRows();
    const options = storeOptions(path, { runtime: faultyRuntime(disk), openKeyValue: rows.open, checkpointIntervalMs });
    const store = await startedStore(options);
    const abort = join(path, 'abort');
    await appendAll(store, ['a', 'b']);
    if (checkpointIntervalMs < 1000) await vi.waitFor(() => expect(readMark(rows.sealed)?.position).toBe(store.maxPosition));
    const mark = readFileSync(abort);
    const flushed = store.flushedPosition;
    disk.syncError = 'EIO';
    expect(await appendLater(store, message('c', { tags: 't' })).done).toBe(AppendOutcome.failed);
    await store.shutdown();
    // As if the process had been killed in the system call that failed.
    writeFileSync(abort, mark);
    disk.syncError = undefined;
    return { disk, options, abort, rows, flushed };
  }

  /** Bytes that this start wrote to the log. */
  async function rewritten(disk: FaultyDisk, options: StoreOptions): Promise<{ readonly bytes: number; readonly store: LogStore }> {
    const before = disk.space;
    const store = new LogStore(options);
    await store.start();
    return { bytes: before - disk.space, store };
  }

  it('writes again what is behind the checkpoint, and nothing else', async () => {
    const { disk, options, abort, flushed } = await failedFlush(1);
    const { bytes, store } = await rewritten(disk, options);
    expect(bytes).toBe(store.maxPosition - flushed);
    expect(bytes).toBeGreaterThan(0);
    expect(await readAll(store)).toEqual(['a', 'b', 'c']);
    expect(readOpenMark(disk, abort)).toEqual({ processId: process.pid, durable: store.maxPosition, viewsAttempt: undefined, segmentBytes: options.segmentBytes });
    await store.shutdown();
    const clean = await rewritten(disk, options);
    expect(clean.bytes).toBe(0);
    await clean.store.shutdown();
  });

  it('writes everything again without a checkpoint, but not what an earlier start did', async () => {
    const { disk, options, abort, rows } = await failedFlush(60_000);
    expect(readMark(rows.sealed)).toBe(undefined);
    const { bytes, store } = await rewritten(disk, options);
    expect(bytes).toBe(store.maxPosition);
    const end = store.maxPosition;
    await appendAll(store, ['d'], { tags: 't' });
    const [mark, last] = [readFileSync(abort), store.maxPosition];
    await store.shutdown();
    writeFileSync(abort, mark);
    rows.rows.commitSync((batch) => batch.removeRange(Buffer.of(0), Buffer.of(0xff)));
    const again = await rewritten(disk, options);
    expect(again.bytes).toBe(last - end);
    expect(await readAll(again.store)).toEqual(['a', 'b', 'c', 'd']);
    await again.store.shutdown();
  });
});
