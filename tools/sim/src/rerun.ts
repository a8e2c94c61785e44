import type { Sabotage } from './scenario.ts';

/** The command that shows a seed again. */
export const rerunCommand = (scenario: string, seed: number, sabotage: Sabotage): string =>
  `node tools/sim/run.mjs --scenario ${scenario} --from ${seed} --seeds 1${sabotage === 'none' ? '' : ` --sabotage ${sabotage}`}`;
