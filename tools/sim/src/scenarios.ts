import { clusterScenario } from './cluster/cluster-scenario.ts';
import { compactionScenario } from './compaction/compaction-scenario.ts';
import type { Scenario } from './scenario.ts';
import { storeScenario } from './store/store-scenario.ts';

/** By name, for the command line. */
export const scenarios: Readonly<Record<string, Scenario>> = {
  store: storeScenario,
  cluster: clusterScenario,
  compaction: compactionScenario,
};
