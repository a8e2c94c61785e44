import type { KeyValueBatch, KeyValueStore } from '@kitemq/runtime';
import { KeyHasher, type HashSink } from './key-hash.ts';
import { KeyStage } from './key-stage.ts';
import { KeyPart, keyPartEntriesMax, type KeyRange } from './key-part.ts';
import { findInRun, putJournal, putRun, readJournal, readRuns, removeRun, type KeyRun } from './key-rows.ts';
import type { LogRecord } from './log-record.ts';
import type { View } from './view.ts';

/** Runs that one checkpoint removes: each has some thousand rows. */
const removedRunsPerCheckpoint = 2;

/** Some of the index. */
export interface KeySource extends KeyRange {
  /** Log positions of records that may have the key with this hash, newest first. */
  find(hash: number): readonly number[];
}

/**
 * Where messages are by unique key, KEYS and TAGS. New entries gather in a part in memory, and in a journal of rows; a part that is large enough
 * becomes a run: divided into buckets by hash and never written again, so an entry is written to disk twice, in order, and a query reads a page of each run.
 */
export class KeyView implements View, HashSink {
  readonly name = 'keys';
  readonly version = 1;
  readonly topics = undefined;
  readonly #hasher = new KeyHasher(this);
  readonly #stage = new KeyStage();
  readonly #stageHasher = new KeyHasher(this.#stage);
  readonly #partEntriesMax: number;
  #rows: KeyValueStore | undefined;
  #part: KeyPart;
  /** Closed parts that no checkpoint has, oldest first. */
  #closed: KeyPart[] = [];
  /** Of the checkpoint under way. */
  #captured: KeyRun[] = [];
  #runs: KeyRun[] = [];
  #removed: KeyRun[] = [];
  /** A part that became a run: the next one takes its memory. */
  #spare: KeyPart | undefined;
  #position = 0;

  constructor(partEntriesMax: number = keyPartEntriesMax) {
    this.#partEntriesMax = partEntriesMax;
    this.#part = new KeyPart(0, 0, partEntriesMax);
  }

  /** Entries that no checkpoint has. */
  get dirtyEntries(): number {
    let count = this.#part.count - this.#part.journaled;
    for (let index = this.#captured.length; index < this.#closed.length; index++) count += (this.#closed[index] as KeyPart).count;
    return count;
  }

  /** Entries in all. */
  get entries(): number {
    return [...this.#runs, ...this.#closed, this.#part].reduce((sum, { count }) => sum + count, 0);
  }

  load(rows: KeyValueStore): void {
    this.#rows = rows;
    this.#runs = readRuns(rows);
    const lastId = this.#runs.reduce((last, run) => Math.max(last, run.id), -1);
    this.#part = readJournal(rows, this.#partEntriesMax) ?? new KeyPart(lastId + 1, 0, this.#partEntriesMax);
  }

  apply(record: LogRecord): void {
    const { position, keyCount } = record;
    if (keyCount < 0) return this.add(record.block, record.blockOffset, record);
    if (keyCount === 0) return;
    const part = this.#partFor(position);
    for (let count = keyCount; count > 0; count--) part.add(this.#stage.take(), position);
    part.ended(position, record.storeTimestamp);
  }

  /** Indexes the whole record that lies at `offset`; positions must not fall from call to call. */
  add(bytes: Uint8Array, offset: number, { position, storeTimestamp }: { readonly position: number; readonly storeTimestamp: number }): void {
    const part = this.#partFor(position);
    const before = part.count;
    this.#position = position;
    this.#hasher.hash(bytes, offset);
    if (part.count !== before) part.ended(position, storeTimestamp);
  }

  /**
   * Hashes the keys of a record that is being appended: the property string in [start, end), of a topic with this hash. Returns how many there are, for
   * {@link LogRecord.keyCount} when it is applied; -1 when too many wait.
   */
  stage(bytes: Uint8Array, start: number, end: number, topicHash: number): number {
    const stage = this.#stage;
    if (stage.isFull) return -1;
    const before = stage.count;
    this.#stageHasher.hashProperties(bytes, start, end, topicHash);
    return stage.count - before;
  }

  /** The newest staged record did not get into the log. */
  unstage(keyCount: number): void {
    if (keyCount > 0) this.#stage.drop(keyCount);
  }

  addHash(hash: number): void {
    this.#part.add(hash, this.#position);
  }

  checkpoint(batch: KeyValueBatch): void {
    for (const run of this.#removed.splice(0, removedRunsPerCheckpoint)) removeRun(batch, run);
    // Written as a run at once, a part that is nearly large enough spares the journal the rest.
    if (this.#part.count >= this.#partEntriesMax / 2) this.#next(0);
    this.#captured = this.#closed.map((part) => putRun(batch, part));
    if (this.#part.count > this.#part.journaled) putJournal(batch, this.#part);
  }

  checkpointed(): void {
    this.#runs.push(...this.#captured);
    for (const part of this.#closed.splice(0, this.#captured.length)) if (!part.lent) this.#spare = part;
    this.#captured = [];
  }

  trim(minPosition: number): void {
    const kept = this.#runs.filter((run) => run.lastPosition >= minPosition);
    if (kept.length === this.#runs.length) return;
    for (const run of this.#runs) if (run.lastPosition < minPosition) this.#removed.push(run);
    this.#runs = kept;
  }

  /** What there is, newest first. Sources stay usable while the view changes. */
  sources(): KeySource[] {
    const rows = this.#rows;
    const runs = rows === undefined ? [] : this.#runs.map((run): KeySource => ({ ...run, find: (hash) => findInRun(rows, run, hash) }));
    const parts = [...this.#closed, this.#part];
    for (const part of parts) part.lent = true;
    return [...runs, ...parts].filter(({ count }) => count > 0).reverse();
  }

  /** The part that takes entries for a record at `position`. */
  #partFor(position: number): KeyPart {
    const part = this.#part;
    if (part.count === 0) part.base = position;
    else if (!part.hasRoomFor(position)) return this.#next(position);
    return part;
  }

  /** Closes the part and begins another. */
  #next(base: number): KeyPart {
    this.#closed.push(this.#part);
    const id = this.#part.id + 1;
    this.#part = this.#spare?.reuse(id, base) ?? new KeyPart(id, base, this.#partEntriesMax);
    this.#spare = undefined;
    return this.#part;
  }
}
