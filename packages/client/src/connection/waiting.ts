import type { Runtime } from '@kitemq/runtime';
import { KiteError } from '@kitemq/runtime';
import { aborted } from '../errors.ts';

/** Throws `KITE_ABORTED` when the signal is aborted. */
export function throwIfAborted(what: string, signal: AbortSignal | undefined): void {
  if (signal?.aborted === true) throw aborted(what, signal.reason);
}

/** The promise, or `KITE_ABORTED` as soon as the signal is. The work behind the promise goes on: it is shared. */
export function abortable<T>(what: string, promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return promise;
  throwIfAborted(what, signal);
  return new Promise<T>((resolve, reject) => {
    const onAbort = (): void => reject(aborted(what, signal.reason));
    signal.addEventListener('abort', onAbort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
}

/** The time a call may take, all its steps together. */
export class Deadline {
  readonly #runtime: Runtime;
  readonly #endsAt: number;
  readonly timeoutMs: number;

  constructor(runtime: Runtime, timeoutMs: number) {
    this.#runtime = runtime;
    this.timeoutMs = timeoutMs;
    this.#endsAt = runtime.clock.monotonic() + timeoutMs;
  }

  get remainingMs(): number {
    return this.#endsAt - this.#runtime.clock.monotonic();
  }

  /** What is left, at least 1. @throws KiteError `KITE_TIMEOUT` when nothing is. */
  left(what: string, cause?: unknown): number {
    const remaining = this.remainingMs;
    if (remaining <= 0) {
      throw new KiteError('KITE_TIMEOUT', `${what} did not succeed within ${this.timeoutMs} ms`, { retryable: true, cause });
    }
    return Math.max(1, remaining);
  }
}
