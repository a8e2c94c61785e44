import type { TimerHandle, Timers } from '@kitemq/runtime';

/** One loop waits, others wake it. A wake-up while nobody waits is kept for the next wait. */
export class WakeUp {
  readonly #timers: Timers;
  #pending = false;
  #resume: (() => void) | undefined;

  constructor(timers: Timers) {
    this.#timers = timers;
  }

  wake(): void {
    this.#pending = true;
    this.#resume?.();
  }

  /** Resolves when woken, after `timeoutMs`, or when the signal is aborted; never rejects. */
  wait(timeoutMs: number, signal: AbortSignal): Promise<void> {
    if (this.#pending || signal.aborted) {
      this.#pending = false;
      return Promise.resolve();
    }
    return new Promise<void>((resolve) => {
      let handle: TimerHandle | undefined;
      const resume = (): void => {
        this.#pending = false;
        this.#resume = undefined;
        this.#timers.clear(handle);
        signal.removeEventListener('abort', resume);
        resolve();
      };
      this.#resume = resume;
      handle = this.#timers.setTimeout(resume, timeoutMs);
      signal.addEventListener('abort', resume, { once: true });
    });
  }
}
