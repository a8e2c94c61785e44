import { describe, expect, test } from 'vitest';
import type { KeyValueStore } from '@kitemq/runtime';
import { Simulation } from '@kitemq/simulator';
import { bytes } from '../helpers.ts';

const put = (store: KeyValueStore, key: string): Promise<void> =>
  new Promise((resolve, reject) =>
    store.commit(
      (batch) => {
        batch.put(bytes(key), bytes('v'));
        batch.put(bytes(`${key}'`), bytes('v'));
      },
      (error) => (error === undefined ? resolve() : reject(error)),
    ),
  );

const flush = (store: KeyValueStore): Promise<void> =>
  new Promise((resolve, reject) => store.flush((error) => (error === undefined ? resolve() : reject(error))));

const keys = (store: KeyValueStore): string => {
  const found: string[] = [];
  store.range(bytes('\0'), bytes('\xff'), (key) => void found.push(Buffer.from(key).toString('latin1')));
  return found.join('');
};

describe('key-value stores in a crash', () => {
  test('kill: what was called back is there, whole commits only', async () => {
    const seen = new Set<string>();
    for (let seed = 1; seed <= 60; seed++) {
      const simulation = new Simulation({ seed });
      const machine = simulation.process('machine');
      await simulation.run(async () => {
        const store = machine.openKeyValueStore('/views');
        const awaited = 1 + simulation.random.below(4);
        for (const [index, key] of ['a', 'b', 'c', 'd'].entries()) {
          const done = put(store, key);
          if (index < awaited) await done;
        }
        machine.kill();
        machine.restart();
        const left = keys(machine.openKeyValueStore('/views'));
        expect("aa'bb'cc'dd'".startsWith(left)).toBe(true);
        expect(left.length).toBeGreaterThanOrEqual(3 * awaited);
        expect(left.length % 3).toBe(0);
        seen.add(left);
      });
    }
    expect(seen.size).toBe(4);
  });

  test('power cut: a prefix of the commits, never older than the last flush', async () => {
    const seen = new Set<string>();
    for (let seed = 1; seed <= 100; seed++) {
      const simulation = new Simulation({ seed });
      const machine = simulation.process('machine');
      await simulation.run(async () => {
        const store = machine.openKeyValueStore('/views');
        machine.runtime.disk.syncDirectorySync('/');
        await put(store, 'a');
        await flush(store);
        for (const key of ['b', 'c', 'd']) await put(store, key);
        machine.powerCut();
        machine.restart();
        seen.add(keys(machine.openKeyValueStore('/views')));
      });
    }
    expect(seen).toEqual(new Set(["aa'", "aa'bb'", "aa'bb'cc'", "aa'bb'cc'dd'"]));
  });

  test('unreadable until its directory is removed', () => {
    const machine = new Simulation({ seed: 1 }).process('machine');
    const store = machine.openKeyValueStore('/views');
    store.commitSync((batch) => batch.put(bytes('a'), bytes('v')));
    machine.disk.keyValue('/views').unreadable = true;
    machine.kill();
    const { disk } = machine.restart();
    expect(() => machine.openKeyValueStore('/views')).toThrow('cannot be read');
    disk.removeSync('/views');
    expect(keys(machine.openKeyValueStore('/views'))).toBe('');
  });
});

test('commits fail on a full or failing disk without effect, and work again later', async () => {
  const simulation = new Simulation({ seed: 7 });
  const machine = simulation.process('machine');
  await simulation.run(async () => {
    machine.runtime.disk.makeDirectorySync('/data');
    const store = machine.openKeyValueStore('/data/views');
    machine.disk.totalBytes = machine.disk.usedBytes;
    await expect(put(store, 'a')).rejects.toMatchObject({ code: 'ENOSPC' });
    expect(() => store.commitSync((batch) => batch.put(bytes('b'), bytes('v')))).toThrow(/ENOSPC/);
    machine.disk.totalBytes = 2 ** 40;
    machine.disk.faults.failCommitProbability = 1;
    await expect(put(store, 'c')).rejects.toMatchObject({ code: 'EIO' });
    machine.disk.faults.failCommitProbability = 0;
    await put(store, 'd');
    expect(keys(store)).toBe("dd'");
  });
});
