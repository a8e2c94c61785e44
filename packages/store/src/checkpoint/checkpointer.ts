import type { KeyValueStore, Logger, TimerHandle, Timers } from '@kitemq/runtime';
import type { GroupCommit } from '../commit-log/group-commit.ts';
import type { ViewSet } from '../views/view-set.ts';
import { CapturedBatch } from './captured-batch.ts';

export interface CheckpointerOptions {
  readonly rows: KeyValueStore;
  readonly views: ViewSet;
  readonly commit: GroupCommit;
  readonly timers: Timers;
  readonly logger: Logger;
  /** A checkpoint is due this long after the first change, and after this many log bytes. */
  readonly intervalMs: number;
  readonly bytes: number;
  /** Memory that waits for a checkpoint: a checkpoint is due when it exceeds `dirtyEntriesMax`. */
  readonly dirtyEntries: () => number;
  /** Everything before this log position is in the checkpoint that was found at start-up. */
  readonly position: number;
}

/** Queue entries in memory that no checkpoint has (20 bytes each) before one is made. */
export const dirtyEntriesMax: number = 1 << 19;

/**
 * Writes the views' changes together with the log position they stand for. The order that recovery relies on: capture at position P,
 * log durable up to P, then commit; so a checkpoint never knows more than the log, whatever a power cut takes.
 */
export class Checkpointer {
  readonly #options: CheckpointerOptions;
  /** Captured, not committed. Tried again when the commit fails. */
  #captured: CapturedBatch | undefined;
  #capturedPosition: number;
  #committing = false;
  #timer: TimerHandle | undefined;
  #stopped = false;
  #waiters: (() => void)[] = [];

  constructor(options: CheckpointerOptions) {
    this.#options = options;
    this.#capturedPosition = options.position;
  }

  /** Called after records were applied: cheap when nothing is due. */
  applied(): void {
    const { commit, timers, intervalMs, bytes, dirtyEntries } = this.#options;
    if (this.#stopped) return;
    if (!this.#committing && (commit.visible - this.#capturedPosition >= bytes || dirtyEntries() >= dirtyEntriesMax)) this.run();
    else this.#timer ??= timers.setTimeout(this.#onTimer, intervalMs);
  }

  readonly #onTimer = (): void => {
    this.#timer = undefined;
    this.run();
  };

  /** Starts a checkpoint unless one is running or nothing changed. */
  run(): void {
    if (this.#committing || this.#stopped) return;
    const { commit } = this.#options;
    if (this.#captured === undefined) {
      if (commit.visible === this.#capturedPosition) return;
      this.#captured = this.#capture();
    }
    this.#committing = true;
    commit.whenFlushed(this.#capturedPosition, (error) => {
      if (error !== undefined) return this.#ended(error);
      // Not committed, so it stays captured for `finish`.
      if (this.#stopped) return this.#idle();
      this.#options.rows.commit((this.#captured as CapturedBatch).fill, (failure) => this.#ended(failure));
    });
  }

  #capture(): CapturedBatch {
    const batch = new CapturedBatch();
    this.#options.views.checkpoint(batch);
    this.#capturedPosition = this.#options.commit.visible;
    return batch;
  }

  #idle(): void {
    this.#committing = false;
    for (const waiter of this.#waiters.splice(0)) waiter();
  }

  #ended(error: Error | undefined): void {
    this.#committing = false;
    if (error === undefined) {
      this.#captured = undefined;
      this.#options.views.checkpointed();
    } else {
      this.#options.logger.warn({ error }, 'a checkpoint failed and will be tried again; nothing is lost, but a restart takes longer');
      if (!this.#stopped) this.#timer ??= this.#options.timers.setTimeout(this.#onTimer, this.#options.intervalMs);
    }
    this.#idle();
    if (error === undefined && this.#options.commit.visible > this.#capturedPosition) this.applied();
  }

  /** Resolves when no checkpoint is running; none starts any more. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#options.timers.clear(this.#timer);
    if (this.#committing) await new Promise<void>((resolve) => this.#waiters.push(resolve));
  }

  /** The last checkpoint of an orderly shutdown, durable on return. The log must be durable up to what is visible. Call after {@link stop}. */
  async finish(): Promise<void> {
    const { rows, commit, views } = this.#options;
    if (this.#captured !== undefined) {
      rows.commitSync(this.#captured.fill);
      this.#captured = undefined;
      views.checkpointed();
    }
    if (commit.visible !== this.#capturedPosition) {
      rows.commitSync(this.#capture().fill);
      views.checkpointed();
    }
    await new Promise<void>((resolve, reject) => rows.flush((error) => (error === undefined ? resolve() : reject(error))));
  }
}
