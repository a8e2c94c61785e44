export type { Cluster, ClusterBroker, ClusterOptions } from './start-cluster.ts';
export { startCluster } from './start-cluster.ts';
export { LoopbackNetwork } from './loopback-network.ts';
export { MemoryDisk } from './memory-disk.ts';
