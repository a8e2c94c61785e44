import { expect, it } from 'vitest';
import { LogStore } from '../../src/index.ts';
import { FaultyDisk, faultyRuntime } from '../faulty-disk.ts';
import { fastRuntime } from '../fast-disk.ts';
import { appendAll, numbered, readAll, storeOptions, temporaryFolder } from '../support.ts';
import { CopyableRows, LogCopy, openCopy } from './log-copy.ts';

const first = '00000000000000000000';

/** A log that lost messages 5 to 8 in a power cut, but not the record behind them that says that the group consumed up to 9. */
async function lostMessages(): Promise<LogCopy> {
  const path = temporaryFolder();
  const store = new LogStore(storeOptions(path, { runtime: fastRuntime() }));
  await store.start();
  const waiters = await appendAll(store, numbered(9));
  const end = store.maxPosition;
  store.consumerOffsets.commit('readers', 'TopicTest', 0, 9);
  await store.consumerOffsets.flush();
  const copy = LogCopy.take(path, new CopyableRows());
  await store.shutdown();
  const log = Buffer.from(copy.files.get(first) as Buffer);
  return copy.with({ [first]: log.fill(0, waiters[5]?.physicalOffset, end) });
}

it('an offset beyond the end of its queue is set to the end, also for the next start (simulator, seed 9730)', async () => {
  const { store, options } = await openCopy(await lostMessages(), temporaryFolder());
  expect(store.maxOffset('TopicTest', 0)).toBe(5);
  expect(store.consumerOffsets.get('readers', 'TopicTest', 0)).toBe(5);
  // The queue grows beyond the old offset, then the process is killed.
  await appendAll(store, numbered(10, 'new'));
  const killed = LogCopy.take(options.path, new CopyableRows());
  await store.shutdown();
  const again = await openCopy(killed, temporaryFolder());
  expect((await readAll(again.store)).slice(5)).toEqual(numbered(10, 'new'));
  expect(again.store.consumerOffsets.get('readers', 'TopicTest', 0)).toBe(5);
  await again.store.shutdown();
});

it('a start that cannot make the offset durable fails, and gives everything back', async () => {
  const disk = new FaultyDisk();
  const path = temporaryFolder();
  (await lostMessages()).write(path);
  const options = storeOptions(path, { runtime: faultyRuntime(disk) });
  disk.syncError = 'EIO';
  await expect(new LogStore(options).start()).rejects.toMatchObject({ code: 'KITE_STORE_FLUSH_FAILED' });
  disk.syncError = undefined;
  const store = new LogStore(options);
  await store.start();
  expect(store.consumerOffsets.get('readers', 'TopicTest', 0)).toBe(5);
  await store.shutdown();
});
