import type { SimulatedEvent } from './event-queue.ts';
import { EventQueue } from './event-queue.ts';
import type { Incarnation } from './incarnation.ts';
import { comesFromCrash } from './incarnation.ts';
import type { DrainMicrotasks } from './microtasks.ts';

/** What a turn of the event loop costs, so that code which only ever asks for another turn does not stop time. */
const turnMs = 0.002;

/** Virtual time and what happens in it, in Node's order: the events of one instant, then the immediates, each with its microtasks. */
export class World {
  /** Milliseconds since the simulation began. */
  now = 0;
  /** The first error that nobody handled. */
  failure: unknown = undefined;
  failed = false;
  /** Events executed. */
  executed = 0;
  /** How to run microtasks between two events; undefined: not at all, the real event loop has to. */
  drain: DrainMicrotasks | undefined = undefined;
  readonly #queue: EventQueue = new EventQueue();
  readonly #quantumMs: number;
  #immediates: SimulatedEvent[] = [];
  #sequence = 0;
  #hash = 0x811c9dc5;

  /** Events are gathered into instants `quantumMs` apart: what falls into one is one turn of the loop, as under load. */
  constructor(quantumMs: number) {
    this.#quantumMs = quantumMs;
  }

  /** Depends on everything that happened, in order. */
  get traceHash(): number {
    return this.#hash >>> 0;
  }

  /** Mixes a number into the trace. */
  trace(value: number): void {
    this.#hash = Math.imul(this.#hash ^ (value | 0), 0x01000193);
  }

  schedule(owner: Incarnation | undefined, delayMs: number, callback: () => void): SimulatedEvent {
    const time = Math.ceil((this.now + Math.max(delayMs, 0)) / this.#quantumMs) * this.#quantumMs;
    const event: SimulatedEvent = { time, sequence: this.#sequence++, owner, callback, cancelled: false };
    this.#queue.push(event);
    return event;
  }

  scheduleImmediate(owner: Incarnation, callback: () => void): SimulatedEvent {
    const event: SimulatedEvent = { time: this.now, sequence: this.#sequence++, owner, callback, cancelled: false };
    this.#immediates.push(event);
    return event;
  }

  /** Runs a callback of `owner` as an event of its own: with its microtasks, and with its errors caught. */
  dispatch(owner: Incarnation | undefined, callback: () => void): void {
    if (owner !== undefined && !owner.alive) return;
    try {
      callback();
    } catch (error) {
      if (!comesFromCrash(error)) this.fail(error);
    }
    this.drain?.();
  }

  fail(error: unknown): void {
    if (this.failed) return;
    this.failed = true;
    this.failure = error;
  }

  /** When the next event is due; infinity when there is none. */
  get nextTime(): number {
    return this.#immediates.length > 0 ? this.now : (this.#queue.peek()?.time ?? Infinity);
  }

  /** True when nothing will ever happen. */
  get idle(): boolean {
    return this.#queue.size === 0 && this.#immediates.length === 0;
  }

  /**
   * Runs until `done` says so, the world is idle or failed, virtual time passes `untilMs`, or `eventsMax` events ran.
   * Without a way to drain microtasks it runs a single event: the caller lets the real event loop turn between two.
   */
  run(done: () => boolean, untilMs: number, eventsMax: number): void {
    let budget = this.drain === undefined ? 1 : eventsMax;
    while (budget > 0 && !this.failed && !done()) {
      const next = this.#queue.peek();
      if (next !== undefined && next.time <= this.now) {
        this.#queue.pop();
        budget -= this.#execute(next);
      } else if (this.#immediates.length > 0) {
        budget -= this.#runImmediates(budget);
      } else if (next === undefined || next.time > untilMs) {
        return;
      } else {
        this.now = next.time;
      }
    }
  }

  #execute(event: SimulatedEvent): number {
    if (event.cancelled || event.owner?.alive === false) return 0;
    this.executed++;
    this.trace(event.time * 1000);
    this.trace(event.sequence);
    this.dispatch(event.owner, event.callback);
    return 1;
  }

  /** Those that wait now; what they ask for comes a turn later. */
  #runImmediates(budget: number): number {
    const batch = this.#immediates;
    this.#immediates = [];
    let ran = 0;
    let index = 0;
    while (index < batch.length && ran < budget) ran += this.#execute(batch[index++]!);
    if (index < batch.length) this.#immediates = batch.slice(index).concat(this.#immediates);
    else this.now += turnMs;
    return ran;
  }
}
