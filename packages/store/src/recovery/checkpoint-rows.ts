import { KiteError, type Disk, type KeyValueStore, type Logger, type OpenKeyValueStore } from '@kitemq/runtime';

const lowest: Uint8Array = Buffer.of(0);
const highest: Uint8Array = Buffer.of(0xff);

/** The checkpoint's rows. Those that cannot be used are thrown away: everything in them is in the log. */
export class CheckpointRows {
  readonly #open: OpenKeyValueStore;
  readonly #path: string;
  readonly #disk: Disk;
  #rows: KeyValueStore;

  /** @throws what `open` throws when even a new one cannot be made */
  constructor(open: OpenKeyValueStore, path: string, parts: { readonly disk: Disk; readonly logger: Logger }) {
    this.#open = open;
    this.#path = path;
    this.#disk = parts.disk;
    try {
      this.#rows = open(path);
    } catch (error) {
      if (!KiteError.is(error, 'KITE_VIEWS_UNREADABLE')) throw error;
      parts.logger.warn({ error, path }, 'the checkpoint is unreadable; it is made again from the log');
      parts.disk.removeSync(path);
      this.#rows = open(path);
    }
  }

  get rows(): KeyValueStore {
    return this.#rows;
  }

  /** Removes all rows, with the files if need be. */
  async clear(): Promise<void> {
    try {
      this.#rows.commitSync((batch) => batch.removeRange(lowest, highest));
    } catch {
      await this.#rows.close().catch(() => undefined);
      this.#disk.removeSync(this.#path);
      this.#rows = this.#open(this.#path);
    }
  }
}
