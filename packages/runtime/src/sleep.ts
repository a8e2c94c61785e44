import { KiteError } from './errors.ts';
import type { Timers } from './timers.ts';

/** Resolves after `delayMs`. @throws KiteError `KITE_ABORTED` as soon as `signal` aborts. */
export const sleep = (timers: Timers, delayMs: number, signal?: AbortSignal): Promise<void> =>
  new Promise((resolve, reject) => {
    const aborted = (): KiteError => new KiteError('KITE_ABORTED', 'waiting was cancelled', { cause: signal?.reason });
    if (signal?.aborted) return reject(aborted());
    const onAbort = (): void => {
      timers.clear(timer);
      reject(aborted());
    };
    const timer = timers.setTimeout(() => {
      signal?.removeEventListener('abort', onAbort);
      resolve();
    }, delayMs);
    signal?.addEventListener('abort', onAbort, { once: true });
  });
