/** How the program under test is sabotaged, to see that a scenario notices. */
export type Sabotage = 'none' | 'ack-before-write' | 'ack-before-sync';

/** What a life went through, for the summary of a run: how often what happened. */
export interface LifeCounts {
  readonly lives: number;
  readonly kills: number;
  readonly powerCuts: number;
  readonly cleanStops: number;
  readonly acknowledged: number;
  readonly events: number;
}

/** One story told from a seed. It throws when a promise is broken. */
export type Scenario = (seed: number, sabotage: Sabotage) => Promise<LifeCounts>;
