/** How far an import is. Numbers are bytes of the log; `carry` has none. */
export interface ImportProgress {
  readonly step: 'take' | 'replay' | 'carry';
  readonly done: number;
  readonly total: number;
}

/** What was done with things that are no messages: counts by what they are, and sentences on what is not as it was. */
export interface Carried {
  readonly counts: Readonly<Record<string, number>>;
  readonly notes: readonly string[];
}

export interface ImportReport {
  readonly source: string;
  readonly target: string;
  readonly how: 'copied' | 'linked' | 'in place';
  /** Commit log files, their bytes up to the end of the log, and the size of a file. */
  readonly segments: number;
  readonly bytes: number;
  readonly segmentBytes: number;
  /** Records in the log and queues they are in. */
  readonly records: number;
  readonly queues: number;
  readonly carried: Readonly<Record<string, number>>;
  /** What is not as it was, each a sentence. Empty when everything is. */
  readonly notes: readonly string[];
  /** Milliseconds: copying or linking, reading the log into views, all. */
  readonly takeMs: number;
  readonly replayMs: number;
  readonly durationMs: number;
}
