import type { CrashKind, SimulatedRandom } from '@kitemq/simulator';

/** Everything is tiny, as the lives are short. */
export interface RetentionPlan {
  readonly ageMs: number | undefined;
  readonly logBytesMax: number | undefined;
  /** The disk has room for so many bytes more than the log had when the store was opened; segments are deleted when little of it is left. */
  readonly diskBytes: number | undefined;
  /** Of the first topic. */
  readonly topicAgeMs: number | undefined;
  readonly topicBytes: number | undefined;
}

const drawRetentionPlan = (random: SimulatedRandom): RetentionPlan => ({
  ageMs: random.pick([undefined, 10, 50, 300]),
  logBytesMax: random.pick([undefined, undefined, 5000, 20_000, 100_000]),
  diskBytes: random.pick([undefined, undefined, 10_000, 40_000]),
  topicAgeMs: random.pick([undefined, undefined, 5, 40]),
  topicBytes: random.pick([undefined, undefined, 300, 5000]),
});

/** What a seed decides about the store and its misfortunes. */
export interface StorePlan {
  readonly flushMode: 'sync' | 'async';
  readonly segmentBytes: number;
  readonly slabBytes: number;
  readonly hotTailBytes: number;
  readonly checkpointIntervalMs: number;
  readonly checkpointBytes: number;
  readonly offsetFlushIntervalMs: number;
  readonly asyncFlushIntervalMs: number;
  readonly syncFlushTimeoutMs: number;
  readonly bodyBytesMax: number;
  /** Small: parts of the key index become runs. */
  readonly keyPartEntries: number;
  readonly lives: number;
  readonly crashKinds: readonly CrashKind[];
  /** The disk fills up now and then. */
  readonly fullDisk: boolean;
  /** Some datasyncs take longer than senders wait. */
  readonly slowDisk: boolean;
  /** Some datasyncs fail. */
  readonly failingDisk: boolean;
  /** Any write, flush, rename, directory sync or commit fails now and then, also while a store is starting. */
  readonly failsAnywhere: boolean;
  /** What may be deleted. */
  readonly retention: RetentionPlan | undefined;
  /** Each life finds the wall clock somewhere else. */
  readonly wrongClock: boolean;
  /** Some reads fail while the store runs. */
  readonly failingReads: boolean;
  /** Topics are removed and made again, and groups are removed. */
  readonly removes: boolean;
  /** Of one more topic. */
  readonly manyQueues: number;
  /** A life that crashes does so within so many changes of the disk. */
  readonly operationsMax: number;
  /** With more waiting for the disk, everything is refused. */
  readonly inFlightBytesMax: number;
  /** In the end, a part of the log before the checkpoint is lost. */
  readonly losesLog: boolean;
}

export const drawStorePlan = (random: SimulatedRandom): StorePlan => {
  const manyQueues = random.chance(0.01) ? random.pick([300, 1000, 2000]) : 0;
  return {
    flushMode: random.pick(['sync', 'sync', 'async'] as const),
    // Where all queues stand is said in records that are no longer than a segment: with many queues in several.
    segmentBytes: manyQueues > 0 ? 4096 : random.pick([4096, 8192, 32_768, 1 << 18]),
    slabBytes: random.pick([1024, 4096, 65_536]),
    hotTailBytes: random.pick([0, 2048, 65_536]),
    checkpointIntervalMs: random.pick([2, 10, 50, 10_000]),
    checkpointBytes: random.pick([1, 4096, 1 << 20]),
    offsetFlushIntervalMs: random.pick([2, 10, 100]),
    asyncFlushIntervalMs: random.pick([2, 10, 100]),
    syncFlushTimeoutMs: random.pick([1, 50]),
    bodyBytesMax: random.pick([16, 200, 3000]),
    lives: 2 + random.below(4),
    crashKinds: random.pick<readonly CrashKind[]>([['kill'], ['powerCut'], ['kill', 'powerCut']]),
    fullDisk: random.chance(0.15),
    slowDisk: random.chance(0.15),
    failingDisk: random.chance(0.1),
    wrongClock: random.chance(0.15),
    failsAnywhere: random.chance(0.1),
    failingReads: random.chance(0.15),
    removes: manyQueues > 0 || random.chance(0.4),
    manyQueues,
    operationsMax: manyQueues > 0 ? 2000 : 120,
    inFlightBytesMax: random.pick([1024, 1 << 20, 1 << 20, 1 << 20, 1 << 20, 1 << 20]),
    losesLog: random.chance(0.1),
    retention: manyQueues > 0 || random.chance(0.6) ? drawRetentionPlan(random) : undefined,
    keyPartEntries: random.pick([2, 20, 200, 1 << 18]),
  };
};
