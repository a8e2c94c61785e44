/** A simulation that went wrong: the message says with which seed, when, and how to see it again. */
export class SimulationFailure extends Error {
  readonly seed: number;
  readonly virtualMs: number;

  constructor(options: { seed: number; virtualMs: number; rerun: string; cause: unknown }) {
    const { seed, virtualMs, rerun, cause } = options;
    const what = cause instanceof Error ? cause.message : String(cause);
    super(`${what}\n  seed ${seed}, at ${virtualMs.toFixed(3)} ms of virtual time; run it again: ${rerun}`, { cause });
    this.name = 'SimulationFailure';
    this.seed = seed;
    this.virtualMs = virtualMs;
  }
}
