import { MessageSysFlag } from '@kitemq/protocol';
import { memoryKeyValueStores } from '@kitemq/runtime';
import { expect, it } from 'vitest';
import { AppendStatus } from '../../src/index.ts';
import { FaultyDisk, faultyRuntime } from '../faulty-disk.ts';
import { append, appendLater, bodies, message, read, startedStore, storeOptions, temporaryFolder, Waiter } from '../support.ts';

const innerBatch = (body: string, count: number) =>
  message(body, { sysFlag: MessageSysFlag.innerBatch | MessageSysFlag.needUnwrap, properties: Buffer.from(`INNER_NUM\u0001${count}\u0002`), count });

it('an inner batch takes its offsets, and does so again when the views are made from the log', async () => {
  const path = temporaryFolder();
  const store = await startedStore(storeOptions(path));
  expect((await append(store, message('a'))).queueOffset).toBe(0);
  expect((await append(store, innerBatch('bcd', 3))).queueOffset).toBe(1);
  expect((await append(store, message('e'))).queueOffset).toBe(4);
  const check = async (of: typeof store): Promise<void> => {
    expect(of.maxOffset('TopicTest', 0)).toBe(5);
    expect(bodies(await read(of, { offset: 2 }))).toEqual(['bcd', 'e']);
  };
  await check(store);
  await store.shutdown();
  const again = await startedStore(storeOptions(path, { openKeyValue: memoryKeyValueStores() }));
  await check(again);
  expect((await append(again, message('f'))).queueOffset).toBe(5);
});

it('counts its messages among those that a read may give', async () => {
  const store = await startedStore(storeOptions(temporaryFolder()));
  for (const body of ['a', 'b', 'c']) await append(store, innerBatch(body, 4));
  const first = await read(store, { maxMessages: 5 });
  expect([bodies(first), first.nextBeginOffset]).toEqual([['a', 'b'], 8]);
});

it('one that a full disk did not take gives its offsets back', async () => {
  const disk = new FaultyDisk();
  const store = await startedStore(storeOptions(temporaryFolder(), { runtime: faultyRuntime(disk) }));
  await append(store, message('a'));
  disk.writeError = 'ENOSPC';
  const waiter = appendLater(store, innerBatch('lost', 3));
  await waiter.done;
  expect(store.maxOffset('TopicTest', 0, false)).toBe(1);
});

it('the bit alone, without saying how many, is refused', async () => {
  const store = await startedStore(storeOptions(temporaryFolder()));
  expect(store.append(message('x', { sysFlag: MessageSysFlag.innerBatch }), new Waiter())).toBe(AppendStatus.messageIllegal);
});
