import type { BrokerSettings } from '@kitemq/broker';
import type { CrashKind, SimulatedRandom } from '@kitemq/simulator';

/** What a seed decides about the cluster and its misfortunes. */
export interface ClusterPlan {
  readonly flushDiskType: BrokerSettings['flushDiskType'];
  readonly queues: number;
  readonly producers: number;
  readonly consumers: number;
  /** Messages that each producer sends. */
  readonly messages: number;
  readonly bodyBytesMax: number;
  /** Crashes of the broker. */
  readonly crashes: number;
  readonly crashKinds: readonly CrashKind[];
  readonly flushConsumerOffsetInterval: number;
  readonly commitIntervalMs: number;
  readonly lossProbability: number;
  readonly resetProbability: number;
  /** Now and then two machines cannot reach each other, or a connection ends without a word. */
  readonly cutCables: boolean;
}

export const drawClusterPlan = (random: SimulatedRandom): ClusterPlan => {
  const flushDiskType = random.pick(['SYNC_FLUSH', 'SYNC_FLUSH', 'ASYNC_FLUSH'] as const);
  return {
    flushDiskType,
    queues: 1 + random.below(4),
    producers: 1 + random.below(2),
    consumers: 1 + random.below(2),
    messages: 10 + random.below(20),
    bodyBytesMax: random.pick([16, 300, 6000]),
    crashes: 1 + random.below(3),
    // A broker that flushes later promises to survive its own end, not that of its machine.
    crashKinds: flushDiskType === 'ASYNC_FLUSH' ? ['kill'] : random.pick<readonly CrashKind[]>([['kill'], ['powerCut'], ['kill', 'powerCut']]),
    flushConsumerOffsetInterval: random.pick([10, 100, 1000]),
    commitIntervalMs: random.pick([20, 200]),
    lossProbability: random.pick([0, 0, 0.01]),
    resetProbability: random.pick([0, 0, 0.003]),
    cutCables: random.chance(0.3),
  };
};
