import type { Clock, TimerHandle, Timers } from '@kitemq/runtime';
import type { SimulatedEvent } from './event-queue.ts';
import type { Incarnation } from './incarnation.ts';
import type { World } from './world.ts';

/** Virtual time 0 on the wall clock: 2026-01-01T00:00:00Z. */
export const epochMs = 1_767_225_600_000;

/** The clock of one machine; `skewMs` makes its wall clock wrong, never its monotonic one. */
export class SimulatedClock implements Clock {
  skewMs = 0;
  readonly #world: World;

  constructor(world: World) {
    this.#world = world;
  }

  now(): number {
    return Math.floor(epochMs + this.#world.now + this.skewMs);
  }

  monotonic(): number {
    return this.#world.now;
  }
}

class Interval {
  event: SimulatedEvent | undefined = undefined;
}

/** Timers of one life of a process: they end with it. */
export class SimulatedTimers implements Timers {
  readonly #world: World;
  readonly #owner: Incarnation;

  constructor(world: World, owner: Incarnation) {
    this.#world = world;
    this.#owner = owner;
  }

  /** As Node's, never sooner than 1 ms. */
  setTimeout(callback: () => void, delayMs: number): TimerHandle {
    return this.#world.schedule(this.#owner, Math.max(delayMs, 1), callback) as unknown as TimerHandle;
  }

  setInterval(callback: () => void, periodMs: number): TimerHandle {
    const interval = new Interval();
    const arm = (): void => {
      interval.event = this.#world.schedule(this.#owner, Math.max(periodMs, 1), () => {
        arm();
        callback();
      });
    };
    arm();
    return interval as unknown as TimerHandle;
  }

  setImmediate(callback: () => void): TimerHandle {
    return this.#world.scheduleImmediate(this.#owner, callback) as unknown as TimerHandle;
  }

  clear(handle: TimerHandle | undefined): void {
    if (handle === undefined) return;
    const timer = handle as unknown as SimulatedEvent | Interval;
    const event = timer instanceof Interval ? timer.event : timer;
    if (event !== undefined) event.cancelled = true;
  }
}
