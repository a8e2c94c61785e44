import type { Timers } from '@kitemq/runtime';
import { RingQueue } from '@kitemq/runtime';

/** Bytes of messages that pulls are answered with in one turn of the event loop, about: three times 32 × 1 KiB, some 0.1 ms. With four times as much, sends beside eight readers lose 28 % of their rate instead of 17 %, and readers alone gain nothing. */
export const turnBytesMax: number = 96 * 1024;

/** Most pulls that wait for the next turn; more are carried out at once. */
const waitingMax = 100_000;

/**
 * Shares the event loop between pulls and all else. However many readers catch up, their pulls take a part of each turn only; the others go on in the
 * next, after the sends that have arrived meanwhile.
 */
export class PullTurns<T> {
  readonly #timers: Timers;
  readonly #run: (pull: T) => void;
  readonly #waiting: RingQueue<T> = new RingQueue(waitingMax);
  #spent = 0;
  /** The next turn is on its way. */
  #isComing = false;

  /** `run` carries a pull out that had to wait. */
  constructor(timers: Timers, run: (pull: T) => void) {
    this.#timers = timers;
    this.#run = run;
  }

  /** Pulls that wait for a turn. */
  get waiting(): number {
    return this.#waiting.length;
  }

  /** True when the pull may be carried out now; otherwise it is run in a later turn. */
  admits(pull: T): boolean {
    return this.#spent < turnBytesMax || !this.#waiting.push(pull);
  }

  /** A pull was answered with so many bytes. */
  spend(bytes: number): void {
    this.#spent += bytes;
    this.#comeAgain();
  }

  /** Runs all that wait; at shutdown. */
  runAll(): void {
    for (let pull = this.#waiting.shift(); pull !== undefined; pull = this.#waiting.shift()) this.#run(pull);
  }

  readonly #begin = (): void => {
    this.#isComing = false;
    this.#spent = 0;
    while (this.#spent < turnBytesMax) {
      const pull = this.#waiting.shift();
      if (pull === undefined) return;
      this.#run(pull);
    }
    // What was run may have been answered from disk later, or with nothing: nobody else would begin the next turn.
    if (this.#waiting.length > 0) this.#comeAgain();
  };

  #comeAgain(): void {
    if (this.#isComing) return;
    this.#isComing = true;
    this.#timers.setImmediate(this.#begin);
  }
}
