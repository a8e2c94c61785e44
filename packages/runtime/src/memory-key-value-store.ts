import { KiteError } from './errors.ts';
import type { KeyValueBatch, KeyValueStore, OpenKeyValueStore } from './key-value.ts';
import { OrderedByteMap } from './ordered-byte-map.ts';

/** The longest key that every implementation takes, as LMDB's. */
export const keyLengthMax = 1978;

/** @throws KiteError `KITE_KEY_LENGTH` when no key-value store takes such a key. */
export const checkKey = (key: Uint8Array): void => {
  if (key.length >= 1 && key.length <= keyLengthMax) return;
  throw new KiteError('KITE_KEY_LENGTH', `a key has 1 to ${keyLengthMax} bytes, this one ${key.length}`);
};

type Change = (map: OrderedByteMap) => void;

/** Collects the changes of one commit. */
class MemoryBatch implements KeyValueBatch {
  readonly changes: Change[] = [];

  put(key: Uint8Array, value: Uint8Array): void {
    checkKey(key);
    const ownKey = new Uint8Array(key);
    const ownValue = new Uint8Array(value);
    this.changes.push((map) => map.put(ownKey, ownValue));
  }

  remove(key: Uint8Array): void {
    checkKey(key);
    const ownKey = new Uint8Array(key);
    this.changes.push((map) => map.remove(ownKey));
  }

  removeRange(start: Uint8Array, end: Uint8Array): void {
    const ownStart = new Uint8Array(start);
    const ownEnd = new Uint8Array(end);
    this.changes.push((map) => map.removeRange(ownStart, ownEnd));
  }
}

/** Runs `fill` and returns what it asked for as one change; nothing is asked for when it throws. */
export const collectBatch = (fill: (batch: KeyValueBatch) => void): Change => {
  const batch = new MemoryBatch();
  fill(batch);
  return (map) => {
    for (const change of batch.changes) change(map);
  };
};

class MemoryKeyValueStore implements KeyValueStore {
  readonly #map: OrderedByteMap;
  #closed = false;

  constructor(map: OrderedByteMap) {
    this.#map = map;
  }

  get(key: Uint8Array): Uint8Array | undefined {
    this.#open();
    return this.#map.get(key);
  }

  range(start: Uint8Array, end: Uint8Array, visit: (key: Uint8Array, value: Uint8Array) => boolean | void): void {
    this.#open();
    this.#map.range(start, end, visit);
  }

  commit(fill: (batch: KeyValueBatch) => void, done: (error: Error | undefined) => void): void {
    this.commitSync(fill);
    queueMicrotask(() => done(undefined));
  }

  commitSync(fill: (batch: KeyValueBatch) => void): void {
    this.#open();
    collectBatch(fill)(this.#map);
  }

  flush(done: (error: Error | undefined) => void): void {
    this.#open();
    queueMicrotask(() => done(undefined));
  }

  sizeSync(): number {
    return this.#map.byteLength;
  }

  close(): Promise<void> {
    this.#closed = true;
    return Promise.resolve();
  }

  #open(): void {
    if (this.#closed) throw new KiteError('KITE_VIEWS_CLOSED', 'the key-value store is closed');
  }
}

/** An empty store in memory, for tests: every commit is visible at once and as durable as the object. */
export const memoryKeyValueStore = (): KeyValueStore => new MemoryKeyValueStore(new OrderedByteMap());

/** Opens stores in memory by path; opening a path again finds what was there. */
export const memoryKeyValueStores = (): OpenKeyValueStore => {
  const maps = new Map<string, OrderedByteMap>();
  return (path) => {
    const map = maps.get(path) ?? new OrderedByteMap();
    maps.set(path, map);
    return new MemoryKeyValueStore(map);
  };
};
