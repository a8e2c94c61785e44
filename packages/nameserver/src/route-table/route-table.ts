import type { BrokerData, ClusterInfo, QueueData, TopicConfig, TopicQueueMappingInfo, TopicRouteData } from '@kitemq/protocol';
import { isWriteable, Permission } from '@kitemq/protocol';
import type { BrokerEntry } from './broker-entry.ts';
import { brokerDataOf, masterId, minBrokerId, showActingMaster } from './broker-entry.ts';

/** Who a member of a broker group is. */
export interface BrokerIdentity {
  readonly clusterName: string;
  readonly brokerName: string;
  readonly brokerAddr: string;
  readonly brokerId: number;
}

/** Topics under this prefix are how old brokers ask for their group: never relabelled. */
const memberTopicPrefix = 'rmq_sys_SYNC_BROKER_MEMBER_';

/** Which topic has which queues on which broker, who the brokers are, and which cluster they form. Rules that change it are in `register-broker.ts` and `unregister-brokers.ts`. */
export class RouteTable {
  /** Topic → broker name → queues. */
  readonly topics: Map<string, Map<string, QueueData>> = new Map();
  readonly brokers: Map<string, BrokerEntry> = new Map();
  /** Cluster → broker names. */
  readonly clusters: Map<string, Set<string>> = new Map();
  /** Filter servers by `cluster\naddress`. */
  readonly filterServers: Map<string, string[]> = new Map();
  /** Static topics: topic → broker name → mapping. */
  readonly mappings: Map<string, Map<string, TopicQueueMappingInfo>> = new Map();
  /** Goes up with every change, so that answers can be kept until then. */
  version = 0;

  changed(): void {
    this.version++;
  }

  /** Undefined: no queues, or no broker, of that topic. */
  route(topic: string, supportActingMaster: boolean): TopicRouteData | undefined {
    const queues = this.topics.get(topic);
    if (queues === undefined) return undefined;
    const brokerDatas: BrokerData[] = [];
    const filterServerTable = new Map<string, string[]>();
    for (const brokerName of queues.keys()) {
      const entry = this.brokers.get(brokerName);
      if (entry === undefined) continue;
      const data = brokerDataOf(entry);
      brokerDatas.push(data);
      this.addFilterServers(data, filterServerTable);
      if (supportActingMaster && entry.enableActingMaster && !topic.startsWith(memberTopicPrefix) && !isWriteable(queues.get(brokerName)!.perm)) showActingMaster(data);
    }
    if (brokerDatas.length === 0) return undefined;
    return { orderTopicConf: undefined, queueDatas: [...queues.values()], brokerDatas, filterServerTable, topicQueueMappingByBroker: this.mappings.get(topic) };
  }

  clusterInfo(): ClusterInfo {
    return {
      brokerAddrTable: new Map(Array.from(this.brokers, ([name, entry]) => [name, brokerDataOf(entry)])),
      clusterAddrTable: new Map(Array.from(this.clusters, ([cluster, names]) => [cluster, [...names]])),
    };
  }

  /** Sets the queues that a broker has for a topic. */
  setQueues(brokerName: string, config: TopicConfig): void {
    let queues = this.topics.get(config.topicName);
    if (queues === undefined) {
      queues = new Map();
      this.topics.set(config.topicName, queues);
    }
    const { readQueueNums, writeQueueNums, perm, topicSysFlag } = config;
    queues.set(brokerName, { brokerName, readQueueNums, writeQueueNums, perm, topicSysFlag });
    this.changed();
  }

  /** Registers one topic's queues (217); false, and nothing happens, when a broker is unknown. */
  registerTopic(topic: string, queueDatas: readonly QueueData[]): boolean {
    if (queueDatas.length === 0 || queueDatas.some((queue) => !this.brokers.has(queue.brokerName))) return false;
    const queues = this.topics.get(topic) ?? new Map<string, QueueData>();
    for (const queue of queueDatas) queues.set(queue.brokerName, queue);
    this.topics.set(topic, queues);
    this.changed();
    return true;
  }

  /** Removes a topic; with a cluster, only from the brokers of that cluster. */
  deleteTopic(topic: string, cluster: string | undefined): void {
    if (cluster === undefined || cluster === '') {
      this.topics.delete(topic);
      this.mappings.delete(topic);
      return this.changed();
    }
    for (const brokerName of this.clusters.get(cluster) ?? []) this.deleteQueues(topic, brokerName);
  }

  /** Removes a broker's queues of a topic, and the topic with its last ones. */
  deleteQueues(topic: string, brokerName: string): void {
    const queues = this.topics.get(topic);
    if (queues === undefined || !queues.delete(brokerName)) return;
    if (queues.size === 0) {
      this.topics.delete(topic);
      this.mappings.delete(topic);
    }
    this.changed();
  }

  /** Changes the permission of all queues of a broker; returns how many topics it has. */
  changePermission(brokerName: string, change: 'wipeWrite' | 'readWrite'): number {
    let count = 0;
    for (const queues of this.topics.values()) {
      const queue = queues.get(brokerName);
      if (queue === undefined) continue;
      const perm = change === 'wipeWrite' ? queue.perm & ~Permission.write : Permission.read | Permission.write;
      queues.set(brokerName, { ...queue, perm });
      count++;
    }
    if (count > 0) this.changed();
    return count;
  }

  hasMaster(brokerName: string): boolean {
    const entry = this.brokers.get(brokerName);
    return entry !== undefined && minBrokerId(entry.brokerAddrs) === masterId;
  }

  /** The group member with this address. */
  findByAddress(cluster: string, address: string): BrokerIdentity | undefined {
    for (const entry of this.brokers.values()) {
      if (entry.cluster !== cluster) continue;
      for (const [brokerId, brokerAddr] of entry.brokerAddrs) {
        if (brokerAddr === address) return { clusterName: cluster, brokerName: entry.brokerName, brokerAddr, brokerId };
      }
    }
    return undefined;
  }

  private addFilterServers(broker: BrokerData, into: Map<string, string[]>): void {
    if (this.filterServers.size === 0) return;
    for (const address of broker.brokerAddrs.values()) {
      const servers = this.filterServers.get(filterServerKey(broker.cluster, address));
      if (servers !== undefined) into.set(address, servers);
    }
  }
}

export const filterServerKey = (cluster: string, address: string): string => `${cluster}\n${address}`;
