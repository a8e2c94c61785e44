import assert from 'node:assert/strict';
import type { KeyValueBatch, KeyValueStore, OpenKeyValueStore } from '../key-value.ts';
import type { ContractCase } from './contract-case.ts';

/** Opens stores; `path` is an empty or absent directory. */
export interface KeyValueFixture {
  readonly open: OpenKeyValueStore;
  readonly path: string;
}

const bytes = (text: string): Uint8Array => Buffer.from(text, 'latin1');
const text = (value: Uint8Array | undefined): string | undefined => (value === undefined ? undefined : Buffer.from(value).toString('latin1'));

const commit = (store: KeyValueStore, fill: (batch: KeyValueBatch) => void): Promise<void> =>
  new Promise((resolve, reject) => store.commit(fill, (error) => (error === undefined ? resolve() : reject(error))));

const flush = (store: KeyValueStore): Promise<void> =>
  new Promise((resolve, reject) => store.flush((error) => (error === undefined ? resolve() : reject(error))));

const keysIn = (store: KeyValueStore, from: string, to: string): string[] => {
  const keys: string[] = [];
  store.range(bytes(from), bytes(to), (key) => void keys.push(text(key)!));
  return keys;
};

/** What every {@link KeyValueStore} promises. */
export const keyValueContract: readonly ContractCase<KeyValueFixture>[] = [
  {
    name: 'gets what was put, undefined what was not; the last put of a batch holds',
    async run({ open, path }) {
      const store = open(path);
      await commit(store, (batch) => {
        batch.put(bytes('a'), bytes('1'));
        batch.put(bytes('b'), bytes('2'));
        batch.put(bytes('a'), bytes('3'));
        batch.remove(bytes('never'));
      });
      assert.equal(text(store.get(bytes('a'))), '3');
      assert.equal(text(store.get(bytes('b'))), '2');
      assert.equal(store.get(bytes('c')), undefined);
      await store.close();
    },
  },
  {
    name: 'keys and values are copied: the caller may reuse its buffers at once',
    async run({ open, path }) {
      const store = open(path);
      const key = Buffer.from('k0');
      const value = Buffer.from('v0');
      const commits: Promise<void>[] = [];
      for (let index = 0; index < 10; index++) {
        key[1] = 0x30 + index;
        value[1] = 0x30 + index;
        commits.push(
          commit(store, (batch) => {
            batch.put(key, value);
            value.fill(0x78, 0, 1);
          }),
        );
        value.fill(0x76, 0, 1);
      }
      key.fill(0);
      value.fill(0);
      await Promise.all(commits);
      for (let index = 0; index < 10; index++) assert.equal(text(store.get(bytes(`k${index}`))), `v${index}`);
      await store.close();
    },
  },
  {
    name: 'a value that was read does not change later',
    async run({ open, path }) {
      const store = open(path);
      store.commitSync((batch) => batch.put(bytes('a'), bytes('old')));
      const before = store.get(bytes('a'));
      store.commitSync((batch) => batch.put(bytes('a'), bytes('new')));
      for (let index = 0; index < 100; index++) store.get(bytes('b'));
      assert.equal(text(before), 'old');
      await store.close();
    },
  },
  {
    name: 'ranges are ordered by unsigned bytes, without their end, and stop on demand',
    async run({ open, path }) {
      const store = open(path);
      store.commitSync((batch) => {
        for (const key of ['b', 'a', '\xff', 'ab', '\x00', 'a\x00', '\x7f', '\x80']) batch.put(bytes(key), bytes('.'));
      });
      assert.deepEqual(keysIn(store, '\x00', '\xff'), ['\x00', 'a', 'a\x00', 'ab', 'b', '\x7f', '\x80']);
      assert.deepEqual(keysIn(store, 'a', 'b'), ['a', 'a\x00', 'ab']);
      assert.deepEqual(keysIn(store, 'b', 'a'), []);
      let seen = 0;
      store.range(bytes('a'), bytes('z'), () => ++seen < 2);
      assert.equal(seen, 2);
      await store.close();
    },
  },
  {
    name: 'removeRange takes [start, end) and what the batch put before',
    async run({ open, path }) {
      const store = open(path);
      store.commitSync((batch) => {
        for (const key of ['a', 'b', 'c', 'd']) batch.put(bytes(key), bytes('.'));
      });
      store.commitSync((batch) => {
        batch.put(bytes('bb'), bytes('.'));
        batch.removeRange(bytes('b'), bytes('d'));
        batch.put(bytes('c'), bytes('back'));
      });
      assert.deepEqual(keysIn(store, '\x00', '\xff'), ['a', 'c', 'd']);
      await store.close();
    },
  },
  {
    name: 'commits apply in the order of their calls, also when a synchronous one comes between',
    async run({ open, path }) {
      const store = open(path);
      const order: number[] = [];
      const first = commit(store, (batch) => batch.put(bytes('a'), bytes('1'))).then(() => order.push(1));
      const second = commit(store, (batch) => batch.put(bytes('a'), bytes('2'))).then(() => order.push(2));
      store.commitSync((batch) => batch.put(bytes('a'), bytes('3')));
      await Promise.all([first, second]);
      assert.deepEqual(order, [1, 2]);
      assert.equal(text(store.get(bytes('a'))), '3');
      await store.close();
    },
  },
  {
    name: 'a batch whose fill throws leaves nothing',
    async run({ open, path }) {
      const store = open(path);
      assert.throws(() =>
        store.commitSync((batch) => {
          batch.put(bytes('a'), bytes('1'));
          throw new Error('changed my mind');
        }),
      );
      assert.equal(store.get(bytes('a')), undefined);
      await store.close();
    },
  },
  {
    name: 'keys of 1 to 1978 bytes, values of any length; longer keys are refused',
    async run({ open, path }) {
      const store = open(path);
      const key = new Uint8Array(1978).fill(7);
      store.commitSync((batch) => {
        batch.put(key, new Uint8Array(100_000).fill(1));
        batch.put(bytes('e'), new Uint8Array(0));
      });
      assert.equal(store.get(key)?.length, 100_000);
      assert.equal(store.get(bytes('e'))?.length, 0);
      assert.throws(() => store.commitSync((batch) => batch.put(new Uint8Array(1979), bytes('x'))));
      assert.throws(() => store.commitSync((batch) => batch.put(new Uint8Array(0), bytes('x'))));
      await store.close();
    },
  },
  {
    name: 'what was flushed is there after closing and opening again',
    async run({ open, path }) {
      const store = open(path);
      await commit(store, (batch) => batch.put(bytes('a'), bytes('1')));
      await flush(store);
      await store.close();
      const again = open(path);
      assert.equal(text(again.get(bytes('a'))), '1');
      assert.ok(again.sizeSync() > 0);
      await again.close();
    },
  },
];
