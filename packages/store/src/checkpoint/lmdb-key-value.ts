import { open, type RootDatabase } from 'lmdb';
import { checkKey, KiteError, type Disk, type KeyValueBatch, type KeyValueStore, type OpenKeyValueStore } from '@kitemq/runtime';
import { checkLmdbFile } from './lmdb-file.ts';

/** Address space for the map; the file and the resident memory are only as large as what is in it. LMDB enlarges it when it must. */
const mapBytes = 1 << 30;

interface Changes {
  put(key: Uint8Array, value: Uint8Array, isKept: boolean): void;
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

  put(key: Uint8Array, value: Uint8Array, isKept = false): void {
    checkKey(key);
    this.#changes.put(key, value, isKept);
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

async function settle(promise: PromiseLike<unknown>, done: (error: Error | undefined) => void): Promise<void> {
  let failure: Error | undefined;
  try {
    await promise;
  } catch (error) {
    failure = error instanceof Error ? error : new Error(String(error));
    // The reason comes later, as a promise of its own that rejects whether somebody listens or not.
    const { commitError } = failure as { readonly commitError?: PromiseLike<unknown> };
    if (commitError !== undefined) failure = new Error(failure.message, { cause: await Promise.resolve(commitError).catch((reason: unknown) => reason) });
  }
  done(failure);
}

/** A key-value store in LMDB. Commits are atomic; they become durable in order, some time after they are visible, at the latest at `flush`. */
export class LmdbKeyValueStore implements KeyValueStore {
  readonly #database: RootDatabase<Uint8Array, Uint8Array>;
  readonly #async: LmdbBatch;
  readonly #sync: LmdbBatch;
  #closing: Promise<void> | undefined;
  #lastWrite: Promise<unknown> | undefined;
  #running = 0;

  constructor(database: RootDatabase<Uint8Array, Uint8Array>) {
    this.#database = database;
    // LMDB's writer thread reads the value where it is until the commit, so it gets a copy, unless nobody fills it again (keys are copied at once).
    this.#async = new LmdbBatch(database, {
      put: (key, value, isKept) => this.#queued(database.put(key, isKept ? value : Buffer.from(value))),
      remove: (key) => this.#queued(database.remove(key)),
    });
    this.#sync = new LmdbBatch(database, {
      put: (key, value) => database.putSync(key, value),
      remove: (key) => void database.removeSync(key),
    });
  }

  /** A write fails with its batch, which says so. LMDB gives many writes the same promise. */
  #queued(written: Promise<unknown>): void {
    if (written === this.#lastWrite) return;
    written.catch(() => undefined);
    this.#lastWrite = written;
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
    this.#lastWrite = undefined;
    try {
      committed = this.#database.batch(() => fill(this.#async));
    } catch (error) {
      queueMicrotask(() => done(error as Error));
      return;
    }
    this.#running++;
    void settle(committed, (error) => {
      this.#running--;
      done(error);
    });
  }

  /** @throws KiteError `KITE_VIEWS_BUSY` while a commit is running: LMDB may overtake it */
  commitSync(fill: (batch: KeyValueBatch) => void): void {
    if (this.#running > 0) throw new KiteError('KITE_VIEWS_BUSY', 'A synchronous commit must wait until the running ones have ended');
    this.#database.transactionSync(() => fill(this.#sync));
  }

  flush(done: (error: Error | undefined) => void): void {
    void settle(this.#database.flushed, done);
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

/** What a new database needs on the disk: its reader table and its first pages. */
const newFilesBytesMin = 64 * 1024;

/** LMDB maps the files it makes; where the disk has no room for them the process ends by a signal (seen on a full tmpfs). */
function checkRoom(disk: Disk, path: string): void {
  const folder = disk.statSync(path);
  if (folder?.isDirectory === false) return;
  if (folder !== undefined && disk.statSync(`${path}/data.mdb`) !== undefined && disk.statSync(`${path}/lock.mdb`) !== undefined) return;
  const { freeBytes } = disk.spaceSync(path);
  if (freeBytes < newFilesBytesMin) throw Object.assign(new Error(`only ${freeBytes} bytes are free`), { code: 'ENOSPC', path });
}

/** Opens LMDB databases; each path is a directory. A file that would crash LMDB is refused with `KITE_VIEWS_UNREADABLE`, a disk without room for a new one with `ENOSPC`. */
export function lmdbKeyValueStores(disk: Disk): OpenKeyValueStore {
  return (path) => {
    checkRoom(disk, path);
    try {
      checkLmdbFile(disk, `${path}/data.mdb`);
      return new LmdbKeyValueStore(open<Uint8Array, Uint8Array>({ path, noSubdir: false, encoding: 'binary', keyEncoding: 'binary', mapSize: mapBytes, maxDbs: 1, cache: false, useVersions: false, eventTurnBatching: false }));
    } catch (error) {
      throw new KiteError('KITE_VIEWS_UNREADABLE', `The checkpoint in ${path} cannot be opened`, { cause: error });
    }
  };
}
