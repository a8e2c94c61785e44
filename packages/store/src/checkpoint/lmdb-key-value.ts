import { open, type RootDatabase } from 'lmdb';
import { checkKey, KiteError, type KeyValueBatch, type KeyValueStore } from '@kitemq/runtime';

/** Address space for the map; the file and the resident memory are only as large as what is in it. LMDB enlarges it when it must. */
const mapBytes = 1 << 30;

interface Changes {
  put(key: Uint8Array, value: Uint8Array): void;
  remove(key: Uint8Array): void;
}

/** Turns batch calls into LMDB calls; ranges are removed key by key, LMDB has no other way. */
class LmdbBatch implements KeyValueBatch {
  readonly #database: RootDatabase<Uint8Array, Uint8Array>;
  readonly #changes: Changes;

  constructor(database: RootDatabase<Uint8Array, Uint8Array>, changes: Changes) {
    this.#database = database;
    this.#changes = changes;
  }

  put(key: Uint8Array, value: Uint8Array): void {
    checkKey(key);
    this.#changes.put(key, value);
  }

  remove(key: Uint8Array): void {
    checkKey(key);
    this.#changes.remove(key);
  }

  removeRange(start: Uint8Array, end: Uint8Array): void {
    const keys: Uint8Array[] = [];
    for (const key of this.#database.getKeys({ start, end })) keys.push(Buffer.from(key));
    for (const key of keys) this.#changes.remove(key);
  }
}

/** A key-value store in LMDB. Commits are atomic; they become durable in order, some time after they are visible, at the latest at `flush`. */
export class LmdbKeyValueStore implements KeyValueStore {
  readonly #database: RootDatabase<Uint8Array, Uint8Array>;
  readonly #async: LmdbBatch;
  readonly #sync: LmdbBatch;
  #closing: Promise<void> | undefined;

  constructor(database: RootDatabase<Uint8Array, Uint8Array>) {
    this.#database = database;
    // LMDB's writer thread reads the value where it is until the commit, so it gets a copy nobody fills again (keys are copied at once).
    this.#async = new LmdbBatch(database, {
      put: (key, value) => void database.put(key, Buffer.from(value)),
      remove: (key) => void database.remove(key),
    });
    this.#sync = new LmdbBatch(database, {
      put: (key, value) => database.putSync(key, value),
      remove: (key) => void database.removeSync(key),
    });
  }

  get(key: Uint8Array): Uint8Array | undefined {
    return this.#database.getBinary(key);
  }

  range(start: Uint8Array, end: Uint8Array, visit: (key: Uint8Array, value: Uint8Array) => boolean | void): void {
    for (const { key, value } of this.#database.getRange({ start, end, snapshot: false })) {
      if (visit(key, value) === false) break;
    }
  }

  commit(fill: (batch: KeyValueBatch) => void, done: (error: Error | undefined) => void): void {
    let committed: Promise<unknown>;
    try {
      committed = this.#database.batch(() => fill(this.#async));
    } catch (error) {
      queueMicrotask(() => done(error as Error));
      return;
    }
    committed.then(
      () => done(undefined),
      (error: unknown) => done(error instanceof Error ? error : new Error(String(error))),
    );
  }

  commitSync(fill: (batch: KeyValueBatch) => void): void {
    this.#database.transactionSync(() => fill(this.#sync));
  }

  flush(done: (error: Error | undefined) => void): void {
    this.#database.flushed.then(
      () => done(undefined),
      (error: unknown) => done(error instanceof Error ? error : new Error(String(error))),
    );
  }

  sizeSync(): number {
    const stats = this.#database.getStats() as { readonly pageSize?: number; readonly lastPageNumber?: number };
    return ((stats.lastPageNumber ?? 0) + 1) * (stats.pageSize ?? 4096);
  }

  close(): Promise<void> {
    this.#closing ??= this.#database.close();
    return this.#closing;
  }
}

/** Opens LMDB in the directory `path`. @throws KiteError `KITE_VIEWS_UNREADABLE` */
export function openLmdbKeyValueStore(path: string): KeyValueStore {
  try {
    return new LmdbKeyValueStore(
      open<Uint8Array, Uint8Array>({ path, noSubdir: false, encoding: 'binary', keyEncoding: 'binary', mapSize: mapBytes, maxDbs: 1, cache: false, useVersions: false }),
    );
  } catch (error) {
    throw new KiteError('KITE_VIEWS_UNREADABLE', `The checkpoint in ${path} cannot be opened`, { cause: error });
  }
}
