import type { KeyValueBatch, KeyValueStore, Logger } from '@kitemq/runtime';
import { KeyPrefix } from '../views/view.ts';
import { sealed, unsealed } from './row-seal.ts';

type Rows = Pick<KeyValueStore, 'get' | 'range'>;
type Visit = (key: Uint8Array, value: Uint8Array) => boolean | void;

/** There when a row was found damaged while the store ran. */
const damageKey: Buffer = Buffer.of(KeyPrefix.meta, 2);

/** Looks at rows and leaves out those that are damaged. */
export class SealedReads implements Rows {
  readonly #rows: Rows;
  readonly #damaged: (key: Uint8Array) => void;

  constructor(rows: Rows, damaged: (key: Uint8Array) => void) {
    this.#rows = rows;
    this.#damaged = damaged;
  }

  get(key: Uint8Array): Uint8Array | undefined {
    const bytes = this.#rows.get(key);
    return bytes === undefined ? undefined : this.#open(key, bytes);
  }

  range(start: Uint8Array, end: Uint8Array, visit: Visit): void {
    this.#rows.range(start, end, (key, bytes) => {
      const value = this.#open(key, bytes);
      return value === undefined ? undefined : visit(key, value);
    });
  }

  #open(key: Uint8Array, bytes: Uint8Array): Uint8Array | undefined {
    const value = unsealed(key, bytes);
    if (value === undefined) this.#damaged(key);
    return value;
  }
}

/** Seals what is put. */
class SealingBatch implements KeyValueBatch {
  readonly #batch: KeyValueBatch;

  constructor(batch: KeyValueBatch) {
    this.#batch = batch;
  }

  put(key: Uint8Array, value: Uint8Array): void {
    this.#batch.put(key, sealed(key, value), true);
  }

  remove(key: Uint8Array): void {
    this.#batch.remove(key);
  }

  removeRange(start: Uint8Array, end: Uint8Array): void {
    this.#batch.removeRange(start, end);
  }
}

/**
 * The rows of a checkpoint, each with its seal. A damaged row counts as absent; that there was one is noted in the checkpoint itself, so that the
 * next start makes the views again from the log.
 */
export class SealedRows implements KeyValueStore {
  readonly #rows: KeyValueStore;
  readonly #logger: Logger;
  readonly #reads: SealedReads;
  #isDamaged = false;
  #isNoted = false;

  constructor(rows: KeyValueStore, logger: Logger) {
    this.#rows = rows;
    this.#logger = logger;
    this.#reads = new SealedReads(rows, (key) => this.noteDamage(key));
  }

  /** A row was damaged: now, or in an earlier life. */
  get isDamaged(): boolean {
    return this.#isDamaged || this.#rows.get(damageKey) !== undefined;
  }

  /** @throws what opening the rows again throws, where they were closed (too many open files) */
  checkReadable(): void {
    this.#rows.get(damageKey);
  }

  /** The row of this key is damaged, or missing where there has to be one. */
  noteDamage(key: Uint8Array): void {
    if (this.#isDamaged) return;
    this.#isDamaged = true;
    const row = Buffer.from(key).toString('hex');
    this.#logger.error({ code: 'KITE_VIEWS_DAMAGED', row }, 'a row of the checkpoint is damaged and not believed: the views are made again from the log when the store starts. Restart it, and have a look at the disk');
  }

  get(key: Uint8Array): Uint8Array | undefined {
    return this.#reads.get(key);
  }

  range(start: Uint8Array, end: Uint8Array, visit: Visit): void {
    this.#reads.range(start, end, visit);
  }

  commit(fill: (batch: KeyValueBatch) => void, done: (error: Error | undefined) => void): void {
    this.commitSealed((batch) => fill(new SealingBatch(batch)), done);
  }

  commitSync(fill: (batch: KeyValueBatch) => void): void {
    this.commitSealedSync((batch) => fill(new SealingBatch(batch)));
  }

  /** As `commit`, for values that have their seals. */
  commitSealed(fill: (batch: KeyValueBatch) => void, done: (error: Error | undefined) => void): void {
    const notes = this.#isDamaged && !this.#isNoted;
    this.#rows.commit(notes ? (batch) => putDamage(batch, fill) : fill, (error) => {
      if (error === undefined && notes) this.#isNoted = true;
      done(error);
    });
  }

  /** As `commitSync`, for values that have their seals. */
  commitSealedSync(fill: (batch: KeyValueBatch) => void): void {
    this.#rows.commitSync(this.#isDamaged ? (batch) => putDamage(batch, fill) : fill);
  }

  flush(done: (error: Error | undefined) => void): void {
    this.#rows.flush(done);
  }

  sizeSync(): number {
    return this.#rows.sizeSync();
  }

  async close(): Promise<void> {
    try {
      if (this.#isDamaged && !this.#isNoted) this.commitSealedSync(() => undefined);
    } finally {
      await this.#rows.close();
    }
  }
}

function putDamage(batch: KeyValueBatch, fill: (batch: KeyValueBatch) => void): void {
  fill(batch);
  batch.put(damageKey, sealed(damageKey, Buffer.alloc(0)), true);
}
