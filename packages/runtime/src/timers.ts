/** A scheduled callback. Opaque; hand it back to {@link Timers.clear}. */
export interface TimerHandle {
  readonly __timer: unique symbol;
}

/** Where the code schedules work for later. */
export interface Timers {
  /** Calls `callback` once, `delayMs` (≥ 0) from now. */
  setTimeout(callback: () => void, delayMs: number): TimerHandle;
  /** Calls `callback` every `periodMs` (≥ 1), first after one period. */
  setInterval(callback: () => void, periodMs: number): TimerHandle;
  /** Calls `callback` after the I/O events of this turn of the event loop: the tick in which batches close. */
  setImmediate(callback: () => void): TimerHandle;
  /** Cancels; harmless when the timer has fired or was cleared before. */
  clear(handle: TimerHandle | undefined): void;
}
