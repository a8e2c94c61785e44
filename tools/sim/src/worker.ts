import type { LifeCounts, Sabotage } from './scenario.ts';
import { scenarios } from './scenarios.ts';

/** What a worker is told, as JSON in its first argument. */
export interface WorkerTask {
  readonly scenario: string;
  readonly sabotage: Sabotage;
  /** Runs seeds `from`, `from + step`, … below `end`. */
  readonly from: number;
  readonly end: number;
  readonly step: number;
}

/** What it says, one JSON line each. */
export type WorkerReport =
  | { readonly kind: 'counts'; readonly seeds: number; readonly totals: Readonly<Record<keyof LifeCounts, number>> }
  | { readonly kind: 'failure'; readonly seed: number; readonly message: string; readonly stack: string };

const reportEverySeeds = 50;

const say = (report: WorkerReport): void => void process.stdout.write(`${JSON.stringify(report)}\n`);

const work = async (task: WorkerTask): Promise<void> => {
  const run = scenarios[task.scenario]!;
  let totals: Record<string, number> = {};
  let seeds = 0;
  const flush = (): void => {
    if (seeds > 0) say({ kind: 'counts', seeds, totals: totals as Record<keyof LifeCounts, number> });
    totals = {};
    seeds = 0;
  };
  for (let seed = task.from; seed < task.end; seed += task.step) {
    try {
      for (const [name, count] of Object.entries(await run(seed, task.sabotage))) totals[name] = (totals[name] ?? 0) + (count as number);
    } catch (error) {
      const { message, stack, cause } = error as Error;
      say({ kind: 'failure', seed, message, stack: (cause as Error | undefined)?.stack ?? stack ?? '' });
    }
    if (++seeds === reportEverySeeds) flush();
  }
  flush();
};

await work(JSON.parse(process.argv[2]!) as WorkerTask);
