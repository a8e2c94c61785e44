/** What may be deleted. Given to each pass of {@link MessageStore.clean}, so that it can change at any time. */
export interface RetentionPolicy {
  /** Messages may be deleted this long (ms) after they were stored. Undefined: not for their age. */
  readonly ageMs?: number | undefined;
  /** False: not now (a quiet hour is awaited), except what expired `overdueMs` ago. Default true. */
  readonly deleteExpired?: boolean | undefined;
  readonly overdueMs?: number | undefined;
  /** The log takes at most this many bytes of the disk, and a segment. Undefined: as many as there are. */
  readonly logBytesMax?: number | undefined;
  /** What is done when the disk fills up. */
  readonly disk?: DiskPolicy | undefined;
  /** Topics that keep less than the log does. */
  readonly topics?: Iterable<TopicRetention> | undefined;
}

/** Parts are 0 to 1, of the file system's size. */
export interface DiskPolicy {
  /** Above it what has expired is deleted without waiting for a quiet hour. */
  readonly maxUsedRatio: number;
  /** Above it the oldest segments are deleted before they expire. Undefined: never. */
  readonly cleanForciblyRatio: number | undefined;
  /** With so many bytes free the ratios do not matter. */
  readonly freeBytesEnough: number;
}

/** How much a topic keeps. Messages beyond are not readable any more; their space comes back with their segments. */
export interface TopicRetention {
  readonly topic: string;
  readonly ageMs?: number | undefined;
  /** Bytes of its records, of all its queues together. */
  readonly bytes?: number | undefined;
}

/** What a pass did. */
export interface CleanReport {
  readonly deletedSegments: number;
  /** What they took on the disk. */
  readonly deletedBytes: number;
  /** Segments among them that had not expired. */
  readonly deletedForcibly: number;
  /** Queues whose smallest offset moved because of their topic's settings. */
  readonly trimmedQueues: number;
  /** Where the log begins now. */
  readonly minPosition: number;
}
