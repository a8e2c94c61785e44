import { writeFileSync } from 'node:fs';
import { NodeDisk, NodeTimers, type Clock, type Timers } from '@kitemq/runtime';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { CommitLog } from '../../src/commit-log/commit-log.ts';
import { LogSegment } from '../../src/commit-log/log-segment.ts';
import { BlockCache, unreadableMs, waitsAheadBytes, waitTurnsMax } from '../../src/read/block-cache.ts';
import { blocksMax } from '../../src/read/kept-blocks.ts';
import { blockBytes, overlapBytes, spentAfterBytes, type LogBlock } from '../../src/read/log-block.ts';
import { RecentWrites } from '../../src/read/recent-writes.ts';
import { trustedMs } from '../../src/read/verified-records.ts';
import { ColdReader } from '../../src/read/cold-reader.ts';
import { temporaryFolder } from '../support.ts';

const segmentStart = 1000;

let now = 0;
const clock: Clock = { now: () => now, monotonic: () => now };
beforeEach(() => void (now = 0));

function opened(written: number, segmentBytes = 100 * blockBytes): { cache: BlockCache; cold: ColdReader; log: CommitLog; segment: LogSegment } {
  const directory = temporaryFolder();
  const disk = new NodeDisk();
  const segment = new LogSegment(disk, directory, { start: segmentStart, end: segmentStart + segmentBytes });
  writeFileSync(segment.path, Buffer.alloc(segmentBytes).map((_, index) => (index >> 12) & 0xff));
  const log = new CommitLog({ disk, directory, segmentBytes, slabBytes: 4096, hotTailBytes: 0 }, [segment], segmentStart + written);
  const cold = new ColdReader(log);
  return { cache: cacheOf(log, cold), cold, log, segment };
}

/** Of a log that was written long ago. */
function cacheOf(log: CommitLog, cold: ColdReader, timers: Timers = new NodeTimers()): BlockCache {
  return new BlockCache({ log, cold, clock, timers, recent: new RecentWrites(clock, log.written) });
}

const get = (cache: BlockCache, segment: LogSegment, start: number, end: number): Promise<LogBlock> =>
  new Promise((resolve, reject) => cache.get(segment, { reader: 0, start, end }, (error, block) => (block === undefined ? reject(error ?? new Error('no block')) : resolve(block))));

it('readers of one block share one read', async () => {
  const { cache, cold, segment } = opened(4 * blockBytes, 4 * blockBytes);
  const start = BlockCache.startOf(segment, segmentStart + blockBytes + 17);
  expect(start).toBe(segmentStart + blockBytes);
  const blocks = await Promise.all(Array.from({ length: 10 }, () => get(cache, segment, start, start + 100)));
  expect(cold.reads).toBe(1);
  expect(new Set(blocks).size).toBe(1);
  expect(blocks[0]?.length).toBe(blockBytes + overlapBytes);
  expect(blocks[0]?.bytes[0]).toBe((blockBytes / 4096) & 0xff);
  expect(blocks[0]?.bytes[5 * 4096]).toBe((blockBytes / 4096 + 5) & 0xff);
  await get(cache, segment, start, start + 1);
  expect(cold.reads).toBe(1);
});

it('a block ends where the log ends, and is read again when it has grown', async () => {
  const { cache, cold, log, segment } = opened(100, 4 * blockBytes);
  const block = await get(cache, segment, segmentStart, segmentStart + 100);
  expect(block.length).toBe(100);
  log.reserve(500);
  log.target.fill(0xee, log.targetOffset, log.targetOffset + 500);
  expect((await get(cache, segment, segmentStart, segmentStart + 100)).length).toBe(100);
  log.write();
  const grown = await get(cache, segment, segmentStart, segmentStart + 600);
  expect(grown.length).toBe(600);
  expect(grown.bytes[599]).toBe(0xee);
  expect(cold.reads).toBe(2);
});

it('keeps the blocks used last', async () => {
  const { cache, cold, segment } = opened((blocksMax + 16) * blockBytes, (blocksMax + 16) * blockBytes);
  const start = (number: number): number => segmentStart + number * blockBytes;
  for (let number = 0; number < blocksMax; number++) await get(cache, segment, start(number), start(number) + 1);
  await get(cache, segment, start(0), start(0) + 1);
  await get(cache, segment, start(blocksMax), start(blocksMax) + 1);
  expect(cache.has(start(0))).toBe(true);
  expect(cache.has(start(1))).toBe(false);
  expect(cold.reads).toBe(blocksMax + 1);
});

it('a failed read is told to all who wait, and tried again after a while', async () => {
  const { cache, cold, segment, log } = opened(2 * blockBytes, 4 * blockBytes);
  segment.file.truncateSync(10);
  const results = await Promise.allSettled(Array.from({ length: 3 }, () => get(cache, segment, segmentStart, segmentStart + 100)));
  expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
  segment.file.truncateSync(log.written - segmentStart);
  await expect(get(cache, segment, segmentStart, segmentStart + 100)).rejects.toThrow('ends too early');
  expect(cold.reads).toBe(1);
  now += unreadableMs;
  expect((await get(cache, segment, segmentStart, segmentStart + 100)).length).toBe(blockBytes + overlapBytes);
});

it('a dropped block gives its memory to a later one', async () => {
  const { cache, segment } = opened((blocksMax + 30) * blockBytes, (blocksMax + 30) * blockBytes);
  const memories = new Set<Buffer>();
  for (let number = 0; number < blocksMax + 30; number++) {
    const start = segmentStart + number * blockBytes;
    const block = await get(cache, segment, start, start + 1);
    expect(block.start).toBe(start);
    memories.add(block.bytes);
  }
  // One more is on its way while the oldest is still there.
  expect(memories.size).toBe(blocksMax + 1);
});

it('the next blocks are read ahead for readers that go on, as long as they are whole in the log', async () => {
  const { cache, cold, segment } = opened(5 * blockBytes, 6 * blockBytes);
  const start = (number: number): number => segmentStart + number * blockBytes;
  await get(cache, segment, start(0), start(1));
  expect(cache.has(start(1))).toBe(false);
  await get(cache, segment, start(0), start(0) + 1000);
  expect(cache.has(start(1))).toBe(false);
  await get(cache, segment, start(0), start(1));
  expect([1, 2, 3].map((number) => cache.has(start(number)))).toEqual([true, true, false]);
  await get(cache, segment, start(1), start(2));
  expect(cold.reads).toBe(3);
  await get(cache, segment, start(1), start(2));
  await vi.waitFor(() => expect(cold.idle).toBe(true));
  await get(cache, segment, start(1), start(2));
  expect(cache.has(start(3))).toBe(true);
  await vi.waitFor(() => expect(cold.idle).toBe(true));
  await get(cache, segment, start(3), start(4));
  await get(cache, segment, start(3), start(4));
  await get(cache, segment, start(3), start(4));
  // The fifth block has no overlap in the log yet.
  expect(cache.has(start(4))).toBe(false);
  expect(cold.reads).toBe(4);
});

it('the memory of a block that is held is not used again', async () => {
  const { cache, segment } = opened((blocksMax + 30) * blockBytes, (blocksMax + 30) * blockBytes);
  const held = await new Promise<LogBlock>((resolve) => {
    cache.get(segment, { reader: 0, start: segmentStart, end: segmentStart + 1 }, (_error, block) => {
      cache.hold(block as LogBlock);
      resolve(block as LogBlock);
    });
  });
  const before = Buffer.from(held.bytes.subarray(0, held.length));
  for (let number = 1; number < blocksMax + 30; number++) {
    const start = segmentStart + number * blockBytes;
    const { bytes } = await get(cache, segment, start, start + 1);
    expect(bytes === held.bytes).toBe(false);
  }
  expect(cache.has(segmentStart)).toBe(false);
  expect(before.equals(held.bytes.subarray(0, held.length))).toBe(true);
  cache.release(held, 0);
  const memories: Buffer[] = [];
  for (let number = 1; number < 10; number++) memories.push((await get(cache, segment, segmentStart + number * blockBytes, segmentStart + number * blockBytes + 1)).bytes);
  expect(memories.includes(held.bytes)).toBe(true);
});

it('what is not in a block is an error, not a wait for ever', async () => {
  const { cache, segment } = opened(2 * blockBytes, 2 * blockBytes);
  await expect(get(cache, segment, segmentStart, segmentStart + blockBytes + overlapBytes + 1)).rejects.toThrow('is not in the block');
  await expect(get(cache, segment, segmentStart + blockBytes, segment.end + 1)).rejects.toThrow('is not in the block');
});

it('a block that was checked is known when it is read again, by its digest', async () => {
  const { cold, log, segment } = opened((blocksMax + 16) * blockBytes, (blocksMax + 16) * blockBytes);
  const cache = cacheOf(log, cold);
  const start = (number: number): number => segmentStart + number * blockBytes;
  const readOn = async (): Promise<void> => {
    for (let number = 0; number < blocksMax + 12; number++) {
      // As readers do that share blocks: each is asked for several times, the last time near its end.
      await get(cache, segment, start(number), start(number) + 1);
      await get(cache, segment, start(number), start(number) + 1);
      await vi.waitFor(() => expect(cold.idle).toBe(true), { interval: 1 });
      const block = await get(cache, segment, start(number), start(number + 1));
      block.checkedBytes = blockBytes;
    }
  };
  await readOn();
  // All but the first were read ahead, and those dropped meanwhile are remembered.
  expect(cache.verified.size).toBeGreaterThanOrEqual(12 - 1);
  now += trustedMs;
  await readOn();
  expect(cache.verified.confirmed).toBeGreaterThanOrEqual(12 - 1);
  expect(cache.verified.refuted).toBe(0);
  const before = cache.verified.confirmed;
  segment.file.writeSync(Buffer.from('!'), 0, 1, 2 * blockBytes + overlapBytes + 77);
  // For a while nobody looks; then it is found.
  await readOn();
  expect(cache.verified).toMatchObject({ confirmed: before, refuted: 0 });
  now += trustedMs;
  await readOn();
  expect(cache.verified.refuted).toBe(1);
  expect(cache.verified.confirmed).toBeGreaterThan(before);
});

const startOf = (number: number): number => segmentStart + number * blockBytes;

/** Reads so many bytes of the block, as a reader does that takes records out of it. */
async function take(cache: BlockCache, segment: LogSegment, number: number, bytes: number, reader = 0): Promise<LogBlock> {
  return new Promise((resolve, reject) => {
    cache.get(segment, { reader, start: startOf(number), end: startOf(number) + 1 }, (error, block) => {
      if (block === undefined) return reject(error ?? new Error('no block'));
      cache.hold(block);
      cache.release(block, bytes);
      resolve(block);
    });
  });
}

describe('blocks that were read to their end', () => {
  it('make room for the next ones, which get their memory', async () => {
    const { cache, segment } = opened(40 * blockBytes, 40 * blockBytes);
    await take(cache, segment, 30, 100);
    const memories = new Set<Buffer>();
    for (let number = 0; number < 30; number++) {
      for (let count = 0; count < 32; count++) memories.add((await take(cache, segment, number, spentAfterBytes / 32)).bytes);
    }
    expect(memories.size).toBeLessThanOrEqual(6);
    expect(cache.has(startOf(0))).toBe(false);
    expect(cache.has(startOf(29))).toBe(true);
    // Less was taken from this one.
    expect(cache.has(startOf(30))).toBe(true);
  });

  it('stay for readers that come along behind', async () => {
    const { cache, cold, segment } = opened(40 * blockBytes, 40 * blockBytes);
    for (let number = 0; number < 20; number++) {
      await take(cache, segment, number, spentAfterBytes);
      if (number % 4 === 0) await take(cache, segment, Math.max(0, number - 9), 100);
    }
    const { reads } = cold;
    for (let number = 11; number < 20; number++) await take(cache, segment, number, spentAfterBytes);
    expect(cold.reads).toBe(reads);
  });
});

describe('a reader far ahead of others', () => {
  const far = waitsAheadBytes / blockBytes + 2;

  function withTurns(): { cache: BlockCache; cold: ColdReader; segment: LogSegment; turn: () => void } {
    const { cold, log, segment } = opened(80 * blockBytes, 80 * blockBytes);
    const turns: (() => void)[] = [];
    const timers = { ...new NodeTimers(), setImmediate: (callback: () => void) => void turns.push(callback) } as unknown as Timers;
    return { cache: cacheOf(log, cold, timers), cold, segment, turn: () => turns.splice(0).forEach((callback) => callback()) };
  }

  it('waits some turns for them before it has the disk read', async () => {
    const { cache, cold, segment, turn } = withTurns();
    await take(cache, segment, 0, 100, 1);
    const ahead = get(cache, segment, startOf(far), startOf(far) + 1);
    for (let count = 1; count < waitTurnsMax; count++) turn();
    expect(cold.reads).toBe(1);
    turn();
    expect(cold.reads).toBe(2);
    expect((await ahead).start).toBe(startOf(far));
  });

  it('gets at once what is there or on its way, and has nothing read ahead', async () => {
    const { cache, cold, segment, turn } = withTurns();
    const first = take(cache, segment, far, 100);
    await Promise.all([take(cache, segment, 0, 100, 1), get(cache, segment, startOf(far), startOf(far) + 1)]);
    await first;
    await get(cache, segment, startOf(far), startOf(far + 1));
    expect(cold.reads).toBe(2);
    turn();
    expect(cold.reads).toBe(2);
  });

  it('does not wait for those that are too far behind to share anything, nor for those before it', async () => {
    const { cache, cold, segment } = withTurns();
    await take(cache, segment, 0, 100, 1);
    await take(cache, segment, blocksMax + 1, 100, 2);
    await take(cache, segment, 2, 100, 3);
    expect(cold.reads).toBe(3);
  });

  it('does not wait for where it was itself', async () => {
    const { cache, cold, segment } = withTurns();
    for (let number = 0; number < 60; number += 3) await take(cache, segment, number, 100);
    expect(cold.reads).toBe(20);
  });
});

it('what this process wrote lately is known to be new, for a while', async () => {
  const { cold, log, segment } = opened(blockBytes, 4 * blockBytes);
  const recent = new RecentWrites(clock, log.written);
  const cache = new BlockCache({ log, cold, clock, timers: new NodeTimers(), recent });
  const isNew = async (number: number, end: number): Promise<boolean> => (await get(cache, segment, startOf(number), end)).isNew;
  now = 30_000;
  recent.note(log.written);
  for (let piece = 0; piece < blockBytes; piece += 2048) {
    log.reserve(2048);
    log.write();
  }
  // The first block was there when the process began.
  expect(await isNew(0, startOf(1))).toBe(false);
  expect(await isNew(1, startOf(2))).toBe(true);
  now = 30_000 + trustedMs;
  log.reserve(2048);
  log.write();
  expect(await isNew(1, startOf(2) + 2048)).toBe(false);
});
