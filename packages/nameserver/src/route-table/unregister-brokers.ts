import { Permission } from '@kitemq/protocol';
import type { LiveTable } from '../liveness/live-table.ts';
import type { BrokerEntry } from './broker-entry.ts';
import { minBrokerId } from './broker-entry.ts';
import type { BrokerIdentity, RouteTable } from './route-table.ts';
import { filterServerKey } from './route-table.ts';

/** A group that lost its smallest id and has members left. */
export interface LostMinimum {
  readonly brokerName: string;
  readonly offlineBrokerAddr: string;
}

/**
 * Takes brokers out of the routes, a batch at a time so that the topics are walked once. A group without members goes with its
 * queues; of a group that may have an acting master and lost its master, the queues become read-only.
 */
export function unregisterBrokers(routes: RouteTable, live: LiveTable, batch: readonly BrokerIdentity[]): LostMinimum[] {
  const removed = new Set<string>();
  const reduced = new Set<string>();
  const lostMinimum: LostMinimum[] = [];
  for (const broker of batch) {
    live.remove(broker.clusterName, broker.brokerAddr);
    routes.filterServers.delete(filterServerKey(broker.clusterName, broker.brokerAddr));
    const entry = routes.brokers.get(broker.brokerName);
    if (entry === undefined) continue;
    const wasMinimum = minBrokerId(entry.brokerAddrs) === broker.brokerId;
    removeAddress(entry, broker.brokerAddr);
    if (entry.brokerAddrs.size > 0) {
      reduced.add(broker.brokerName);
      if (wasMinimum) lostMinimum.push({ brokerName: broker.brokerName, offlineBrokerAddr: broker.brokerAddr });
    } else {
      routes.brokers.delete(broker.brokerName);
      removeFromClusters(routes, broker.brokerName);
      removed.add(broker.brokerName);
    }
  }
  for (const brokerName of removed) reduced.delete(brokerName);
  cleanTopics(routes, removed, [...reduced].filter((name) => routes.brokers.get(name)!.enableActingMaster && !routes.hasMaster(name)));
  routes.changed();
  return lostMinimum.filter(({ brokerName }) => routes.brokers.get(brokerName)?.enableActingMaster);
}

function removeAddress(entry: BrokerEntry, address: string): void {
  for (const [id, each] of entry.brokerAddrs) if (each === address) entry.brokerAddrs.delete(id);
}

function removeFromClusters(routes: RouteTable, brokerName: string): void {
  for (const [cluster, names] of routes.clusters) {
    if (names.delete(brokerName) && names.size === 0) routes.clusters.delete(cluster);
  }
}

function cleanTopics(routes: RouteTable, removed: ReadonlySet<string>, readOnly: readonly string[]): void {
  if (removed.size === 0 && readOnly.length === 0) return;
  for (const [topic, queues] of routes.topics) {
    for (const brokerName of removed) if (queues.has(brokerName)) routes.deleteQueues(topic, brokerName);
    for (const brokerName of readOnly) {
      const queue = queues.get(brokerName);
      if (queue !== undefined) queues.set(brokerName, { ...queue, perm: queue.perm & ~Permission.write });
    }
  }
}
