import { existsSync, mkdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { RecordView } from '@kitemq/protocol';
import { NodeDisk, nodeRuntime } from '@kitemq/runtime';
import { RecordingLogger } from '@kitemq/runtime/testing';
import { describe, expect, it } from 'vitest';
import { AppendStatus, LogStore, openStore } from '../../src/index.ts';
import { readOpenMark, writeOpenMark } from '../../src/recovery/open-mark.ts';
import { append, appendAll, bodies, message, numbered, read, readAll, startedStore, storeHost, storeOptions, temporaryFolder, Waiter } from '../support.ts';

describe('a store with LMDB', () => {
  const damage: Readonly<Record<string, (views: string) => void>> = {
    'its folder is gone': (views) => rmSync(views, { recursive: true }),
    'its file is garbage': (views) => writeFileSync(join(views, 'data.mdb'), Buffer.alloc(100_000, 0xab)),
    'its file is cut': (views) => truncateSync(join(views, 'data.mdb'), 5000),
    'its file is empty': (views) => truncateSync(join(views, 'data.mdb'), 0),
    'it is a file, not a folder': (views) => {
      rmSync(views, { recursive: true });
      writeFileSync(views, 'x');
    },
  };
  it.each(Object.entries(damage))('makes its views again when %s', async (_name, apply) => {
    const path = temporaryFolder();
    const { openKeyValue: _memory, ...options } = storeOptions(path);
    const store = await startedStore(options);
    await appendAll(store, numbered(300));
    await store.settings.put('topic', 'A', { n: 1 });
    store.consumerOffsets.commit('g', 'A', 0, 5);
    await store.shutdown();
    apply(join(path, 'views'));
    const again = await startedStore(options);
    expect(await again.start()).toMatchObject({ viewsRebuilt: true, clean: true });
    expect(await readAll(again)).toEqual(numbered(300));
    expect(again.settings.get('topic', 'A')).toEqual({ n: 1 });
    expect(again.consumerOffsets.get('g', 'A', 0)).toBe(5);
    await again.shutdown();
    expect(await (await startedStore(options)).start()).toMatchObject({ viewsRebuilt: false, replayedRecords: 0 });
  });
});

it('a checkpoint that ended two starts by a signal is not read a third time', async () => {
  const path = temporaryFolder();
  const { openKeyValue: _memory, ...options } = storeOptions(path);
  const store = await startedStore(options);
  await appendAll(store, numbered(10));
  await store.shutdown();
  for (const [attempt, viewsRebuilt] of [
    [1, false],
    [2, true],
  ] as const) {
    writeOpenMark(new NodeDisk(), join(path, 'abort'), { processId: 1, viewsAttempt: attempt });
    const again = await startedStore(options);
    expect(await again.start()).toMatchObject({ clean: false, viewsRebuilt });
    expect(readOpenMark(new NodeDisk(), join(path, 'abort'))).toMatchObject({ viewsAttempt: undefined });
    expect(await readAll(again)).toEqual(numbered(10));
    await again.shutdown();
  }
});

describe('starting', () => {
  it('is refused while another holds the store, which is not disturbed', async () => {
    const options = storeOptions(temporaryFolder());
    const store = await startedStore(options);
    await expect(new LogStore(options).start()).rejects.toMatchObject({ code: 'KITE_STORE_LOCKED', details: { pid: process.pid } });
    await append(store, message('a'));
    await store.shutdown();
    expect(await readAll(await startedStore(options))).toEqual(['a']);
  });

  it('says what is wrong with the folder, and can be tried again afterwards', async () => {
    const path = join(temporaryFolder(), 'store');
    writeFileSync(path, 'a file');
    await expect(new LogStore(storeOptions(path)).start()).rejects.toMatchObject({ code: 'KITE_STORE_UNREADABLE' });
    rmSync(path);
    mkdirSync(join(path, 'commitlog'), { recursive: true });
    expect(await (await startedStore(storeOptions(path))).start()).toMatchObject({ clean: true, maxPosition: 0 });
  });

  it('needs options that make sense', () => {
    for (const wrong of [{ segmentBytes: 0 }, { segmentBytes: 2 ** 31 }, { maxMessageBytes: 0.5 }, { slabBytes: -1 }, { checkpointIntervalMs: Number.NaN }]) {
      expect(() => openStore(storeOptions('/nowhere', wrong))).toThrowError(expect.objectContaining({ code: 'KITE_STORE_OPTIONS' }));
    }
  });

  it('needs an address that records can hold', async () => {
    await expect(new LogStore(storeOptions(temporaryFolder(), { storeHost: { address: 'a host name', port: 1 } })).start()).rejects.toMatchObject({ code: 'KITE_STORE_UNREADABLE' });
  });

  it('marks the store as open, an orderly stop unmarks it, and both are idempotent', async () => {
    const path = temporaryFolder();
    const store = await startedStore(storeOptions(path));
    expect(store.start()).toBe(store.start());
    expect(existsSync(join(path, 'abort'))).toBe(true);
    await Promise.all([store.shutdown(), store.shutdown()]);
    expect(existsSync(join(path, 'abort'))).toBe(false);
    await store.shutdown();
  });

  it('tells the operator what was moved aside', async () => {
    const path = temporaryFolder();
    const store = await startedStore(storeOptions(path));
    await appendAll(store, ['a', 'b']);
    const end = store.maxPosition;
    await store.shutdown();
    const file = join(path, 'commitlog', '00000000000000000000');
    const log = readFileSync(file);
    log.fill('broken', end, end + 60);
    writeFileSync(file, log);
    const logger = new RecordingLogger();
    const again = await startedStore(storeOptions(path, { runtime: { ...nodeRuntime(), logger } }));
    const { quarantined } = await again.start();
    expect(quarantined).toMatchObject([{ bytes: 60 }]);
    expect(readFileSync(quarantined[0]?.path ?? '').toString()).toBe('broken'.repeat(10));
    expect(logger.lines.some(({ level, message: text }) => level === 'error' && text.includes('could not be kept'))).toBe(true);
    expect(await readAll(again)).toEqual(['a', 'b']);
  });
});

it('a store that is not open answers, and does not crash', async () => {
  const store = new LogStore(storeOptions(temporaryFolder()));
  expect(store.append(message('a'), new Waiter())).toBe(AppendStatus.unavailable);
  expect(store.maxOffset('TopicTest', 0)).toBe(0);
  expect([...store.queues()]).toEqual([]);
  expect(() => store.read({ topic: 'A', queueId: 0, offset: 0, maxMessages: 1, maxBytes: 1, matchesTags: undefined, matchesRecord: undefined }, { readDone: () => undefined })).toThrowError(
    expect.objectContaining({ code: 'KITE_STORE_UNAVAILABLE' }),
  );
  await expect(store.recordAt(0)).rejects.toMatchObject({ code: 'KITE_STORE_UNAVAILABLE' });
  await store.shutdown();
});

it('a stop waits for everything that was accepted', async () => {
  const options = storeOptions(temporaryFolder());
  const store = await startedStore(options);
  const waiters = numbered(200).map((text) => {
    const waiter = new Waiter();
    store.append(message(text), waiter);
    return waiter;
  });
  store.consumerOffsets.commit('g', 'A', 0, 3);
  await store.shutdown();
  expect(waiters.every(({ outcome }) => outcome === 0)).toBe(true);
  const again = await startedStore(options);
  expect(await readAll(again)).toEqual(numbered(200));
  expect(again.consumerOffsets.get('g', 'A', 0)).toBe(3);
});

it('records are on disk as they are read: Apache\'s layout, IPv6 hosts and long topics included', async () => {
  const path = temporaryFolder();
  const topic = `%RETRY%${'g'.repeat(200)}`;
  const store = await startedStore(storeOptions(path, { storeHost: { address: '2001:db8::1', port: storeHost.port } }));
  const properties = Buffer.from('KEYS\u0001k\u0002');
  const waiter = await append(store, message('body', { topic, flag: 7, reconsumeTimes: 2, preparedTransactionOffset: 99, properties, bornHost: Buffer.alloc(20, 1) }));
  const [record] = (await read(store, { topic })).records;
  const file = readFileSync(join(path, 'commitlog', '00000000000000000000'));
  expect(file.subarray(0, record?.length).equals(record as Uint8Array)).toBe(true);
  const view = new RecordView();
  view.moveTo(file, 0);
  expect(view).toMatchObject({ topic, flag: 7, queueId: 0, queueOffset: 0, physicalOffset: 0, reconsumeTimes: 2, preparedTransactionOffset: 99, sysFlag: 0x30, storeTimestamp: waiter.storeTimestamp, properties: 'KEYS\u0001k\u0002' });
  expect(file.readUInt32BE(4)).toBe(0xdaa320ab);
  expect(bodies(await read(store, { topic }))).toEqual(['body']);
});
