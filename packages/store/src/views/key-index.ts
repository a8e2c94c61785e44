import type { KeyValueBatch, KeyValueStore } from '@kitemq/runtime';
import { KeyPart, type KeyEntryForm, type KeyRange, type KeyVisitor } from './key-part.ts';
import { putJournal, putRun, readJournal, readRuns, removeRun, visitRun, type KeyRun } from './key-rows.ts';

/** Runs that one checkpoint removes: each has some thousand rows. */
const removedRunsPerCheckpoint = 2;

/** Some of the index. */
export interface KeySource extends KeyRange {
  /** Visits the entries with this hash, in log order: a record that has it more than once comes as often. */
  visit(hash: number, visit: KeyVisitor): void;
}

/**
 * Entries by hash of a key. New ones gather in a part in memory, and in a journal of rows; a part that is large enough becomes a run: divided into
 * buckets by hash and never written again, so an entry is written to disk twice, in order, and a query reads a page of each run.
 */
export class KeyIndex {
  readonly #form: KeyEntryForm;
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

  constructor(form: KeyEntryForm, partEntriesMax: number) {
    this.#form = form;
    this.#partEntriesMax = partEntriesMax;
    this.#part = new KeyPart(form, 0, 0, partEntriesMax);
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
    this.#runs = readRuns(rows, this.#form);
    const lastId = this.#runs.reduce((last, run) => Math.max(last, run.id), -1);
    this.#part = readJournal(rows, this.#form, this.#partEntriesMax) ?? new KeyPart(this.#form, lastId + 1, 0, this.#partEntriesMax);
  }

  /** The part that takes entries for a record at `position`; positions must not fall from call to call. */
  partFor(position: number): KeyPart {
    const part = this.#part;
    if (part.count === 0) part.base = position;
    else if (!part.hasRoomFor(position)) return this.#next(position);
    return part;
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

  /** What there is, newest first. Sources stay usable while the index changes. */
  sources(): KeySource[] {
    const rows = this.#rows;
    const runs = rows === undefined ? [] : this.#runs.map((run): KeySource => ({ ...run, visit: (hash, visit) => visitRun(rows, run, hash, visit) }));
    const parts = [...this.#closed, this.#part];
    for (const part of parts) part.lent = true;
    return [...runs, ...parts].filter(({ count }) => count > 0).reverse();
  }

  /** Closes the part and begins another. */
  #next(base: number): KeyPart {
    this.#closed.push(this.#part);
    const id = this.#part.id + 1;
    this.#part = this.#spare?.reuse(id, base) ?? new KeyPart(this.#form, id, base, this.#partEntriesMax);
    this.#spare = undefined;
    return this.#part;
  }
}
