import type { QueueData, TopicList } from '@kitemq/protocol';
import { TopicSysFlag } from '@kitemq/protocol';
import type { RouteTable } from './route-table.ts';

const listOf = (topicList: string[], brokerAddr?: string): TopicList => ({ topicList, brokerAddr });

export const allTopics = (routes: RouteTable): TopicList => listOf([...routes.topics.keys()]);

/** Empty for an unknown cluster. */
export function topicsOfCluster(routes: RouteTable, cluster: string): TopicList {
  const names = routes.clusters.get(cluster) ?? new Set<string>();
  const topics: string[] = [];
  for (const [topic, queues] of routes.topics) {
    for (const brokerName of queues.keys()) {
      if (!names.has(brokerName)) continue;
      topics.push(topic);
      break;
    }
  }
  return listOf(topics);
}

/** Cluster and broker names, which are reserved as topic names, and a broker that knows the other system topics. */
export function systemTopics(routes: RouteTable): TopicList {
  const names = [...routes.clusters].flatMap(([cluster, brokers]) => [cluster, ...brokers]);
  for (const { brokerAddrs } of routes.brokers.values()) {
    for (const address of brokerAddrs.values()) return listOf(names, address);
  }
  return listOf(names);
}

const isUnit = (flag: number): boolean => (flag & TopicSysFlag.unit) !== 0;
const hasUnitSubscription = (flag: number): boolean => (flag & TopicSysFlag.unitSubscription) !== 0;

const topicsByFlag = (routes: RouteTable, matches: (topicSysFlag: number) => boolean): TopicList => {
  const firstOf = (queues: ReadonlyMap<string, QueueData>): QueueData | undefined => queues.values().next().value;
  return listOf([...routes.topics].filter(([, queues]) => matches(firstOf(queues)?.topicSysFlag ?? 0)).map(([topic]) => topic));
};

export const unitTopics = (routes: RouteTable): TopicList => topicsByFlag(routes, isUnit);
export const unitSubscriptionTopics = (routes: RouteTable): TopicList => topicsByFlag(routes, hasUnitSubscription);
export const unitSubscriptionNotUnitTopics = (routes: RouteTable): TopicList => topicsByFlag(routes, (sysFlag) => hasUnitSubscription(sysFlag) && !isUnit(sysFlag));
