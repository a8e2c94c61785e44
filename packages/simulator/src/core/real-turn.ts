import { nodeRuntime } from '@kitemq/runtime';

const { timers } = nodeRuntime();

/** Runs `work` in a turn of the real event loop, outside of any microtask, and lets the turn end. @throws what `work` throws */
export const realTurn = (work: () => void): Promise<void> =>
  new Promise((resolve, reject) => {
    timers.setImmediate(() => {
      try {
        work();
        resolve();
      } catch (error) {
        reject(error as Error);
      }
    });
  });
