import { KiteError, type Disk, type KeyValueStore, type Logger, type OpenKeyValueStore } from '@kitemq/runtime';
import { SealedRows } from '../checkpoint/sealed-rows.ts';

const lowest: Uint8Array = Buffer.of(0);
const highest: Uint8Array = Buffer.of(0xff);

/** Larger checkpoints are removed with their files: row by row would take seconds. */
const rowsBytesMax = 16 * 1024 * 1024;

export interface CheckpointRowsParts {
  readonly disk: Disk;
  readonly logger: Logger;
  /** Where a damaged checkpoint is moved to; the one before it is removed. */
  readonly asideDirectory: string;
  /** Why what is there must not be opened; undefined when it may. */
  readonly whyNot?: string | undefined;
}

/** The checkpoint's rows. Those that cannot be used are moved aside: everything in them is in the log. */
export class CheckpointRows {
  readonly #open: OpenKeyValueStore;
  readonly #path: string;
  readonly #parts: CheckpointRowsParts;
  #opened: KeyValueStore;
  #rows: SealedRows;

  /** @throws what `open` throws when even a new one cannot be made */
  constructor(open: OpenKeyValueStore, path: string, parts: CheckpointRowsParts) {
    this.#open = open;
    this.#path = path;
    this.#parts = parts;
    if (parts.whyNot !== undefined) this.#moveAside(parts.whyNot);
    try {
      this.#opened = open(path);
    } catch (error) {
      if (!KiteError.is(error, 'KITE_VIEWS_UNREADABLE')) throw error;
      this.#moveAside(error);
      this.#opened = open(path);
    }
    this.#rows = new SealedRows(this.#opened, parts.logger);
  }

  get rows(): SealedRows {
    return this.#rows;
  }

  /** Removes all rows, with the files if need be. */
  async clear(): Promise<void> {
    try {
      if (this.#opened.sizeSync() > rowsBytesMax) await this.#removeFiles();
      this.#opened.commitSync((batch) => batch.removeRange(lowest, highest));
    } catch {
      await this.#removeFiles();
    }
    this.#rows = new SealedRows(this.#opened, this.#parts.logger);
  }

  async #removeFiles(): Promise<void> {
    await this.#opened.close().catch(() => undefined);
    this.#parts.disk.removeSync(this.#path);
    this.#opened = this.#open(this.#path);
  }

  #moveAside(reason: unknown): void {
    const { disk, logger, asideDirectory } = this.#parts;
    const aside = `${asideDirectory}/views`;
    const isThere = disk.statSync(this.#path) !== undefined;
    logger.warn({ reason, path: this.#path, ...(isThere ? { aside } : {}) }, 'the checkpoint is unreadable; it is moved aside, and made again from the log');
    try {
      if (isThere) disk.makeDirectorySync(asideDirectory);
      disk.removeSync(aside);
      if (isThere) disk.renameSync(this.#path, aside);
    } catch {
      // A full disk, perhaps. Nothing is lost with it.
    }
    disk.removeSync(this.#path);
  }
}
