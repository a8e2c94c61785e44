/** How late the event loop comes to what is due, milliseconds. */
export interface LoopDelays {
  readonly p50: number;
  readonly p99: number;
  readonly p999: number;
  readonly max: number;
}

/** Watches the event loop. */
export interface LoopDelay {
  /** Since this was asked last; undefined when asked for the first time, which is when watching begins. */
  take(): LoopDelays | undefined;
}
