/** Where the code learns what time it is. Nothing outside `packages/runtime` reads the machine's clock. */
export interface Clock {
  /** Wall-clock time in milliseconds since the epoch (an integer). May jump; use it for timestamps only. */
  now(): number;
  /** Milliseconds since an arbitrary start (fractional), never decreasing. Use it for durations and deadlines. */
  monotonic(): number;
}
