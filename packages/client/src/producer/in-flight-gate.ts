import type { Deferred } from '@kitemq/runtime';
import { deferred, KiteError } from '@kitemq/runtime';
import { aborted } from '../errors.ts';

/** Callers that may wait for their turn. */
const WAITING_MAX = 100_000;

/** Lets so many through at a time; the others wait in line. */
export class InFlightGate {
  readonly #max: number;
  readonly #waiting = new Set<Deferred<void>>();
  #inside = 0;
  #onEmpty: (() => void)[] = [];

  constructor(max: number) {
    this.#max = max;
  }

  /** @throws KiteError `KITE_TOO_MANY_REQUESTS` | `KITE_ABORTED` */
  enter(what: string, signal: AbortSignal | undefined): Promise<void> | undefined {
    if (this.#inside < this.#max) {
      this.#inside++;
      return undefined;
    }
    return this.#wait(what, signal);
  }

  leave(): void {
    for (const next of this.#waiting) {
      this.#waiting.delete(next);
      next.resolve();
      return;
    }
    this.#inside--;
    if (this.#inside > 0) return;
    const callbacks = this.#onEmpty;
    this.#onEmpty = [];
    for (const callback of callbacks) callback();
  }

  /** Resolves when nobody is inside or waits. */
  empty(): Promise<void> {
    if (this.#inside === 0) return Promise.resolve();
    return new Promise((resolve) => this.#onEmpty.push(resolve));
  }

  #wait(what: string, signal: AbortSignal | undefined): Promise<void> {
    if (this.#waiting.size >= WAITING_MAX) {
      throw new KiteError('KITE_TOO_MANY_REQUESTS', `${what}: ${this.#max} are under way and ${WAITING_MAX} wait; await the results before sending more`, { retryable: true });
    }
    const turn = deferred<void>();
    this.#waiting.add(turn);
    if (signal === undefined) return turn.promise;
    const onAbort = (): void => {
      if (this.#waiting.delete(turn)) turn.reject(aborted(what, signal.reason));
    };
    signal.addEventListener('abort', onAbort, { once: true });
    return turn.promise.finally(() => signal.removeEventListener('abort', onAbort));
  }
}
