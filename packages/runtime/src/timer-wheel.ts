import type { Clock } from './clock.ts';
import { assert } from './errors.ts';
import type { TimerHandle, Timers } from './timers.ts';

/**
 * Something that expires. Extend it (or embed its fields in an object of the same shape) to be scheduled without a closure or a map entry.
 * The `wheel…` fields belong to the wheel.
 */
export abstract class WheelEntry {
  wheelNext: WheelEntry | undefined = undefined;
  wheelPrevious: WheelEntry | undefined = undefined;
  wheelTick = 0;

  /** Called once when the time is over, unless the entry was cancelled before. It may be scheduled again from here. */
  abstract expired(): void;
}

/** Head of a circular list. */
class WheelList extends WheelEntry {
  constructor() {
    super();
    this.wheelNext = this;
    this.wheelPrevious = this;
  }

  expired(): void {}

  append(entry: WheelEntry): void {
    const last = this.wheelPrevious!;
    last.wheelNext = entry;
    entry.wheelPrevious = last;
    entry.wheelNext = this;
    this.wheelPrevious = entry;
  }
}

const unlink = (entry: WheelEntry): void => {
  entry.wheelPrevious!.wheelNext = entry.wheelNext;
  entry.wheelNext!.wheelPrevious = entry.wheelPrevious;
  entry.wheelNext = undefined;
  entry.wheelPrevious = undefined;
};

export interface TimerWheelOptions {
  readonly clock: Clock;
  readonly timers: Timers;
  /** How coarse: an entry expires up to this much late, never early. Default 100 ms. */
  readonly tickMs?: number;
  /** Slots, a power of two. Entries further away than `tickMs * slots` are looked at once per round. Default 512. */
  readonly slots?: number;
  /** Gets what an entry's `expired` throws. Default: thrown on, out of the event loop. */
  readonly onError?: (error: unknown) => void;
}

/** Many coarse timers for the price of one: scheduling and cancelling are O(1) and allocate nothing. Its timer runs only while entries wait. */
export class TimerWheel {
  readonly tickMs: number;
  readonly #clock: Clock;
  readonly #timers: Timers;
  readonly #onError: (error: unknown) => void;
  /** A list is made when its slot is first used: most wheels use few. */
  readonly #slots: (WheelList | undefined)[];
  readonly #firing: WheelList = new WheelList();
  readonly #onTick = (): void => this.#advance();
  #timer: TimerHandle | undefined;
  #lastTick = 0;
  #size = 0;

  constructor(options: TimerWheelOptions) {
    const { clock, timers, tickMs = 100, slots = 512 } = options;
    assert(tickMs >= 1 && slots >= 2 && (slots & (slots - 1)) === 0, 'a wheel needs a tick of at least 1 ms and a power of two of slots');
    this.tickMs = tickMs;
    this.#clock = clock;
    this.#timers = timers;
    this.#onError = options.onError ?? ((error) => queueMicrotask(() => rethrow(error)));
    this.#slots = Array.from({ length: slots }, () => undefined);
  }

  /** How many entries wait. */
  get size(): number {
    return this.#size;
  }

  /** Lets `entry` expire `delayMs` from now; one that waits already is moved. */
  schedule(entry: WheelEntry, delayMs: number): void {
    if (entry.wheelNext === undefined) this.#size++;
    else unlink(entry);
    const now = this.#clock.monotonic();
    entry.wheelTick = Math.floor((now + Math.max(delayMs, 0)) / this.tickMs) + 1;
    if (this.#timer === undefined) {
      this.#lastTick = Math.floor(now / this.tickMs);
      this.#timer = this.#timers.setTimeout(this.#onTick, this.tickMs);
    }
    // A tick that the stalled loop has not come to yet: the next one to come will do.
    if (entry.wheelTick <= this.#lastTick) entry.wheelTick = this.#lastTick + 1;
    const slot = entry.wheelTick & (this.#slots.length - 1);
    (this.#slots[slot] ??= new WheelList()).append(entry);
  }

  /** False when the entry does not wait (any more). */
  cancel(entry: WheelEntry): boolean {
    if (entry.wheelNext === undefined) return false;
    unlink(entry);
    this.#size--;
    return true;
  }

  /** Forgets all entries and stops its timer. */
  close(): void {
    for (const slot of [...this.#slots, this.#firing]) {
      for (let entry = slot?.wheelNext; entry !== undefined && entry !== slot; entry = slot?.wheelNext) this.cancel(entry);
    }
    this.#timers.clear(this.#timer);
    this.#timer = undefined;
  }

  #advance(): void {
    const slots = this.#slots;
    const nowTick = Math.floor(this.#clock.monotonic() / this.tickMs);
    // After a stall longer than a round each slot is visited once.
    const steps = Math.min(nowTick - this.#lastTick, slots.length);
    for (let step = 1; step <= steps; step++) this.#collect(slots[(this.#lastTick + step) & (slots.length - 1)], nowTick);
    this.#lastTick = nowTick;
    const firing = this.#firing;
    while (firing.wheelNext !== firing) {
      const entry = firing.wheelNext!;
      unlink(entry);
      this.#size--;
      try {
        entry.expired();
      } catch (error) {
        this.#onError(error);
      }
    }
    this.#timer = this.#size > 0 ? this.#timers.setTimeout(this.#onTick, this.tickMs) : undefined;
  }

  /** Due entries move to the firing list first: what `expired` schedules or cancels cannot break the walk. */
  #collect(slot: WheelList | undefined, nowTick: number): void {
    if (slot === undefined) return;
    let entry = slot.wheelNext!;
    while (entry !== slot) {
      const next = entry.wheelNext!;
      if (entry.wheelTick <= nowTick) {
        unlink(entry);
        this.#firing.append(entry);
      }
      entry = next;
    }
  }
}

const rethrow = (error: unknown): never => {
  throw error;
};
