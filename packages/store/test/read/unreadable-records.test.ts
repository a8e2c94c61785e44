import { NodeDisk, type Clock, type DiskFile, type OpenMode } from '@kitemq/runtime';
import { RecordingLogger } from '@kitemq/runtime/testing';
import { beforeEach, describe, expect, it } from 'vitest';
import type { CommitLog } from '../../src/commit-log/commit-log.ts';
import type { LogStore, ReadQuery, ReadResult } from '../../src/index.ts';
import { unreadableMs } from '../../src/read/block-cache.ts';
import type { ColdReader } from '../../src/read/cold-reader.ts';
import { heldUpMs, triesEveryMs, triesMin, UnreadableRecords } from '../../src/read/unreadable-records.ts';
import { append, bodies, message, read, startedStore, storeOptions, temporaryFolder, testRuntime } from '../support.ts';

let now = 0;
const clock: Clock = { now: () => now, monotonic: () => now };
beforeEach(() => void (now = 1000));

/** A disk with sectors of the first segment that cannot be read. */
class BadDisk extends NodeDisk {
  bad: readonly number[] = [];
  isAway = false;
  reads = 0;

  override openSync(path: string, mode: OpenMode): DiskFile {
    const file = super.openSync(path, mode);
    const readSector = file.read.bind(file);
    file.datasync = (done) => queueMicrotask(() => done(undefined));
    file.read = (target, offset, length, position, done) => {
      this.reads++;
      const fails = this.isAway || this.bad.some((sector) => position < sector + 512 && sector < position + length);
      if (fails) setImmediate(() => done(Object.assign(new Error('EIO: i/o error, read'), { code: 'EIO' }), 0));
      else readSector(target, offset, length, position, done);
    };
    return file;
  }
}

interface Opened {
  readonly disk: BadDisk;
  readonly store: LogStore;
  readonly logger: RecordingLogger;
  /** Log positions of the messages of queue 0. */
  readonly positions: readonly number[];
  readonly texts: readonly string[];
}

const text = (index: number): string => `${index}:`.padEnd(1000, 'x');

/** 600 messages of 1 KiB in each of two queues, by turns, all on disk. */
async function opened(): Promise<Opened> {
  const disk = new BadDisk();
  const logger = new RecordingLogger();
  const runtime = { ...testRuntime(), disk, clock, logger };
  const store = await startedStore(storeOptions(temporaryFolder(), { runtime, hotTailBytes: 0, slabBytes: 4096, segmentBytes: 16 * 1024 * 1024 }));
  const texts = Array.from({ length: 600 }, (_, index) => text(index));
  const positions: number[] = [];
  for (const body of texts) {
    positions.push((await append(store, message(body))).physicalOffset);
    await append(store, message(body, { queueId: 1 }));
  }
  return { disk, store, logger, positions, texts };
}

/** Reads on until there is nothing left, or nothing to be had. */
async function readOn(store: LogStore, query: Partial<ReadQuery> & { readonly queueId: number; readonly offset: number }): Promise<{ readonly texts: string[]; readonly offset: number; readonly last: ReadResult }> {
  const texts: string[] = [];
  for (let { offset } = query; ; ) {
    const last = await read(store, { ...query, offset });
    if (last.nextBeginOffset <= offset) return { texts, offset, last };
    expect(last.messageCount).toBe(last.records.length);
    texts.push(...bodies(last));
    offset = last.nextBeginOffset;
  }
}

describe('a sector that cannot be read', () => {
  it('holds up the readers of the record in it, where it is, and nobody else', async () => {
    const { disk, store, positions, texts } = await opened();
    // Any message of the first block, and the first of all.
    for (const index of [150, 0]) {
      disk.bad = [(positions[index] as number) + 400];
      expect(await readOn(store, { queueId: 1, offset: 0 })).toMatchObject({ texts, offset: 600, last: { status: 'OFFSET_OVERFLOW_ONE' } });
      const { texts: before, offset, last } = await readOn(store, { queueId: 0, offset: 0 });
      expect(before).toEqual(texts.slice(0, index));
      expect(offset).toBe(index);
      expect(last).toMatchObject({ status: 'OFFSET_FOUND_NULL', nextBeginOffset: index, records: [], messageCount: 0, byteCount: 0 });
      expect((await readOn(store, { queueId: 0, offset: index + 1 })).texts).toEqual(texts.slice(index + 1));
    }
  });

  it('ends an answer in front of it also when pieces of it have many records', async () => {
    const { disk, store, positions } = await opened();
    disk.bad = [positions[150] as number];
    const query: ReadQuery = { topic: 'TopicTest', queueId: 0, offset: 0, maxMessages: 600, maxBytes: 1e7, matchesTags: undefined, matchesRecord: undefined, transient: true };
    const pulled = await new Promise<ReadResult>((resolve) => store.read(query, { readDone: resolve }));
    const { messageCount, byteCount, nextBeginOffset } = await read(store, { maxMessages: 150, maxBytes: 1e7 });
    expect(pulled).toMatchObject({ status: 'FOUND', messageCount, byteCount, nextBeginOffset });
    expect(nextBeginOffset).toBe(150);
    // Nothing before it matches: the reader goes on from there.
    expect(await read(store, { maxMessages: 600, maxBytes: 1e7, matchesRecord: () => false })).toMatchObject({ status: 'NO_MATCHED_MESSAGE', nextBeginOffset: 150 });
  });

  it('is no loss when the error was of the moment', async () => {
    const { disk, store, positions, texts } = await opened();
    disk.bad = [positions[150] as number];
    expect((await readOn(store, { queueId: 0, offset: 0 })).offset).toBe(150);
    disk.bad = [];
    expect((await readOn(store, { queueId: 0, offset: 150 })).texts).toEqual(texts.slice(150));
  });

  it.each([32, 1])('is passed by after a minute and five tries, and said so, in reads of %i', async (maxMessages) => {
    const { disk, store, logger, positions, texts } = await opened();
    disk.bad = [(positions[150] as number) + 400];
    const lines = (words: string): unknown[] => logger.lines.filter(({ level, message: line }) => level === 'error' && line.includes(words));
    const began = now;
    let at = (await readOn(store, { queueId: 0, offset: 140, maxMessages })).offset;
    for (; at === 150 && now - began < 2 * heldUpMs; now += triesEveryMs) at = (await readOn(store, { queueId: 0, offset: 150, maxMessages })).offset;
    expect(now - triesEveryMs - began).toBe(heldUpMs);
    expect(at).toBe(600);
    expect(lines('its readers wait')).not.toEqual([]);
    expect(lines('cannot be read and is left out')).toMatchObject([{ fields: { position: positions[150], topic: 'TopicTest', queueId: 0 } }]);
    // Others find it so at once, and whole when it can be read again.
    expect((await readOn(store, { queueId: 0, offset: 0, maxMessages })).texts).toEqual(texts.filter((_, index) => index !== 150));
    disk.bad = [];
    expect((await readOn(store, { queueId: 0, offset: 0, maxMessages })).texts).toEqual(texts);
  });

  it('is not passed by early: a minute without tries says nothing', async () => {
    const { disk, store, positions } = await opened();
    disk.bad = [positions[150] as number];
    for (let tries = 0; tries < triesMin; tries++) {
      expect((await readOn(store, { queueId: 0, offset: 150 })).offset).toBe(150);
      now += 2 * heldUpMs;
    }
    expect((await readOn(store, { queueId: 0, offset: 150 })).offset).toBe(600);
  });

  it('is passed by together with the others next to it', async () => {
    const { disk, store, positions, texts } = await opened();
    disk.bad = [150, 151, 152].map((index) => positions[index] as number);
    await readOn(store, { queueId: 0, offset: 150 });
    for (const began = now; now - began < heldUpMs; now += triesEveryMs) expect((await readOn(store, { queueId: 0, offset: 150 })).offset).toBe(150);
    expect((await readOn(store, { queueId: 0, offset: 0 })).texts).toEqual(texts.filter((_, index) => index < 150 || index > 152));
  });

  it('has its block read again only now and then', async () => {
    const { disk, store, positions } = await opened();
    disk.bad = [positions[150] as number];
    const cost = async (maxMessages: number): Promise<number> => {
      const before = disk.reads;
      await read(store, { queueId: 1, offset: 100, maxMessages });
      return disk.reads - before;
    };
    expect(await cost(20)).toBe(1 + 20);
    expect(await cost(20)).toBe(20);
    now += unreadableMs;
    expect(await cost(20)).toBe(1 + 20);
    disk.bad = [];
    now += unreadableMs;
    expect(await cost(20)).toBe(1);
    expect(await cost(20)).toBe(0);
  });
});

it('while the whole disk is away nothing is passed by, however long it takes', async () => {
  const { disk, store, texts } = await opened();
  disk.isAway = true;
  for (const began = now; now - began < 10 * heldUpMs; now += triesEveryMs) {
    expect(await read(store, { queueId: 0, offset: 0 })).toMatchObject({ status: 'OFFSET_FOUND_NULL', nextBeginOffset: 0 });
  }
  disk.isAway = false;
  expect((await readOn(store, { queueId: 0, offset: 0 })).texts).toEqual(texts);
});

describe('a try', () => {
  /** True when a record that fails all the time is given up in time. */
  function isGivenUpInTime(log: { written: number; flushed: number }, step: () => void, probe?: Error): boolean {
    const cold = { read: (_position: number, _length: number, done: (error: Error | undefined) => void) => done(probe) } as unknown as ColdReader;
    const records = new UnreadableRecords({ log: log as unknown as CommitLog, cold, clock });
    for (const began = now; now - began < heldUpMs; now += triesEveryMs) {
      expect(records.isGivenUp(100)).toBe(false);
      step();
    }
    return records.isGivenUp(100);
  }

  it('counts when the disk writes, or has nothing to write', () => {
    expect(isGivenUpInTime({ written: 1000, flushed: 1000 }, () => undefined)).toBe(true);
    const log = { written: 1000, flushed: 900 };
    expect(isGivenUpInTime(log, () => (log.flushed = log.written++))).toBe(true);
  });

  it('does not count when the disk does not get on with what was written, or cannot be read elsewhere', () => {
    expect(isGivenUpInTime({ written: 1000, flushed: 900 }, () => undefined)).toBe(false);
    expect(isGivenUpInTime({ written: 1000, flushed: 1000 }, () => undefined, new Error('EIO'))).toBe(false);
  });

  it('that succeeds makes the time begin anew', () => {
    const cold = { read: (_position: number, _length: number, done: (error: Error | undefined) => void) => done(undefined) } as unknown as ColdReader;
    const records = new UnreadableRecords({ log: { written: 1000, flushed: 1000 } as unknown as CommitLog, cold, clock });
    for (const began = now; now - began < 10 * heldUpMs; now += triesEveryMs) {
      expect(records.isGivenUp(100)).toBe(false);
      if ((now - began) % (heldUpMs / 2) === 0) records.found(100);
    }
  });
});
