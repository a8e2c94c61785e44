/** How the program under test is sabotaged, to see that a scenario notices. */
export type Sabotage = 'none' | 'ack-before-write' | 'ack-before-sync';

/** What a life went through, for the summary of a run: how often what happened. */
export interface LifeCounts {
  readonly lives: number;
  readonly kills: number;
  readonly powerCuts: number;
  readonly cleanStops: number;
  readonly acknowledged: number;
  /** Of the log, by retention. */
  readonly deletedSegments?: number;
  /** Smallest offsets moved by the settings of a topic. */
  readonly trimmedQueues?: number;
  /** Starts that a failing disk made fail. */
  readonly failedStarts?: number;
  /** Sends that the disk did not confirm in time. */
  readonly flushTimeouts?: number;
  /** Sends from inside of a completion. */
  readonly sequels?: number;
  /** Of topics. */
  readonly removals?: number;
  readonly refusedRemovals?: number;
  /** Reads that a failing disk made fail. */
  readonly failedReads?: number;
  /** With a segment that somebody took away. */
  readonly lostMessages?: number;
  readonly events: number;
}

/** One story told from a seed. It throws when a promise is broken. */
export type Scenario = (seed: number, sabotage: Sabotage) => Promise<LifeCounts>;
