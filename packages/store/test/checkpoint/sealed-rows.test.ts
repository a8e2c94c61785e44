import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { memoryKeyValueStores, type KeyValueBatch, type KeyValueStore, silentLogger } from '@kitemq/runtime';
import { describe, expect, it, onTestFinished } from 'vitest';
import { SealedRows } from '../../src/checkpoint/sealed-rows.ts';
import { LogStore, ReadStatus } from '../../src/index.ts';
import { storePaths } from '../../src/recovery/start-up.ts';
import { verifyStore } from '../../src/tools.ts';
import { appendAll, bodies, numbered, read, readAll, storeOptions, temporaryFolder, testRuntime } from '../support.ts';

const bytes = (text: string): Buffer => Buffer.from(text);

function found(rows: KeyValueStore): string[] {
  const all: string[] = [];
  rows.range(Buffer.of(0), Buffer.of(255), (key, value) => void all.push(`${Buffer.from(key).toString()}=${Buffer.from(value).toString()}`));
  return all;
}

describe('sealed rows', () => {
  const setUp = (): { raw: KeyValueStore; rows: SealedRows; spoil: (change: (batch: KeyValueBatch) => void) => void } => {
    const raw = memoryKeyValueStores()('/rows');
    const rows = new SealedRows(raw, silentLogger);
    rows.commitSync((batch) => ['a', 'b', 'c'].forEach((name) => batch.put(bytes(name), bytes(`value of ${name}`))));
    return { raw, rows, spoil: (change) => raw.commitSync(change) };
  };
  const sealedValue = (raw: KeyValueStore, key: string): Buffer => Buffer.from(raw.get(bytes(key)) as Uint8Array);

  it('are what was put', () => {
    const { rows } = setUp();
    expect(found(rows)).toEqual(['a=value of a', 'b=value of b', 'c=value of c']);
    expect(Buffer.from(rows.get(bytes('b')) as Uint8Array).toString()).toBe('value of b');
    expect(rows.get(bytes('d'))).toBeUndefined();
    expect(rows.isDamaged).toBe(false);
  });

  it('count as absent with any other byte, with the value of another row, or cut short', () => {
    const { raw } = setUp();
    const whole = sealedValue(raw, 'b');
    const damages = [
      ...Array.from(whole, (byte, index) => Buffer.concat([whole.subarray(0, index), Buffer.of(byte ^ 0x10), whole.subarray(index + 1)])),
      ...Array.from(whole, (_, length) => whole.subarray(0, length)),
      sealedValue(raw, 'a'),
      Buffer.alloc(whole.length),
    ];
    for (const damage of damages) {
      const { rows, spoil } = setUp();
      spoil((batch) => batch.put(bytes('b'), damage));
      expect(found(rows)).toEqual(['a=value of a', 'c=value of c']);
      expect(rows.get(bytes('b'))).toBeUndefined();
      expect(rows.isDamaged).toBe(true);
    }
  });

  it('remember that there was damage: with the next commit, or when they are closed', async () => {
    for (const end of ['commit', 'close'] as const) {
      const { raw, rows, spoil } = setUp();
      spoil((batch) => batch.put(bytes('b'), bytes('rotten')));
      expect(rows.get(bytes('b'))).toBeUndefined();
      const later = (): SealedRows => new SealedRows(raw, silentLogger);
      expect(later().isDamaged).toBe(false);
      raw.close = () => Promise.resolve();
      if (end === 'close') await rows.close();
      else await new Promise<void>((resolve) => rows.commit((batch) => batch.put(bytes('b'), bytes('new')), () => resolve()));
      expect(later().isDamaged).toBe(true);
    }
  });
});

it('a store whose checkpoint rots reads nothing from it, skips nothing, and has everything after the next start', async () => {
  const path = temporaryFolder();
  const { openKeyValue: _, ...options } = storeOptions(path);
  const store = new LogStore(options);
  await store.start();
  const stored = await appendAll(store, numbered(600));
  await store.shutdown();

  // One bit of where the message at offset 300 is.
  const file = join(storePaths(path).views, 'data.mdb');
  const content = readFileSync(file);
  const entry = Buffer.alloc(8);
  entry.writeBigInt64BE(BigInt(stored[300]?.physicalOffset ?? 0));
  let count = 0;
  for (let at = content.indexOf(entry); at >= 0; at = content.indexOf(entry, at + 1), count++) content[at + 7] = content.readUInt8(at + 7) ^ 1;
  expect(count).toBeGreaterThan(0);
  writeFileSync(file, content);

  const report = await verifyStore({ runtime: testRuntime(), path });
  expect(report.problems.map(({ kind }) => kind)).toContain('checkpoint');

  const rotten = new LogStore(options);
  expect(await rotten.start()).toMatchObject({ viewsRebuilt: false });
  expect(bodies(await read(rotten, { offset: 0, maxMessages: 1 }))).toEqual(['m0']);
  expect(await read(rotten, { offset: 300 })).toMatchObject({ status: ReadStatus.offsetFoundNull, nextBeginOffset: 300 });
  await rotten.shutdown();

  const again = new LogStore(options);
  onTestFinished(() => again.shutdown());
  expect(await again.start()).toMatchObject({ viewsRebuilt: true });
  expect(await readAll(again)).toEqual(numbered(600));
});
