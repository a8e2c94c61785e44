import { KiteError, type Logger, type Runtime, type TimerHandle } from '@kitemq/runtime';
import { AppendOutcome, type AppendCompletion } from '../message-store.ts';
import type { CommitLog } from './commit-log.ts';
import { DurableWaiters } from './durable-waiters.ts';
import { PendingRing, pendingRecordsMax } from './pending-ring.ts';

/** Whom group commit tells. */
export interface CommitListener {
  /** The promise of record `number` is kept: consumers may see it. In log order; the entry leaves the ring afterwards. */
  recordVisible(ring: PendingRing, number: number): void;
  /** Record `number` did not get into the log. Newest first. */
  recordDropped(ring: PendingRing, number: number): void;
  /** Once after each group of visible records. */
  groupVisible(): void;
  /** The disk is full; everything after `written` is forgotten and appends can go on once there is space. */
  diskFull(error: Error): void;
  /** A write or flush failed: the log must not be written any more in this life. */
  failed(error: Error): void;
}

export interface GroupCommitOptions {
  readonly runtime: Runtime;
  readonly logger: Logger;
  readonly log: CommitLog;
  /** True: a record is acknowledged and visible when fdatasync returned; false: when write returned. */
  readonly sync: boolean;
  readonly syncFlushTimeoutMs: number;
  /** Without sync: how long written records may stay only in the operating system's cache. */
  readonly asyncFlushIntervalMs: number;
  readonly listener: CommitListener;
}

interface FlushWaiter {
  readonly position: number;
  readonly done: (error: Error | undefined) => void;
}

/**
 * Turns appends into acknowledgements. Everything appended in one turn of the event loop is one `write`; with sync flush, while one fdatasync
 * runs the following groups are written and wait for the next one, so groups grow with the load by themselves and nothing ever sleeps.
 */
export class GroupCommit {
  readonly ring: PendingRing = new PendingRing();
  readonly #options: GroupCommitOptions;
  readonly #log: CommitLog;
  #waiters: FlushWaiter[] = [];
  /** Without sync flush: those who wait for it all the same. */
  readonly #durable: DurableWaiters | undefined;
  #tick: TimerHandle | undefined;
  #flushTimer: TimerHandle | undefined;
  #timeoutTimer: TimerHandle | undefined;
  /** Entries before it were told `flushTimeout` already, or are gone. */
  #timeoutCursor = 0;
  #deadline = 0;
  #turnTime = 0;
  #visible: number;
  #failure: Error | undefined;
  #stopped = false;

  constructor(options: GroupCommitOptions) {
    this.#options = options;
    this.#log = options.log;
    this.#visible = options.log.written;
    if (!options.sync) this.#durable = new DurableWaiters(options.runtime, (completion, outcome) => this.#tell(completion, outcome));
  }

  /** How many more records may wait. */
  get room(): number {
    return Math.min(this.ring.room, pendingRecordsMax - (this.#durable?.length ?? 0));
  }

  /** Bytes of records whose promise is not kept yet. */
  get bytesInFlight(): number {
    return this.ring.bytes + (this.#durable?.bytes ?? 0);
  }

  /** Log position up to which records are visible. */
  get visible(): number {
    return this.#visible;
  }

  get failure(): Error | undefined {
    return this.#failure;
  }

  /** Wall-clock time (ms) of what is appended in this turn, read when its first record was. */
  get turnTime(): number {
    return this.#turnTime;
  }

  /** Makes sure that what was appended is written at the end of this turn; call it before pushing. Returns the waiters' deadline. */
  schedule(): number {
    if (this.#tick === undefined) {
      const { runtime, syncFlushTimeoutMs } = this.#options;
      this.#deadline = runtime.clock.monotonic() + syncFlushTimeoutMs;
      this.#turnTime = runtime.clock.now();
      this.#tick = runtime.timers.setImmediate(this.#onTick);
    }
    return this.#deadline;
  }

  /** Calls back when everything up to `position` (already appended) is durable, whatever the flush mode; an error when it never will be. */
  whenFlushed(position: number, done: (error: Error | undefined) => void): void {
    if (this.#failure !== undefined) return done(this.#failure);
    if (position <= this.#log.flushed) return done(undefined);
    this.#waiters.push({ position, done });
    if (position > this.#log.written) this.schedule();
    else this.#startSync();
  }

  /** Writes what is waiting now instead of at the end of the turn. */
  writeNow(): void {
    this.#options.runtime.timers.clear(this.#tick);
    this.#onTick();
  }

  /** Ends all timers; nothing is written any more. */
  stop(): void {
    this.#stopped = true;
    const { timers } = this.#options.runtime;
    timers.clear(this.#tick);
    timers.clear(this.#flushTimer);
    timers.clear(this.#timeoutTimer);
    this.#durable?.stop();
  }

  readonly #onTick = (): void => {
    this.#tick = undefined;
    if (this.#failure !== undefined || this.#stopped) return;
    try {
      this.#log.write();
    } catch (error) {
      return this.#writeFailed(error as Error);
    }
    this.#releaseWritten();
    if (this.#options.sync) {
      this.#armTimeout();
      this.#startSync();
      return;
    }
    this.#releaseVisible(this.#log.written);
    if (this.#isAwaited) this.#startSync();
    else this.#armFlush();
  };

  /** Somebody waits for the next fdatasync. */
  get #isAwaited(): boolean {
    return this.#waiters.length > 0 || (this.#durable !== undefined && this.#durable.length > 0);
  }

  #startSync(): void {
    if (this.#log.syncing || this.#failure !== undefined || this.#log.flushed === this.#log.written) return;
    this.#log.sync(this.#onSynced);
  }

  readonly #onSynced = (error: Error | undefined): void => {
    if (this.#failure !== undefined || this.#stopped) return;
    if (error !== undefined) return this.#fail(new KiteError('KITE_STORE_FLUSH_FAILED', 'The disk could not make the log durable; what of it survived is known only after a restart', { cause: error }));
    if (this.#options.sync) this.#releaseVisible(this.#log.flushed);
    this.#durable?.release(this.#log.flushed);
    this.#releaseFlushed();
    if (this.#options.sync || this.#isAwaited) this.#startSync();
    else this.#armFlush();
  };

  /** Positions do not come in order: who waits for what is appended may come before who waits for what is visible. */
  #releaseFlushed(): void {
    const { flushed } = this.#log;
    if (!this.#waiters.some(({ position }) => position <= flushed)) return;
    const due = this.#waiters.filter(({ position }) => position <= flushed);
    this.#waiters = this.#waiters.filter(({ position }) => position > flushed);
    for (const waiter of due) waiter.done(undefined);
  }

  /** Tells those who do not wait for the flush. */
  #releaseWritten(): void {
    const { ring } = this;
    const position = this.#log.written;
    while (ring.written < ring.tail && ring.end(ring.written) <= position) {
      const number = ring.written++;
      if (this.#options.sync && ring.completion(number)?.waitForFlush === false) this.#tell(ring.takeCompletion(number), AppendOutcome.stored);
    }
  }

  #releaseVisible(position: number): void {
    const { ring } = this;
    if (ring.head === ring.tail || ring.end(ring.head) > position) return;
    const { listener } = this.#options;
    while (ring.head < ring.tail && ring.end(ring.head) <= position) {
      const number = ring.head;
      this.#visible = ring.end(number);
      const completion = ring.takeCompletion(number);
      const size = ring.size(number);
      const deadline = ring.deadline(number);
      listener.recordVisible(ring, number);
      ring.shift();
      if (completion === undefined) continue;
      if (this.#durable !== undefined && completion.syncFlush === true && completion.waitForFlush) {
        // It looks at its record once more, when the tail may have gone on.
        this.#log.share(this.#visible - size);
        this.#durable.add({ completion, end: this.#visible, size, deadline });
      } else this.#tell(completion, AppendOutcome.stored);
    }
    if (ring.written < ring.head) ring.written = ring.head;
    listener.groupVisible();
  }

  #tell(completion: AppendCompletion | undefined, outcome: AppendOutcome): void {
    try {
      completion?.appended(outcome);
    } catch (error) {
      this.#options.logger.error({ error }, 'an append completion threw');
    }
  }

  #armFlush(): void {
    if (this.#flushTimer !== undefined || this.#log.flushed === this.#log.written) return;
    this.#flushTimer = this.#options.runtime.timers.setTimeout(() => {
      this.#flushTimer = undefined;
      this.#startSync();
    }, this.#options.asyncFlushIntervalMs);
  }

  #armTimeout(): void {
    const { ring } = this;
    if (this.#timeoutTimer !== undefined) return;
    const first = Math.max(ring.head, this.#timeoutCursor);
    if (first >= ring.tail) return;
    const { clock, timers } = this.#options.runtime;
    this.#timeoutTimer = timers.setTimeout(this.#onTimeout, Math.max(1, Math.ceil(ring.deadline(first) - clock.monotonic())));
  }

  readonly #onTimeout = (): void => {
    this.#timeoutTimer = undefined;
    const { ring } = this;
    const now = this.#options.runtime.clock.monotonic();
    let number = Math.max(ring.head, this.#timeoutCursor);
    for (; number < ring.tail && ring.deadline(number) <= now; number++) this.#tell(ring.takeCompletion(number), AppendOutcome.flushTimeout);
    this.#timeoutCursor = number;
    this.#armTimeout();
  };

  #writeFailed(error: Error): void {
    if (!KiteError.is(error) || !error.retryable) return this.#fail(error);
    const { written } = this.#log;
    // First all is forgotten that is not in the log, and undone what it stood for: who is told something may append at once.
    const dropped = this.#dropAfter(written);
    const lost = this.#waiters.filter(({ position }) => position > written);
    this.#waiters = this.#waiters.filter(({ position }) => position <= written);
    this.#options.listener.diskFull(error);
    for (const waiter of lost) waiter.done(error);
    this.#releaseWritten();
    if (!this.#options.sync) this.#releaseVisible(written);
    this.#tellFailed(dropped);
    this.#releaseFlushed();
    if (this.#options.sync || this.#isAwaited) this.#startSync();
  }

  #fail(error: Error): void {
    this.#failure = error;
    this.#options.listener.failed(error);
    const dropped = this.#dropAfter(this.#visible);
    this.#durable?.fail();
    this.#tellFailed(dropped);
    for (const waiter of this.#waiters.splice(0)) waiter.done(error);
    this.stop();
  }

  /** Forgets the records after `position`. Returns who waits for them, newest first. */
  #dropAfter(position: number): readonly AppendCompletion[] {
    const { ring } = this;
    const waiting: AppendCompletion[] = [];
    while (ring.tail > ring.head && ring.end(ring.tail - 1) > position) {
      const number = ring.tail - 1;
      const completion = ring.takeCompletion(number);
      if (completion !== undefined) waiting.push(completion);
      this.#options.listener.recordDropped(ring, number);
      ring.pop();
    }
    this.#timeoutCursor = Math.min(this.#timeoutCursor, ring.tail);
    return waiting;
  }

  /** In log order. */
  #tellFailed(newestFirst: readonly AppendCompletion[]): void {
    for (const completion of newestFirst.toReversed()) this.#tell(completion, AppendOutcome.failed);
  }
}
