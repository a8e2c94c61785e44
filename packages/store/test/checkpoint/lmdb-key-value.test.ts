import { writeFileSync, readFileSync, truncateSync } from 'node:fs';
import { open } from 'lmdb';
import { KiteError, NodeDisk, type KeyValueBatch, type KeyValueStore } from '@kitemq/runtime';
import { keyValueContract } from '@kitemq/runtime/testing';
import { describe, expect, it } from 'vitest';
import { lmdbKeyValueStores } from '../../src/checkpoint/lmdb-key-value.ts';
import { temporaryFolder } from '../support.ts';

const openLmdb = lmdbKeyValueStores(new NodeDisk());

const commit = (store: KeyValueStore, fill: (batch: KeyValueBatch) => void): Promise<Error | undefined> => new Promise((resolve) => store.commit(fill, resolve));

/** How much of a mapped file is in this process's resident memory. */
function mappedKiB(path: string): number {
  if (process.platform !== 'linux') return 0;
  const lines = readFileSync('/proc/self/smaps', 'utf8').split('\n');
  let isFile = false;
  let sum = 0;
  for (const line of lines) {
    if (/^[0-9a-f]+-[0-9a-f]+ /.test(line)) isFile = line.endsWith(path);
    else if (isFile && line.startsWith('Rss:')) sum += Number(line.replaceAll(/\D/g, ''));
  }
  return sum;
}

describe('LMDB as a key-value store', () => {
  for (const { name, run } of keyValueContract) {
    // LMDB cannot promise this order, so it refuses: see the next test.
    if (name.includes('synchronous one comes between')) continue;
    it(name, async () => {
      await run({ open: openLmdb, path: `${temporaryFolder()}/views` });
    });
  }

  it('refuses a synchronous commit while another one is running', async () => {
    const store = openLmdb(temporaryFolder());
    const running = commit(store, (batch) => batch.put(Buffer.of(1), Buffer.of(1)));
    expect(() => store.commitSync((batch) => batch.put(Buffer.of(1), Buffer.of(2)))).toThrow(KiteError);
    expect(await running).toBeUndefined();
    store.commitSync((batch) => batch.put(Buffer.of(1), Buffer.of(2)));
    expect(store.get(Buffer.of(1))?.[0]).toBe(2);
    await store.close();
  });

  it('stores a thousand values that were filled into one buffer', async () => {
    const store = openLmdb(temporaryFolder());
    const key = Buffer.alloc(4);
    const value = Buffer.alloc(4000);
    await commit(store, (batch) => {
      for (let index = 0; index < 1000; index++) {
        key.writeUInt32BE(index);
        value.fill(index & 0xff);
        batch.put(key, value);
      }
    });
    for (let index = 0; index < 1000; index++) {
      key.writeUInt32BE(index);
      const found = store.get(key);
      expect(found?.[0]).toBe(index & 0xff);
      expect(found?.[3999]).toBe(index & 0xff);
    }
    await store.close();
  });

  it('closes and opens the file again and again under load, and nobody notices', async () => {
    const path = temporaryFolder();
    // After each 100 kB of rows.
    const store = lmdbKeyValueStores(new NodeDisk(), 100_000)(path);
    const residentKiB = (): number => mappedKiB(`${path}/data.mdb`);
    let most = 0;
    for (let round = 0; round < 300; round++) {
      const committed = [round, round + 1_000].map((number) =>
        commit(store, (batch) => {
          for (let row = 0; row < 10; row++) batch.put(Buffer.of(1, number >> 8, number & 0xff, row), Buffer.alloc(4000, number));
        }),
      );
      // Reads between a commit and its end, in every turn.
      const reading = (async () => {
        for (let read = 0; read < 5; read++) {
          await Promise.resolve();
          if (round > 0) expect(store.get(Buffer.of(1, (round - 1) >> 8, (round - 1) & 0xff, read))?.[3999]).toBe((round - 1) & 0xff);
        }
      })();
      if (round % 2 === 0) await Promise.all(committed.slice(0, 1));
      expect(await Promise.all(committed)).toEqual([undefined, undefined]);
      await reading;
      store.commitSync((batch) => batch.put(Buffer.of(2), Buffer.of(round & 0xff)));
      expect(store.get(Buffer.of(2))?.[0]).toBe(round & 0xff);
      most = Math.max(most, residentKiB());
    }
    expect(await new Promise((resolve) => store.flush(resolve))).toBeUndefined();
    let rows = 0;
    store.range(Buffer.of(1), Buffer.of(2), (key, value) => {
      rows++;
      expect(value[0]).toBe((key[1]! * 256 + key[2]!) & 0xff);
    });
    expect(rows).toBe(6_000);
    expect(store.sizeSync()).toBeGreaterThan(6_000 * 4_000);
    // The file has 24 MB.
    if (process.platform === 'linux') expect(most).toBeLessThan(8 * 1024);
    await store.close();
  });

  it('needs that copy: LMDB itself reads a value when it commits, not when it is put', async () => {
    const database = open<Uint8Array, Uint8Array>({ path: temporaryFolder(), noSubdir: false, encoding: 'binary', keyEncoding: 'binary' });
    const value = Buffer.alloc(4000);
    let last: Promise<boolean> | undefined;
    for (let index = 0; index < 100; index++) {
      value.fill(index);
      last = database.put(Buffer.of(1, index), value);
    }
    await last;
    let wrong = 0;
    for (let index = 0; index < 100; index++) if (database.getBinary(Buffer.of(1, index))?.[0] !== index) wrong++;
    await database.close();
    expect(wrong).toBeGreaterThan(0);
  });
});

describe('a damaged LMDB file', () => {
  const damage: Readonly<Record<string, (path: string) => void>> = {
    garbage: (path) => writeFileSync(path, Buffer.alloc(readFileSync(path).length, 0xab)),
    zeros: (path) => writeFileSync(path, Buffer.alloc(readFileSync(path).length)),
    'cut in half': (path) => truncateSync(path, Math.floor(readFileSync(path).length / 2)),
    'cut in its second meta page': (path) => truncateSync(path, 4100),
  };
  for (const [name, apply] of Object.entries(damage)) {
    it(`(${name}) is refused instead of ending the process`, async () => {
      const path = temporaryFolder();
      const store = openLmdb(path);
      store.commitSync((batch) => {
        for (let index = 0; index < 200; index++) batch.put(Buffer.of(1, index), Buffer.alloc(4000));
      });
      await store.close();
      apply(`${path}/data.mdb`);
      expect(() => openLmdb(path)).toThrow(KiteError);
    });
  }
});
