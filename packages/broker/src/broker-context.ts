import type { Logger, Runtime, TaskScope } from '@kitemq/runtime';
import type { MessageStore } from '@kitemq/store';
import type { BrokerSettings } from './config/broker-settings.ts';
import type { ClientRegistry } from './groups/client-registry.ts';
import type { DiskGuard } from './produce/disk-guard.ts';
import type { ShardPlace } from './shards/shard-place.ts';
import type { QueueLocks } from './locks/queue-locks.ts';
import type { BrokerStats } from './stats/broker-stats.ts';
import type { GroupTable } from './subscription-groups/group-table.ts';
import type { TopicTable } from './topics/topic-table.ts';

/** What the capabilities of a broker share. */
export interface BrokerContext {
  readonly runtime: Runtime;
  readonly logger: Logger;
  /** Owns the broker's timers and background work. */
  readonly scope: TaskScope;
  /** Read anew on each use: some settings change at run time. */
  readonly config: BrokerSettings;
  readonly store: MessageStore;
  readonly topics: TopicTable;
  readonly groups: GroupTable;
  readonly clients: ClientRegistry;
  readonly locks: QueueLocks;
  readonly stats: BrokerStats;
  readonly diskGuard: DiskGuard;
  /** `host:port` that clients are told. */
  readonly address: () => string;
  /** 4 or 16 address bytes and the port: the store host of messages. */
  readonly storeHost: Uint8Array;
  /** Delay in ms of each level, from level 1 on. */
  readonly delayLevels: readonly number[];
  /** Bytes of RAM that rules of the protocol measure against. */
  readonly memoryBytes: number;
  /** Which of the process's shards this broker is; undefined when it is the only one. */
  readonly shard: ShardPlace | undefined;
}
