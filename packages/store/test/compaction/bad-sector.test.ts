import type { DiskFile, OpenMode } from '@kitemq/runtime';
import { RecordingLogger } from '@kitemq/runtime/testing';
import { describe, expect, it } from 'vitest';
import type { LogStore, RetentionPolicy } from '../../src/index.ts';
import { FaultyDisk, faultyRuntime } from '../faulty-disk.ts';
import { append, appendAll, bodies, message, read, startedStore, storeOptions, temporaryFolder } from '../support.ts';

const topic = 'Prices';

/** One byte of the log's first file cannot be read while {@link badByte} is set. */
class BadSector extends FaultyDisk {
  badByte = -1;

  override openSync(path: string, mode: OpenMode): DiskFile {
    const file = super.openSync(path, mode);
    if (!path.endsWith('/00000000000000000000')) return file;
    const readOf = file.read.bind(file);
    file.read = (target, offset, length, position, done) => {
      if (this.badByte >= position && this.badByte < position + length) queueMicrotask(() => done(Object.assign(new Error('EIO: by the test'), { code: 'EIO' }), 0));
      else readOf(target, offset, length, position, done);
    };
    return file;
  }
}

const priced = (key: string, body: string) => message(body, { topic, properties: Buffer.from(`KEYS\u0001${key}\u0002`) });
const expired: RetentionPolicy = { logBytesMax: 16 * 1024 };
/** However much is free. */
const forced: RetentionPolicy = { ...expired, disk: { maxUsedRatio: 0, cleanForciblyRatio: -Infinity, freeBytesEnough: Infinity } };

/** Values k0=0 to k9=9 at the log's beginning, of which k4's cannot be read any more, and other messages behind them. */
async function storeWithBadSector(isCompacted: boolean): Promise<{ store: LogStore; disk: BadSector; logger: RecordingLogger }> {
  const disk = new BadSector();
  const logger = new RecordingLogger();
  const options = { runtime: faultyRuntime(disk), logger, topicPolicy: (name: string) => (name === topic ? { cleanup: 'compact' as const } : undefined), compactionIntervalMs: 1e6 };
  const store = await startedStore(storeOptions(temporaryFolder(), { ...options, segmentBytes: 8192, hotTailBytes: 0, slabBytes: 1024 }));
  // The pass of the start is over before there is anything to compact.
  await store.compact();
  let position = 0;
  for (let key = 0; key < 10; key++) {
    const { physicalOffset } = await append(store, priced(`k${key}`, String(key)));
    if (key === 4) position = physicalOffset;
  }
  if (isCompacted) await store.compact();
  await appendOthers(store);
  disk.badByte = position + 20;
  return { store, disk, logger };
}

const appendOthers = (store: LogStore) => appendAll(store, Array.from({ length: 60 }, () => 'x'.repeat(900)), { topic: 'Other' });
const values = async (store: LogStore): Promise<string[]> => bodies(await read(store, { topic }));
const allBut4 = ['0', '1', '2', '3', '5', '6', '7', '8', '9'];
const isTold = (logger: RecordingLogger): boolean => logger.lines.some(({ level, message: text }) => level === 'error' && text.includes('are lost with their segment'));

describe.each([
  ['a value', true],
  ['a message that was not compacted yet', false],
])('a sector under %s that cannot be read', (_, isCompacted) => {
  it('keeps what has expired, and what is in it, until it can be read', async () => {
    const { store, disk } = await storeWithBadSector(isCompacted);
    for (let pass = 0; pass < 3; pass++) {
      await expect(store.clean(expired)).rejects.toMatchObject({ code: 'KITE_STORE_UNREADABLE', details: { count: 1, topic, queueId: 0, offset: 4 } });
      expect(store.minPosition).toBe(0);
    }
    disk.badByte = -1;
    expect((await store.clean(expired)).deletedSegments).toBeGreaterThan(0);
    expect(await values(store)).toEqual([...allBut4.slice(0, 4), '4', ...allBut4.slice(4)]);
  });

  it('costs what is in it, and no more, when the disk is full', async () => {
    const { store, logger } = await storeWithBadSector(isCompacted);
    const report = await store.clean(forced);
    expect(report.deletedForcibly).toBeGreaterThan(0);
    expect(report.minPosition).toBe(store.minPosition);
    expect(isTold(logger)).toBe(true);
    expect(await values(store)).toEqual(allBut4);
    // From then on all is as before.
    await appendOthers(store);
    expect((await store.clean(expired)).deletedSegments).toBeGreaterThan(0);
    expect(await values(store)).toEqual(allBut4);
  });

  it('gives nothing back that was superseded or removed meanwhile', async () => {
    const { store, disk } = await storeWithBadSector(isCompacted);
    await expect(store.clean(expired)).rejects.toThrow();
    await append(store, priced('k4', 'new'));
    await append(store, priced('k5', ''));
    // Where the key is known nobody needs the old value any more.
    if (isCompacted) expect((await store.clean(expired)).deletedSegments).toBeGreaterThan(0);
    else await expect(store.clean(expired)).rejects.toThrow();
    disk.badByte = -1;
    const left = ['0', '1', '2', '3', '6', '7', '8', '9', 'new', ''];
    await appendOthers(store);
    const refusals = [new Error('not now')];
    store.beforeTrim(async () => {
      const refusal = refusals.pop();
      if (refusal !== undefined) throw refusal;
    });
    await expect(store.clean(expired)).rejects.toThrow('not now');
    expect(await values(store)).toEqual(left);
    await store.clean(expired);
    expect(await values(store)).toEqual(left);
  });

  it('does not outlive what removes it', async () => {
    const { store, disk } = await storeWithBadSector(isCompacted);
    await store.clean(expired).catch(() => undefined);
    await append(store, priced('k4', ''));
    // Without the bad sector the tombstone would be gone after two of these.
    for (let turn = 0; turn < 4; turn++) {
      await appendOthers(store);
      await store.clean(expired).catch(() => undefined);
    }
    disk.badByte = -1;
    await store.clean(expired);
    expect((await values(store)).filter((value) => value !== '')).toEqual(allBut4);
  });
});

it('a disk that gives nothing now is no bad sector, however full it is', async () => {
  const { store, disk } = await storeWithBadSector(true);
  disk.badByte = -1;
  disk.readError = 'EMFILE';
  await expect(store.clean(forced)).rejects.toMatchObject({ code: 'EMFILE' });
  expect(store.minPosition).toBe(0);
  disk.readError = undefined;
  await store.clean(forced);
  expect(await values(store)).toEqual([...allBut4.slice(0, 4), '4', ...allBut4.slice(4)]);
});
