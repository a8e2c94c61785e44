/** A part of the log that has no valid record, with valid ones behind it. */
export interface LostRange {
  /** Log positions. */
  readonly from: number;
  readonly until: number;
  readonly reason: string;
}

/** What start-up found and did. */
export interface RecoveryReport {
  /** The last shutdown was orderly. */
  readonly clean: boolean;
  /** Log positions: first kept byte, end of the valid records. */
  readonly minPosition: number;
  readonly maxPosition: number;
  /** Where replay into the views began; `maxPosition - replayedFrom` bytes were replayed. */
  readonly replayedFrom: number;
  readonly replayedRecords: number;
  /** Bytes that were written again because nothing proved that they are on disk: none after an orderly stop. */
  readonly rewrittenBytes: number;
  /** Broken bytes moved aside (never deleted): files and how many bytes. */
  readonly quarantined: readonly { readonly path: string; readonly bytes: number; readonly reason: string }[];
  /** Holes that this start found: broken, missing or all zeros. Messages that were there are gone; queues have blanks in their places. */
  readonly lost: readonly LostRange[];
  /** The views were made from the whole log, because there was no usable checkpoint. */
  readonly viewsRebuilt: boolean;
  /** Monotonic duration of start-up. */
  readonly durationMs: number;
}
