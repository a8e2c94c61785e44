import type { Clock, TimerHandle, Timers } from '@kitemq/runtime';

interface ManualTimer {
  at: number;
  readonly periodMs: number | undefined;
  readonly callback: () => void;
}

/** Time that passes only when the test says so. */
export class ManualTime implements Clock, Timers {
  #now = 0;
  #timers: ManualTimer[] = [];

  now(): number {
    return Math.floor(this.#now);
  }

  monotonic(): number {
    return this.#now;
  }

  get waiting(): number {
    return this.#timers.length;
  }

  setTimeout(callback: () => void, delayMs: number): TimerHandle {
    return this.#add(callback, delayMs, undefined);
  }

  setInterval(callback: () => void, periodMs: number): TimerHandle {
    return this.#add(callback, periodMs, periodMs);
  }

  setImmediate(callback: () => void): TimerHandle {
    return this.#add(callback, 0, undefined);
  }

  clear(handle: TimerHandle | undefined): void {
    this.#timers = this.#timers.filter((timer) => (timer as unknown) !== handle);
  }

  /** Lets time pass; due callbacks run in order, each followed by its microtasks. */
  async advance(ms: number): Promise<void> {
    const end = this.#now + ms;
    for (;;) {
      this.#timers.sort((a, b) => a.at - b.at);
      const next = this.#timers[0];
      if (next === undefined || next.at > end) break;
      this.#now = Math.max(this.#now, next.at);
      if (next.periodMs === undefined) this.#timers.shift();
      else next.at += next.periodMs;
      next.callback();
      await new Promise((resolve) => setImmediate(resolve));
    }
    this.#now = end;
    await new Promise((resolve) => setImmediate(resolve));
  }

  /** Time passes while the event loop is stuck: nothing is called. */
  stall(ms: number): void {
    this.#now += ms;
  }

  #add(callback: () => void, delayMs: number, periodMs: number | undefined): TimerHandle {
    const timer: ManualTimer = { at: this.#now + delayMs, periodMs, callback };
    this.#timers.push(timer);
    return timer as unknown as TimerHandle;
  }
}
