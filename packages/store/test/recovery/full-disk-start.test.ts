import { rmSync } from 'node:fs';
import { join } from 'node:path';
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

it('does not let LMDB make new files where there is no room for them: that ends the process by a signal', async () => {
  const disk = new FaultyDisk();
  const { openKeyValue: _memory, ...options } = storeOptions(temporaryFolder(), { runtime: faultyRuntime(disk) });
  const first = new LogStore(options);
  await first.start();
  await append(first, message('kept'));
  await first.shutdown();
  for (const lost of ['views', 'views/lock.mdb']) {
    rmSync(join(options.path, lost), { recursive: true });
    disk.space = 10_000;
    await expect(new LogStore(options).start()).rejects.toMatchObject({ code: 'KITE_STORE_NO_SPACE' });
    disk.space = 1024 * 1024;
    const again = new LogStore(options);
    await again.start();
    expect(await readAll(again)).toEqual(['kept']);
    await again.shutdown();
  }
  // With its files there it needs none.
  disk.space = 0;
  const full = new LogStore(options);
  await full.start();
  expect(await readAll(full)).toEqual(['kept']);
  await full.shutdown();
});
