import { rmSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { RecordView, recordSizeAt } from '@kitemq/protocol';
import { describe, expect, it, vi } from 'vitest';
import { LogStore, type RecoveryReport, type StoreOptions } from '../../src/index.ts';
import { fastRuntime } from '../fast-disk.ts';
import { append, bodyText, message, read, storeOptions, temporaryFolder } from '../support.ts';
import { CopyableRows, LogCopy } from './log-copy.ts';

vi.setConfig({ testTimeout: 180_000 });

const segmentBytes = 4096;
const files = 5;
const name = (index: number): string => String(index * segmentBytes).padStart(20, '0');
const small = { segmentBytes, hotTailBytes: 0, slabBytes: 1024 };

interface Stored {
  readonly queueId: number;
  readonly offset: number;
  readonly position: number;
  readonly text: string;
}

interface Log {
  readonly copy: LogCopy;
  readonly records: readonly Stored[];
  /** The last exit was orderly. */
  readonly clean: boolean;
  /** Everything before is in the checkpoint. */
  readonly checkpoint: number;
}

/** Queue 2 has messages in the second file only, queue 1 from the third on, queue 0 in all. */
function queueOf(position: number, count: number): number {
  const file = Math.floor(position / segmentBytes);
  if (file === 1 && count % 3 === 0) return 2;
  return file >= 2 && count % 2 === 0 ? 1 : 0;
}

/** Five files, the last half full. A number: that much of them is in the checkpoint, and the process was killed. */
async function filled(checkpointed: number | 'all'): Promise<Log> {
  const path = temporaryFolder();
  const records: Stored[] = [];
  const opened = async (rows: CopyableRows): Promise<LogStore> => {
    const store = new LogStore(storeOptions(path, { runtime: fastRuntime(), openKeyValue: rows.open, checkpointIntervalMs: 60_000, ...small }));
    await store.start();
    return store;
  };
  const fill = async (store: LogStore, until: number): Promise<void> => {
    while (store.maxPosition < until * segmentBytes) {
      const queueId = queueOf(store.maxPosition, records.length);
      const text = `m${records.length}`;
      const { physicalOffset, queueOffset } = await append(store, message(text, { queueId, properties: Buffer.from(`KEYS\u0001${text}\u0002`) }));
      records.push({ queueId, offset: queueOffset, position: physicalOffset, text });
    }
  };
  const rows = new CopyableRows();
  if (checkpointed !== 0) {
    const store = await opened(rows);
    await fill(store, checkpointed === 'all' ? files - 0.5 : checkpointed);
    await store.shutdown();
    if (checkpointed === 'all') return { copy: LogCopy.take(path, rows), records, clean: true, checkpoint: files * segmentBytes };
  }
  const store = await opened(rows.copy());
  await fill(store, files - 0.5);
  const copy = LogCopy.take(path, rows);
  await store.shutdown();
  return { copy, records, clean: false, checkpoint: checkpointed * segmentBytes };
}

const logs = new Map<number | 'all', Promise<Log>>();

/** As {@link filled}, once for all tests. */
function logOf(checkpointed: number | 'all'): Promise<Log> {
  const log = logs.get(checkpointed) ?? filled(checkpointed);
  logs.set(checkpointed, log);
  return log;
}

type Damage = (file: Buffer, starts: readonly number[]) => Buffer | undefined;

const changed = (file: Buffer, change: (bytes: Buffer) => unknown): Buffer => {
  const copy = Buffer.from(file);
  change(copy);
  return copy;
};
const middle = (starts: readonly number[]): number => starts[Math.floor(starts.length / 2)] as number;

/** What happens to one file; `starts` are where its records begin in it. */
const damages: Readonly<Record<string, Damage>> = {
  missing: () => undefined,
  emptied: () => Buffer.alloc(0),
  'cut in a record': (file, starts) => file.subarray(0, middle(starts) + 50),
  'cut between records': (file, starts) => file.subarray(0, middle(starts)),
  'cut in its last record': (file, starts) => file.subarray(0, (starts.at(-1) as number) + 5),
  'cut behind its last record': (file, starts) => file.subarray(0, (starts.at(-1) as number) + file.readInt32BE(starts.at(-1) as number)),
  'all zeros': (file) => Buffer.alloc(file.length),
  garbage: (file) => Buffer.alloc(file.length, 0x5a),
  'zeros in its first record': (file, starts) => changed(file, (bytes) => bytes.fill(0, starts[0], starts[1])),
  'zeros in its middle': (file, starts) => changed(file, (bytes) => bytes.fill(0, middle(starts), middle(starts) + 700)),
  'zeros at its end': (file, starts) => changed(file, (bytes) => bytes.fill(0, starts.at(-3))),
  'a bit of a body': (file, starts) => changed(file, (bytes) => (bytes[middle(starts) + 88]! ^= 4)),
  'a bit of a size': (file, starts) => changed(file, (bytes) => (bytes[middle(starts) + 2]! ^= 4)),
  'a bit of a magic number': (file, starts) => changed(file, (bytes) => (bytes[middle(starts) + 6]! ^= 4)),
  'a bit of its last record': (file, starts) => changed(file, (bytes) => (bytes[(starts.at(-1) as number) + 88]! ^= 4)),
};

/** Those whose start tells of the hole, whatever a checkpoint knows. */
const isOfFile = (kind: string): boolean => kind === 'missing' || kind === 'emptied' || kind.startsWith('cut');

const view = new RecordView();

/** All that readers get of a queue: offset and text. @throws Error when a read does not advance */
async function everything(store: LogStore, queueId: number): Promise<[offset: number, text: string][]> {
  const found: [number, string][] = [];
  for (let offset = store.minOffset('TopicTest', queueId); offset < store.maxOffset('TopicTest', queueId); ) {
    const { records, nextBeginOffset, status } = await read(store, { queueId, offset });
    for (const record of records) {
      view.moveTo(record, 0);
      found.push([view.queueOffset, bodyText(record)]);
    }
    if (nextBeginOffset <= offset) throw new Error(`stuck at ${offset} of queue ${queueId}: ${status}`);
    offset = nextBeginOffset;
  }
  return found;
}

const sizeOf = ({ copy }: Log, { position }: Stored): number => recordSizeAt(copy.files.get(name(Math.floor(position / segmentBytes))) as Buffer, position % segmentBytes);

class Case {
  readonly log: Log;
  readonly copy: LogCopy;
  readonly options: StoreOptions;

  constructor(log: Log, changes: Readonly<Record<string, Buffer | undefined>>, path: string) {
    this.log = log;
    this.copy = log.copy.with(changes);
    this.copy.write(path);
    if (log.clean) rmSync(join(path, 'abort'));
    this.options = storeOptions(path, { runtime: fastRuntime(), openKeyValue: log.copy.rows.copy().open, ...small });
  }

  isSound(record: Stored): boolean {
    const file = name(Math.floor(record.position / segmentBytes));
    const [before, after] = [this.log.copy.files.get(file) as Buffer, this.copy.files.get(file)];
    const at = record.position % segmentBytes;
    const end = at + sizeOf(this.log, record);
    return after !== undefined && after.length >= end && before.subarray(at, end).equals(after.subarray(at, end));
  }

  /** The sound records are there, each at its offset, and nothing else, however one asks for them. */
  async check(store: LogStore): Promise<void> {
    const { records } = this.log;
    for (const queueId of [0, 1, 2]) {
      const expected = records.filter((record) => record.queueId === queueId && this.isSound(record)).map(({ offset, text }) => [offset, text]);
      expect(await everything(store, queueId)).toEqual(expected);
    }
    for (const record of records.filter((_, index) => index % 5 === 0)) {
      const sound = this.isSound(record);
      expect((await store.recordAt(record.position)) !== undefined).toBe(sound);
      const { records: byKey } = await store.queryByKey({ topic: 'TopicTest', key: record.text, maxMessages: 10 });
      expect(byKey.map(bodyText)).toEqual(sound ? [record.text] : []);
    }
  }

  /** What is not in the log is named, but for what was cut off at its ends, as far as `end`. */
  checkNamed({ lost, minPosition }: RecoveryReport, end: number): void {
    for (const record of this.log.records) {
      if (this.isSound(record) || record.position < minPosition || record.position >= end) continue;
      expect(lost.some(({ from, until }) => from < record.position + sizeOf(this.log, record) && record.position < until)).toBe(true);
    }
  }
}

const stops = [
  ['a clean stop', 'all'],
  ['a kill, a checkpoint in the last file', 4.2],
  ['a kill, a checkpoint in the middle', 2.5],
  ['a kill, no checkpoint', 0],
] as const;

describe.each(stops)('after %s, what is sound is read, and readers pass over the rest', (_name, checkpointed) => {
  it.each(Object.keys(damages))('%s, in each file', async (kind) => {
    const log = await logOf(checkpointed);
    for (let index = 0; index < files; index++) {
      const file = log.copy.files.get(name(index)) as Buffer;
      const starts = log.records.filter(({ position }) => Math.floor(position / segmentBytes) === index).map(({ position }) => position % segmentBytes);
      const damaged = new Case(log, { [name(index)]: damages[kind]?.(file, starts) }, temporaryFolder());
      const store = new LogStore(damaged.options);
      const report = await store.start();
      await damaged.check(store);
      const isNamed = isOfFile(kind) || log.checkpoint <= index * segmentBytes;
      if (isNamed) damaged.checkNamed(report, report.maxPosition);
      const { queueOffset } = await append(store, message('new'));
      await store.shutdown();
      const again = new LogStore(damaged.options);
      const second = await again.start();
      if (isOfFile(kind)) damaged.checkNamed(second, report.maxPosition);
      expect(bodyText((await read(again, { offset: queueOffset })).records[0] as Uint8Array)).toBe('new');
      await again.shutdown();
    }
  });

  it('a roll-over that was interrupted before the last file, and a hole before it', async () => {
    const log = await logOf(checkpointed);
    const rolled = log.copy.files.get(name(files - 2)) as Buffer;
    const last = log.records.filter(({ position }) => position < (files - 1) * segmentBytes).at(-1) as Stored;
    const end = (last.position % segmentBytes) + sizeOf(log, last);
    for (const cut of [end, end + 4, end + 8]) {
      for (const next of [undefined, Buffer.alloc(0), Buffer.alloc(segmentBytes)]) {
        for (const hole of [undefined, Buffer.alloc(0)]) {
          const torn = changed(rolled, (bytes) => bytes.fill(0, cut));
          const damaged = new Case(log, { [name(1)]: hole, [name(files - 2)]: torn, [name(files - 1)]: next }, temporaryFolder());
          const store = new LogStore(damaged.options);
          const report = await store.start();
          damaged.checkNamed(report, report.maxPosition);
          await damaged.check(store);
          await append(store, message('new'));
          await store.shutdown();
        }
      }
    }
  });
});

describe('behind a hole that only the start noticed', () => {
  const options = (path: string): StoreOptions => ({
    ...storeOptions(path, { runtime: fastRuntime(), segmentBytes: 16 * 1024, hotTailBytes: 0, slabBytes: 1024, topicPolicy: (topic) => (topic === 'TopicTest' ? { cleanup: 'compact' } : undefined) }),
    openKeyValue: rows.open,
  });
  let rows = new CopyableRows();
  const put = (store: LogStore, key: string, text: string): Promise<unknown> => append(store, message(text.padEnd(500, ' '), { properties: Buffer.from(`KEYS\u0001${key}\u0002`) }));

  it('records that are read in blocks are, and one that a file ends in is not', async () => {
    const path = temporaryFolder();
    const large = { ...storeOptions(path, { runtime: fastRuntime(), hotTailBytes: 0 }), openKeyValue: new CopyableRows().open };
    const writer = new LogStore(large);
    await writer.start();
    const texts = Array.from({ length: 200 }, (_, index) => `${index}:`.padEnd(1000, 'x'));
    const places: number[] = [];
    for (const text of texts) places.push((await append(writer, message(text))).physicalOffset);
    await writer.shutdown();
    const [start, lost] = [64 * 1024, places.findIndex((position) => position > 100_000)];
    truncateSync(join(path, 'commitlog', String(start).padStart(20, '0')), (places[lost] as number) + 500 - start);
    const store = new LogStore(large);
    await store.start();
    expect((await everything(store, 0)).map(([, text]) => text)).toEqual(texts.filter((_, index) => index < lost || (places[index] as number) >= 2 * start));
    await store.shutdown();
  });

  it.each([true, false])('compaction and retention go on (compacted before: %s)', async (compacted) => {
    rows = new CopyableRows();
    const path = temporaryFolder();
    const writer = new LogStore(options(path));
    await writer.start();
    for (let index = 0; index < 150; index++) await put(writer, `k${index}`, `first ${index}`);
    if (compacted) await writer.compact();
    await writer.shutdown();
    const hole = String(2 * 16 * 1024).padStart(20, '0');
    rmSync(join(path, 'commitlog', hole));
    const store = new LogStore(options(path));
    const { lost } = await store.start();
    expect(lost).toEqual([{ from: 2 * 16 * 1024, until: 3 * 16 * 1024, reason: 'no file holds it' }]);
    await store.compact();
    const before = await everything(store, 0);
    expect(before.length).toBeGreaterThan(100);
    expect(before.length).toBeLessThan(150);
    await append(store, message('.'.repeat(12_000), { topic: 'Other' }));
    for (let round = 0; round < 3; round++) await store.clean({ logBytesMax: 64 * 1024 });
    expect(store.minPosition).toBeGreaterThan(3 * 16 * 1024);
    expect(await everything(store, 0)).toEqual(before);
    await put(store, 'k1', 'second');
    expect((await everything(store, 0)).at(-1)?.[1]).toMatch(/^second/);
    await store.shutdown();
  });
});
