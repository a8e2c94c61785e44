import { open, type RootDatabase } from 'lmdb';
import { checkKey, KiteError, type Disk, type KeyValueBatch, type KeyValueStore, type OpenKeyValueStore } from '@kitemq/runtime';
import { checkLmdbFile } from './lmdb-file.ts';

/** Address space for the map; the file and the resident memory are only as large as what is in it. LMDB enlarges it when it must. */
const mapBytes = 1 << 30;

/**
 * Each page of the file that was looked at, and those around it, stays in the process's resident memory until the file is closed. So it is closed
 * and opened again after so many bytes of rows; that takes less than a millisecond, and what was read is still in the page cache.
 */
const rowBytesMax: number = 48 * 1024 * 1024;

/** A row that is read brings its page. */
const pageBytes = 4_096;

type Database = RootDatabase<Uint8Array, Uint8Array>;

interface Changes {
  put(key: Uint8Array, value: Uint8Array, isKept: boolean): void;
  remove(key: Uint8Array): void;
}

/** Turns batch calls into LMDB calls; ranges are removed key by key, LMDB has no other way. */
class LmdbBatch implements KeyValueBatch {
  readonly #database: () => Database;
  readonly #changes: Changes;

  constructor(database: () => Database, changes: Changes) {
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
    for (const key of this.#database().getKeys({ start, end })) keys.push(Buffer.from(key));
    for (const key of keys) this.#changes.remove(key);
  }
}

/** Why it failed, undefined when it did not. */
async function failureOf(promise: PromiseLike<unknown>): Promise<Error | undefined> {
  try {
    await promise;
    return undefined;
  } catch (error) {
    const failure = error instanceof Error ? error : new Error(String(error));
    // The reason comes later, as a promise of its own that rejects whether somebody listens or not.
    const { commitError } = failure as { readonly commitError?: PromiseLike<unknown> };
    if (commitError === undefined) return failure;
    return new Error(failure.message, { cause: await Promise.resolve(commitError).catch((reason: unknown) => reason) });
  }
}

/**
 * Closes now, when nothing is written or being flushed. LMDB's own close waits for its last write, though that may have ended long ago, and whoever
 * reads in the meantime gets an exception.
 */
function closeNow(database: Database): void {
  Reflect.set(database, '_endWrites', undefined);
  void database.close();
}

/** A key-value store in LMDB. Commits are atomic; they become durable in order, some time after they are visible, at the latest at `flush`. */
export class LmdbKeyValueStore implements KeyValueStore {
  readonly #open: () => Database;
  readonly #rowBytesMax: number;
  /** Undefined when it could not be opened again. */
  #opened: Database | undefined;
  /** Bytes of rows since it was opened. */
  #rowBytes = 0;
  readonly #async: LmdbBatch;
  readonly #sync: LmdbBatch;
  #closing: Promise<void> | undefined;
  #lastWrite: Promise<unknown> | undefined;
  #running = 0;
  /** Commits that were begun. */
  #commits = 0;

  constructor(openFile: () => Database, bytesMax: number = rowBytesMax) {
    this.#open = openFile;
    this.#rowBytesMax = bytesMax;
    this.#opened = openFile();
    const database = (): Database => this.#database;
    // LMDB's writer thread reads the value where it is until the commit, so it gets a copy, unless nobody fills it again (keys are copied at once).
    this.#async = new LmdbBatch(database, {
      put: (key, value, isKept) => {
        this.#rowBytes += value.length;
        this.#queued(this.#database.put(key, isKept ? value : Buffer.from(value)));
      },
      remove: (key) => this.#queued(this.#database.remove(key)),
    });
    this.#sync = new LmdbBatch(database, {
      put: (key, value) => this.#database.putSync(key, value),
      remove: (key) => void this.#database.removeSync(key),
    });
  }

  get #database(): Database {
    if (this.#opened === undefined) {
      if (this.#closing !== undefined) throw new KiteError('KITE_VIEWS_CLOSED', 'The checkpoint was closed, and is asked for something');
      this.#opened = this.#open();
    }
    return this.#opened;
  }

  /** A write fails with its batch, which says so. LMDB gives many writes the same promise. */
  #queued(written: Promise<unknown>): void {
    if (written === this.#lastWrite) return;
    written.catch(() => undefined);
    this.#lastWrite = written;
  }

  get(key: Uint8Array): Uint8Array | undefined {
    this.#rowBytes += pageBytes;
    return this.#database.getBinary(key);
  }

  range(start: Uint8Array, end: Uint8Array, visit: (key: Uint8Array, value: Uint8Array) => boolean | void): void {
    for (const { key, value } of this.#database.getRange({ start, end, snapshot: false })) {
      this.#rowBytes += value.length;
      if (visit(key, value) === false) break;
    }
  }

  commit(fill: (batch: KeyValueBatch) => void, done: (error: Error | undefined) => void): void {
    let committed: Promise<unknown>;
    this.#lastWrite = undefined;
    this.#commits++;
    try {
      committed = this.#database.batch(() => fill(this.#async));
    } catch (error) {
      queueMicrotask(() => done(error as Error));
      return;
    }
    this.#running++;
    void this.#settle(committed, done);
  }

  async #settle(committed: Promise<unknown>, done: (error: Error | undefined) => void): Promise<void> {
    const error = await failureOf(committed);
    if (error === undefined && this.#rowBytes > this.#rowBytesMax) await this.#letGo();
    this.#running--;
    done(error);
  }

  /** Closes the file and opens it again, unless another commit comes: then the next one does. */
  async #letGo(): Promise<void> {
    const commits = this.#commits;
    const failure = await failureOf(this.#database.flushed);
    if (failure !== undefined || this.#running > 1 || this.#commits !== commits || this.#closing !== undefined || this.#opened === undefined) return;
    closeNow(this.#opened);
    this.#opened = undefined;
    this.#rowBytes = 0;
    try {
      // In the same turn, before anybody else takes the file descriptors.
      this.#opened = this.#open();
    } catch {
      // Whoever needs it next tries again.
    }
  }

  /** @throws KiteError `KITE_VIEWS_BUSY` while a commit is running: LMDB may overtake it */
  commitSync(fill: (batch: KeyValueBatch) => void): void {
    if (this.#running > 0) throw new KiteError('KITE_VIEWS_BUSY', 'A synchronous commit must wait until the running ones have ended');
    this.#database.transactionSync(() => fill(this.#sync));
  }

  flush(done: (error: Error | undefined) => void): void {
    void this.#whenFlushed(done);
  }

  async #whenFlushed(done: (error: Error | undefined) => void): Promise<void> {
    done(await failureOf(this.#database.flushed));
  }

  sizeSync(): number {
    const stats = this.#database.getStats() as { readonly pageSize?: number; readonly lastPageNumber?: number };
    return ((stats.lastPageNumber ?? 0) + 1) * (stats.pageSize ?? 4096);
  }

  close(): Promise<void> {
    this.#closing ??= this.#opened === undefined ? Promise.resolve() : this.#opened.close();
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
export function lmdbKeyValueStores(disk: Disk, rowBytes: number = rowBytesMax): OpenKeyValueStore {
  return (path) => {
    checkRoom(disk, path);
    try {
      checkLmdbFile(disk, `${path}/data.mdb`);
      return new LmdbKeyValueStore(() => open<Uint8Array, Uint8Array>({ path, noSubdir: false, encoding: 'binary', keyEncoding: 'binary', mapSize: mapBytes, maxDbs: 1, cache: false, useVersions: false, eventTurnBatching: false }), rowBytes);
    } catch (error) {
      throw new KiteError('KITE_VIEWS_UNREADABLE', `The checkpoint in ${path} cannot be opened`, { cause: error });
    }
  };
}
