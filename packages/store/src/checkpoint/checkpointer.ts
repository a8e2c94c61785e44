import type { Logger, TimerHandle, Timers } from '@kitemq/runtime';
import type { GroupCommit } from '../commit-log/group-commit.ts';
import type { ViewSet } from '../views/view-set.ts';
import { CapturedBatch } from './captured-batch.ts';
import { putProof } from './checkpoint-mark.ts';
import type { SealedRows } from './sealed-rows.ts';

export interface CheckpointerOptions {
  readonly rows: SealedRows;
  readonly views: ViewSet;
  readonly commit: GroupCommit;
  /** Log position that fdatasync has confirmed. */
  readonly flushed: () => number;
  readonly timers: Timers;
  readonly logger: Logger;
  /** A checkpoint is due this long after the first change, and after this many log bytes; later where it writes much for few log bytes (many queues). */
  readonly intervalMs: number;
  readonly bytes: number;
  /** So many flushed log bytes after the last proof the next one is written: what a start after a crash has to write again at most, besides what was under way. */
  readonly proofBytes: number;
  /** Memory that waits for a checkpoint: a checkpoint is due when it exceeds `dirtyEntriesMax`. */
  readonly dirtyEntries: () => number;
  /** Views have changed without the log (compaction). Default: they do not. */
  readonly changedAside?: () => boolean;
  /** Everything before this log position is in the checkpoint that was found at start-up. */
  readonly position: number;
}

/** Queue entries in memory that no checkpoint has (20 bytes each) before one is made. */
export const dirtyEntriesMax: number = 1 << 20;

/**
 * A checkpoint writes a page for each queue that got messages, however few. So that it does not write as much as the log: it waits until the log
 * has grown by this many times what the last checkpoint wrote, but for no more than `patienceBytes` times the bytes after which it is due …
 */
const logBytesPerByte = 32;
const patienceBytes = 8;
/** … and when the interval is over, by this many times, but for no more than so many intervals. */
const logBytesPerByteAtRest = 8;
const patienceIntervals = 6;

/** One that is running, one that has everything, one for luck. */
const reachAttemptsMax = 3;

/**
 * Writes the views' changes together with the log position they stand for. The order that recovery relies on: capture at position P,
 * log durable up to P, then commit; so a checkpoint never knows more than the log, whatever a power cut takes.
 */
export class Checkpointer {
  readonly #options: CheckpointerOptions;
  /** Captured, not committed. Tried again when the commit fails. */
  #captured: CapturedBatch | undefined;
  /** What all are captured in, one after the other. */
  readonly #batch: CapturedBatch = new CapturedBatch();
  #capturedPosition: number;
  #committing = false;
  #committed: number;
  /** Size of the last checkpoint. */
  #lastBytes = 0;
  /** Intervals that went by without a checkpoint. */
  #intervals = 0;
  #proven: number;
  #proving = false;
  #timer: TimerHandle | undefined;
  #stopped = false;
  #waiters: (() => void)[] = [];

  constructor(options: CheckpointerOptions) {
    this.#options = options;
    this.#capturedPosition = options.position;
    this.#committed = this.#proven = options.position;
  }

  /** Called after records were applied: cheap when nothing is due. */
  applied(): void {
    const { commit, timers, intervalMs, bytes, dirtyEntries, flushed, proofBytes } = this.#options;
    if (this.#stopped) return;
    if (flushed() - this.#proven >= proofBytes) this.#prove();
    if (this.#committing) return;
    const due = Math.min(Math.max(bytes, this.#lastBytes * logBytesPerByte), bytes * patienceBytes);
    if (commit.visible - this.#capturedPosition >= due || dirtyEntries() >= dirtyEntriesMax) this.run();
    else this.#timer ??= timers.setTimeout(this.#onTimer, intervalMs);
  }

  /** Notes in the checkpoint what is on disk, without the views. Should it fail, the next one does. */
  #prove(): void {
    if (this.#proving) return;
    const position = this.#options.flushed();
    this.#proving = true;
    this.#proven = position;
    this.#options.rows.commit(
      (batch) => putProof(batch, position),
      () => {
        this.#proving = false;
        this.#wake();
      },
    );
  }

  readonly #onTimer = (): void => {
    this.#timer = undefined;
    const { commit, timers, intervalMs } = this.#options;
    const isWorthIt = commit.visible - this.#capturedPosition >= this.#lastBytes * logBytesPerByteAtRest;
    if (isWorthIt || this.#captured !== undefined || ++this.#intervals >= patienceIntervals) return this.run();
    this.#timer = timers.setTimeout(this.#onTimer, intervalMs);
  };

  /** Starts a checkpoint unless one is running or nothing changed. */
  run(): void {
    const { commit } = this.#options;
    // What was captured may never get to the disk.
    if (this.#committing || this.#stopped || commit.failure !== undefined) return;
    if (this.#captured === undefined) {
      if (commit.visible === this.#capturedPosition && this.#options.changedAside?.() !== true) return;
      try {
        // Views tell what changed once, so the rows that they may ask for have to be there.
        this.#options.rows.checkReadable();
      } catch (error) {
        return this.#ended(error as Error);
      }
      this.#captured = this.#capture();
    }
    this.#committing = true;
    commit.whenFlushed(this.#capturedPosition, (error) => {
      if (error !== undefined) return this.#ended(error);
      // Not committed, so it stays captured for `finish`.
      if (this.#stopped) return this.#idle();
      this.#options.rows.commitSealed((this.#captured as CapturedBatch).fill, (failure) => this.#ended(failure));
    });
  }

  #capture(): CapturedBatch {
    const batch = this.#batch;
    batch.clear();
    this.#options.views.checkpoint(batch);
    this.#capturedPosition = this.#options.commit.visible;
    this.#lastBytes = batch.bytes;
    this.#intervals = 0;
    return batch;
  }

  #idle(): void {
    this.#committing = false;
    this.#wake();
  }

  #wake(): void {
    for (const waiter of this.#waiters.splice(0)) waiter();
  }

  #ended(error: Error | undefined): void {
    this.#committing = false;
    if (error === undefined) {
      this.#captured = undefined;
      this.#committed = this.#capturedPosition;
      this.#options.views.checkpointed();
    } else if (this.#options.commit.failure !== undefined) {
      this.#options.logger.warn({ error }, 'no more checkpoints are made, as the store failed; the next start replays the log');
    } else {
      this.#options.logger.warn({ error }, 'a checkpoint failed and will be tried again; nothing is lost, but a restart takes longer');
      if (!this.#stopped) this.#timer ??= this.#options.timers.setTimeout(this.#onTimer, this.#options.intervalMs);
    }
    this.#idle();
    if (error === undefined && this.#options.commit.visible > this.#capturedPosition) this.applied();
  }

  /** Makes checkpoints until one of log position `position` or later is committed; false when that does not work now. */
  async reach(position: number): Promise<boolean> {
    for (let attempt = 0; attempt < reachAttemptsMax && this.#committed < position && !this.#stopped; attempt++) {
      this.run();
      if (!this.#committing) break;
      while (this.#committing) await new Promise<void>((resolve) => this.#waiters.push(resolve));
    }
    return this.#committed >= position;
  }

  /** Resolves when no checkpoint is running; none starts any more. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#options.timers.clear(this.#timer);
    while (this.#committing || this.#proving) await new Promise<void>((resolve) => this.#waiters.push(resolve));
  }

  /** The last checkpoint of an orderly shutdown, durable on return. The log must be durable up to what is visible. Call after {@link stop}. */
  async finish(): Promise<void> {
    const { rows, commit, views } = this.#options;
    if (this.#captured !== undefined) {
      rows.commitSealedSync(this.#captured.fill);
      this.#captured = undefined;
      views.checkpointed();
    }
    if (commit.visible !== this.#capturedPosition) {
      rows.commitSealedSync(this.#capture().fill);
      views.checkpointed();
    }
    await new Promise<void>((resolve, reject) => rows.flush((error) => (error === undefined ? resolve() : reject(error))));
  }
}
