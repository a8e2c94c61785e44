import type { Random } from './random.ts';

export interface BackoffOptions {
  readonly random: Random;
  /** Upper end of the first delay, milliseconds. */
  readonly firstMs: number;
  /** No delay is longer. */
  readonly maxMs: number;
  /** Each delay's upper end is so many times the one before. Default 2. */
  readonly factor?: number;
  /** Which share of a delay is left to chance, 0 to 1, so that many peers do not come back at once. Default 0.5. */
  readonly jitter?: number;
}

/** How long to wait before trying again: growing, bounded, and different for each peer. */
export class Backoff {
  readonly #options: Required<BackoffOptions>;
  #attempts = 0;

  constructor(options: BackoffOptions) {
    this.#options = { factor: 2, jitter: 0.5, ...options };
  }

  /** Delays handed out since the last reset. */
  get attempts(): number {
    return this.#attempts;
  }

  /** The next delay in milliseconds. */
  next(): number {
    const { random, firstMs, maxMs, factor, jitter } = this.#options;
    const full = Math.min(maxMs, firstMs * factor ** this.#attempts);
    this.#attempts++;
    return full * (1 - jitter * random.float());
  }

  /** After a success: start again from the first delay. */
  reset(): void {
    this.#attempts = 0;
  }
}
