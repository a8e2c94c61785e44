import { open, type RootDatabase } from 'lmdb';
import { KiteError, type Disk, type KeyValueStore } from '@kitemq/runtime';
import { checkLmdbFile } from './lmdb-file.ts';

/** A checkpoint that is only looked at: all reads see one moment. */
export type RowsSnapshot = Pick<KeyValueStore, 'get' | 'range' | 'sizeSync' | 'close'>;

/** The file of a running store may grow between the look at its meta page and the look at its length. */
const attemptsMax = 3;

/** One moment of an LMDB database that another process may be writing to. While it is open the writer cannot use the pages again that it sees. */
class LmdbSnapshot implements RowsSnapshot {
  readonly #database: RootDatabase<Uint8Array, Uint8Array>;
  readonly #transaction: ReturnType<RootDatabase['useReadTransaction']>;

  constructor(database: RootDatabase<Uint8Array, Uint8Array>) {
    this.#database = database;
    this.#transaction = database.useReadTransaction();
  }

  get(key: Uint8Array): Uint8Array | undefined {
    // The types forget that it takes the options of `get`.
    const { getBinary } = this.#database as unknown as { readonly getBinary: (key: Uint8Array, options: object) => Uint8Array | undefined };
    return getBinary.call(this.#database, key, { transaction: this.#transaction });
  }

  range(start: Uint8Array, end: Uint8Array, visit: (key: Uint8Array, value: Uint8Array) => boolean | void): void {
    for (const { key, value } of this.#database.getRange({ start, end, transaction: this.#transaction })) {
      if (visit(key, value) === false) break;
    }
  }

  sizeSync(): number {
    const stats = this.#database.getStats() as { readonly pageSize?: number; readonly lastPageNumber?: number };
    return ((stats.lastPageNumber ?? 0) + 1) * (stats.pageSize ?? 4096);
  }

  async close(): Promise<void> {
    this.#transaction.done();
    await this.#database.close();
  }
}

/** Opens the checkpoint in `path` for reading; undefined when there is none. @throws KiteError `KITE_VIEWS_UNREADABLE` */
export function openLmdbSnapshot(disk: Disk, path: string): RowsSnapshot | undefined {
  const file = `${path}/data.mdb`;
  if ((disk.statSync(file)?.size ?? 0) === 0) return undefined;
  for (let attempt = 1; ; attempt++) {
    try {
      checkLmdbFile(disk, file);
      return new LmdbSnapshot(open<Uint8Array, Uint8Array>({ path, noSubdir: false, encoding: 'binary', keyEncoding: 'binary', maxDbs: 1, cache: false, useVersions: false, eventTurnBatching: false, readOnly: true }));
    } catch (cause) {
      if (attempt === attemptsMax) throw new KiteError('KITE_VIEWS_UNREADABLE', `The checkpoint in ${path} cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
    }
  }
}
