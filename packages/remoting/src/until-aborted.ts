import type { Timers } from '@kitemq/runtime';
import { KiteError } from '@kitemq/runtime';

interface WaitLimits {
  readonly timers: Timers;
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
  /** Who is waited for, for the error's text. */
  readonly address: string;
}

/** Waits for a connection attempt that others wait for too: the end of this wait does not end the attempt. @throws KiteError `KITE_CONNECT_TIMEOUT` | `KITE_ABORTED` */
export function untilAborted<T>(attempt: Promise<T>, { timers, timeoutMs, signal, address }: WaitLimits): Promise<T> {
  return new Promise((resolve, reject) => {
    const aborted = (): void => finish(() => reject(new KiteError('KITE_ABORTED', `Waiting for a connection to ${address} was cancelled.`, { cause: signal?.reason })));
    const timer = timers.setTimeout(
      () => finish(() => reject(new KiteError('KITE_CONNECT_TIMEOUT', `No connection to ${address} within ${Math.ceil(timeoutMs)} ms.`, { retryable: true, details: { address, timeoutMs } }))),
      timeoutMs,
    );
    const finish = (settle: () => void): void => {
      timers.clear(timer);
      signal?.removeEventListener('abort', aborted);
      settle();
    };
    if (signal?.aborted) return aborted();
    signal?.addEventListener('abort', aborted, { once: true });
    attempt.then(
      (value) => finish(() => resolve(value)),
      (error: unknown) => finish(() => reject(error)),
    );
  });
}
