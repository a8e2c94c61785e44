import type { Runtime, TimerHandle } from '@kitemq/runtime';
import { AppendOutcome, type AppendCompletion } from '../message-store.ts';

interface DurableWaiter {
  /** Log position behind the record. */
  readonly end: number;
  /** The record's bytes. */
  readonly size: number;
  /** Monotonic time (ms) at which it is told `flushTimeout`. */
  readonly deadline: number;
  /** Undefined when it has been told. */
  completion: AppendCompletion | undefined;
}

/**
 * In a store with async flush: who nevertheless waits for the fdatasync that covers their record, in log order. Records are visible already;
 * whoever does not wait for the disk is not in here and waits for nobody who does.
 */
export class DurableWaiters {
  readonly #runtime: Pick<Runtime, 'clock' | 'timers'>;
  readonly #tell: (completion: AppendCompletion, outcome: AppendOutcome) => void;
  #waiters: DurableWaiter[] = [];
  /** Bytes of the records that are waited for. */
  bytes = 0;
  /** Waiters before it were told `flushTimeout`. */
  #timedOut = 0;
  #timer: TimerHandle | undefined;

  constructor(runtime: Pick<Runtime, 'clock' | 'timers'>, tell: (completion: AppendCompletion, outcome: AppendOutcome) => void) {
    this.#runtime = runtime;
    this.#tell = tell;
  }

  get length(): number {
    return this.#waiters.length;
  }

  add(waiter: DurableWaiter): void {
    this.#waiters.push(waiter);
    this.bytes += waiter.size;
    this.#arm();
  }

  /** Everything before log position `flushed` is durable. */
  release(flushed: number): void {
    const waiters = this.#waiters;
    let count = 0;
    for (let waiter = waiters[0]; waiter !== undefined && waiter.end <= flushed; waiter = waiters[++count]) this.bytes -= waiter.size;
    if (count === 0) return;
    this.#waiters = waiters.slice(count);
    this.#timedOut = Math.max(0, this.#timedOut - count);
    this.#tellAll(waiters.slice(0, count), AppendOutcome.stored);
  }

  /** The disk failed: nobody knows what of it survives. */
  fail(): void {
    const waiters = this.#waiters;
    this.#waiters = [];
    this.bytes = 0;
    this.stop();
    this.#tellAll(waiters, AppendOutcome.failed);
  }

  stop(): void {
    this.#runtime.timers.clear(this.#timer);
    this.#timer = undefined;
  }

  #tellAll(waiters: readonly DurableWaiter[], outcome: AppendOutcome): void {
    for (const waiter of waiters) {
      const { completion } = waiter;
      waiter.completion = undefined;
      if (completion !== undefined) this.#tell(completion, outcome);
    }
  }

  #arm(): void {
    const first = this.#waiters[this.#timedOut];
    if (this.#timer !== undefined || first === undefined) return;
    const { clock, timers } = this.#runtime;
    this.#timer = timers.setTimeout(this.#onTimer, Math.max(1, Math.ceil(first.deadline - clock.monotonic())));
  }

  readonly #onTimer = (): void => {
    this.#timer = undefined;
    const now = this.#runtime.clock.monotonic();
    const late: DurableWaiter[] = [];
    for (let waiter = this.#waiters[this.#timedOut]; waiter !== undefined && waiter.deadline <= now; waiter = this.#waiters[this.#timedOut]) {
      this.#timedOut++;
      late.push(waiter);
    }
    this.#arm();
    this.#tellAll(late, AppendOutcome.flushTimeout);
  };
}
