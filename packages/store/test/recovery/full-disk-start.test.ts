import { expect, it } from 'vitest';
import { LogStore } from '../../src/index.ts';
import { FaultyDisk, faultyRuntime } from '../faulty-disk.ts';
import { append, message, readAll, storeOptions, temporaryFolder } from '../support.ts';

it('refuses to make a store where there is no room for it, and makes it when there is', async () => {
  const disk = new FaultyDisk();
  const options = storeOptions(temporaryFolder(), { runtime: faultyRuntime(disk) });
  disk.space = 1000;
  await expect(new LogStore(options).start()).rejects.toMatchObject({ code: 'KITE_STORE_NO_SPACE', retryable: true });
  disk.space = 1024 * 1024 * 1024;
  const store = new LogStore(options);
  await store.start();
  await append(store, message('kept'));
  await store.shutdown();
});

it('opens an existing store on a full disk: reads go on', async () => {
  const disk = new FaultyDisk();
  const options = storeOptions(temporaryFolder(), { runtime: faultyRuntime(disk) });
  const first = new LogStore(options);
  await first.start();
  await append(first, message('kept'));
  await first.shutdown();
  disk.space = 0;
  const second = new LogStore(options);
  await second.start();
  expect(await readAll(second)).toEqual(['kept']);
  await second.shutdown();
});
