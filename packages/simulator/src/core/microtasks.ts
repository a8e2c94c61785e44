import { setFlagsFromString } from 'node:v8';

/** Runs all microtasks that wait, before returning. */
export type DrainMicrotasks = () => void;

/**
 * V8's own checkpoint, callable from JavaScript: a simulated event and the promises behind it take a fraction of a microsecond
 * instead of a turn of the real event loop. Works outside of microtasks only. Undefined where this V8 has no such thing.
 */
export const findDrain = (): DrainMicrotasks | undefined => {
  let drain: DrainMicrotasks;
  try {
    setFlagsFromString('--allow-natives-syntax');
    drain = new Function('%PerformMicrotaskCheckpoint();') as DrainMicrotasks;
    let ran = false;
    queueMicrotask(() => queueMicrotask(() => (ran = true)));
    drain();
    return ran ? drain : undefined;
  } catch {
    return undefined;
  } finally {
    setFlagsFromString('--no-allow-natives-syntax');
  }
};
