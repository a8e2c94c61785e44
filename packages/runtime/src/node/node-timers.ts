import type { TimerHandle, Timers } from '../timers.ts';

/** Node fires a longer timeout after 1 ms, so such delays are cut into pieces. */
const delayMsMax = 2 ** 31 - 1;

/** A timer too long for one Node timeout, re-armed until its time has come. */
class LongTimeout {
  readonly callback: () => void;
  remainingMs: number;
  current: NodeJS.Timeout | undefined;

  constructor(callback: () => void, delayMs: number) {
    this.callback = callback;
    this.remainingMs = delayMs;
    this.arm();
  }

  arm(): void {
    const step = Math.min(this.remainingMs, delayMsMax);
    this.remainingMs -= step;
    this.current = setTimeout(() => {
      if (this.remainingMs > 0) this.arm();
      else this.callback();
    }, step);
  }
}

/** The event loop's timers. */
export class NodeTimers implements Timers {
  readonly #immediateClass: Function;

  constructor() {
    const probe = setImmediate(() => {});
    clearImmediate(probe);
    this.#immediateClass = (probe as object).constructor;
  }

  setTimeout(callback: () => void, delayMs: number): TimerHandle {
    const timer = delayMs > delayMsMax ? new LongTimeout(callback, delayMs) : setTimeout(callback, delayMs);
    return timer as unknown as TimerHandle;
  }

  setInterval(callback: () => void, periodMs: number): TimerHandle {
    return setInterval(callback, Math.min(periodMs, delayMsMax)) as unknown as TimerHandle;
  }

  setImmediate(callback: () => void): TimerHandle {
    return setImmediate(callback) as unknown as TimerHandle;
  }

  clear(handle: TimerHandle | undefined): void {
    if (handle === undefined) return;
    const timer = handle as unknown;
    if (timer instanceof this.#immediateClass) clearImmediate(timer as NodeJS.Immediate);
    else if (timer instanceof LongTimeout) clearTimeout(timer.current);
    else clearTimeout(timer as NodeJS.Timeout);
  }
}
