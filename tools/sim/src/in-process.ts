import type { Runtime } from '@kitemq/runtime';
import type { SimulatedProcess } from '@kitemq/simulator';

/** Runs code of the process until it ends or the process dies. @throws what the code throws, unless the process died before */
export const inProcess = async (process: SimulatedProcess, task: (runtime: Runtime) => Promise<void>): Promise<void> => {
  const ended = new Promise<void>((resolve, reject) => {
    process.spawn((runtime) => {
      const isAlive = (): boolean => process.alive && process.runtime === runtime;
      return task(runtime).then(resolve, (error: unknown) => (isAlive() ? reject(error) : resolve()));
    });
  });
  await Promise.race([ended, process.died()]);
  process.disk.crashAfterOperations(undefined);
};
