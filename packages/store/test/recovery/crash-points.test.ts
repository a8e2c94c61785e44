import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { readMark } from '../../src/checkpoint/checkpoint-mark.ts';
import { LogStore } from '../../src/index.ts';
import { fastRuntime } from '../fast-disk.ts';
import { append, appendAll, appendLater, message, numbered, ownFolder, readAll, storeOptions, temporaryFolder } from '../support.ts';
import { CopyableRows, LogCopy, openCopy } from './log-copy.ts';

// Hundreds of stores are opened one after the other, perhaps on a busy machine.
vi.setConfig({ testTimeout: 180_000 });

const segmentBytes = 64 * 1024;
const first = '00000000000000000000';

/** What a store must be after any accident: usable, consistent with itself, and the same after another restart. */
async function checkUsable(copy: LogCopy, path: string, expected: readonly string[], restart = true): Promise<void> {
  const opened = await openCopy(copy, path);
  expect(await readAll(opened.store)).toEqual(expected);
  const added = await append(opened.store, message('added'));
  expect(added.queueOffset).toBe(opened.store.maxOffset('TopicTest', 0) - 1);
  await opened.store.shutdown();
  if (!restart) return;
  const again = new LogStore(opened.options);
  const report = await again.start();
  expect(report.quarantined).toEqual([]);
  expect(await readAll(again)).toEqual([...expected, 'added']);
  await again.shutdown();
}

/** 20 messages in one file; the checkpoint has the first ten; `ends` are the log positions behind each. */
let copy: LogCopy;
let ends: number[];
let checkpointEnd: number;
let log: Buffer;

beforeAll(async () => {
  const { path, remove } = ownFolder();
  const rows = new CopyableRows();
  const store = new LogStore(storeOptions(path, { runtime: fastRuntime(), openKeyValue: rows.open, checkpointIntervalMs: 1 }));
  await store.start();
  await appendAll(store, numbered(10));
  await vi.waitFor(() => expect(readMark(rows.sealed)?.position).toBe(store.maxPosition));
  const checkpoint = rows.copy();
  const waiters = await appendAll(store, numbered(20).slice(10));
  const taken = LogCopy.take(path, checkpoint);
  log = (taken.files.get(first) as Buffer).subarray(0, store.maxPosition);
  copy = taken.with({ [first]: log });
  ends = [...waiters.slice(1).map((waiter) => waiter.physicalOffset), log.length];
  checkpointEnd = waiters[0]?.physicalOffset ?? 0;
  await store.shutdown();
  remove();
});

/** Messages whose records end at or before the position. */
const wholeBefore = (position: number): string[] => numbered(10 + ends.filter((end) => end <= position).length);

describe('a crash at every byte of the last records', () => {
  it.each(['with', 'without'] as const)('file cut there, %s a checkpoint', async (checkpoint) => {
    const base = checkpoint === 'with' ? copy : copy.withoutCheckpoint();
    const folder = temporaryFolder();
    for (let cut = ends[7] as number; cut <= log.length; cut++) {
      await checkUsable(base.with({ [first]: log.subarray(0, cut) }), join(folder, String(cut)), wholeBefore(cut), cut % 4 === 0);
    }
  });

  it('zeros behind it, in a file that was extended', async () => {
    const folder = temporaryFolder();
    for (let cut = ends[7] as number; cut <= log.length; cut++) {
      const torn = Buffer.alloc(segmentBytes);
      log.copy(torn, 0, 0, cut);
      await checkUsable(copy.with({ [first]: torn }), join(folder, String(cut)), wholeBefore(cut + zerosAt(cut)), cut % 4 === 0);
    }
  });

  it('garbage behind it; the garbage is kept aside', async () => {
    const folder = temporaryFolder();
    for (let cut = ends[6] as number; cut <= log.length; cut += 7) {
      const torn = Buffer.from(log);
      for (let at = cut; at < torn.length; at++) torn[at] = (at * 151 + 89) & 0xff;
      const path = join(folder, String(cut));
      await checkUsable(copy.with({ [first]: torn }), path, wholeBefore(cut));
      if (cut < log.length) expect(readdirSync(join(path, 'quarantine')).length).toBe(1);
      else expect(existsSync(join(path, 'quarantine'))).toBe(false);
    }
  });
});

/** How many bytes from `cut` on are zeros in the log itself: they cannot be told from lost ones. */
function zerosAt(cut: number): number {
  let zeros = 0;
  while (cut + zeros < log.length && log[cut + zeros] === 0) zeros++;
  return zeros;
}

describe('flipped bits', () => {
  it('in any byte of a record behind the checkpoint cost at most that record', async () => {
    const folder = temporaryFolder();
    const start = ends[4] as number;
    for (let at = start; at < (ends[5] as number); at++) {
      const flipped = Buffer.from(log);
      flipped[at] = (flipped[at] as number) ^ (1 << (at & 7));
      const { store } = await openCopy(copy.with({ [first]: flipped }), join(folder, String(at)));
      const found = await readAll(store);
      const others = numbered(20).filter((text) => text !== 'm15');
      expect(found.filter((text) => text !== 'm15'), `byte ${at - start}`).toEqual(others);
      await store.shutdown();
    }
  });

  it('in the record that the checkpoint ends with make it rebuild the views', async () => {
    const flipped = Buffer.from(log);
    // In the body: behind it are the topic with its length and the length of the properties.
    const at = checkpointEnd - 'TopicTest'.length - 4;
    flipped[at] = (flipped[at] as number) ^ 1;
    const { store, report } = await openCopy(copy.with({ [first]: flipped }), temporaryFolder());
    expect(report.viewsRebuilt).toBe(true);
    expect(await readAll(store)).toEqual(numbered(20).filter((text) => text !== 'm9'));
    await store.shutdown();
  });
});

describe('a log that is shorter than the checkpoint says', () => {
  it.each([0, 1, 100, 500])('(%i bytes left) is believed', async (left) => {
    const { store, report } = await openCopy(copy.with({ [first]: log.subarray(0, left) }), temporaryFolder());
    expect(report.viewsRebuilt).toBe(true);
    const size = (ends[1] as number) - (ends[0] as number);
    expect((await readAll(store)).length).toBeLessThanOrEqual(Math.floor(left / (size - 2)));
    expect((await append(store, message('x'))).outcome).toBe(0);
    await store.shutdown();
  });
});

it('stale records behind the end never come back', async () => {
  // A torn record before a whole one: the whole one was never acknowledged as a prefix, but it is kept; then the log is cut and grows again.
  const folder = temporaryFolder();
  const torn = Buffer.from(log);
  torn.fill(0, ends[7] as number);
  const { store, options } = await openCopy(copy.with({ [first]: torn }), folder);
  expect(await readAll(store)).toEqual(numbered(18));
  appendLater(store, message('y'));
  await store.shutdown();
  const again = new LogStore(options);
  await again.start();
  expect(await readAll(again)).toEqual([...numbered(18), 'y']);
  await again.shutdown();
});
