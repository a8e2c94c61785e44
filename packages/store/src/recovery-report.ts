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
  /** Broken bytes moved aside (never deleted): files and how many bytes. */
  readonly quarantined: readonly { readonly path: string; readonly bytes: number; readonly reason: string }[];
  readonly viewsRebuilt: boolean;
  /** Monotonic duration of start-up. */
  readonly durationMs: number;
}
