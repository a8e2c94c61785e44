import type { Clock } from '@kitemq/runtime';

/** Places noted; with {@link notedEveryMs} between them they reach back further than anybody asks. */
const placesKept = 32;
const notedEveryMs = 4_000;

interface NotedPlace {
  readonly time: number;
  readonly written: number;
}

/** Knows from where on the log was written lately, by this process. */
export class RecentWrites {
  readonly #clock: Clock;
  /** Oldest first. */
  readonly #places: NotedPlace[] = [];

  constructor(clock: Clock, written: number) {
    this.#clock = clock;
    this.note(written);
  }

  /** The log is written up to `written` now. */
  note(written: number): void {
    const time = this.#clock.monotonic();
    const last = this.#places.at(-1);
    if (last !== undefined && time - last.time < notedEveryMs) return;
    this.#places.push({ time, written });
    if (this.#places.length > placesKept) this.#places.shift();
  }

  /** Log position from which on all was written in the last `ms`, as far as that is known; Infinity when nothing was. */
  since(ms: number): number {
    const from = this.#clock.monotonic() - ms;
    return this.#places.find(({ time }) => time > from)?.written ?? Infinity;
  }
}
