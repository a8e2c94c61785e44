import type { DataVersion, RegisterBrokerBody, TopicConfig } from '@kitemq/protocol';
import { Permission } from '@kitemq/protocol';
import type { Channel } from '@kitemq/remoting';
import type { LiveTable } from '../liveness/live-table.ts';
import { brokerTimeoutMsDefault } from '../liveness/live-table.ts';
import type { BrokerEntry } from './broker-entry.ts';
import { masterId, minBrokerId } from './broker-entry.ts';
import type { BrokerIdentity, RouteTable } from './route-table.ts';
import { filterServerKey } from './route-table.ts';

/** A registration, decoded. */
export interface Registration extends BrokerIdentity {
  readonly haServerAddr: string;
  /** Undefined: the broker gave none. */
  readonly timeoutMs: number | undefined;
  /** Undefined: a broker too old to know the option. */
  readonly enableActingMaster: boolean | undefined;
  readonly zoneName: string | undefined;
  readonly body: RegisterBrokerBody;
  readonly channel: Channel;
}

export type RegistrationOutcome =
  /** Applied. The addresses are the master's, for a slave whose master is alive. */
  | { readonly kind: 'registered'; readonly masterAddr?: string; readonly haServerAddr?: string; readonly newChannel: boolean; readonly minIdChanged: boolean }
  /** Answered as if applied: an older state than that of the address that holds the id. */
  | { readonly kind: 'ignored' }
  /** One topic only from a broker id that never registered: it may have lost its topics. */
  | { readonly kind: 'refused' };

export interface RegistrationContext {
  readonly routes: RouteTable;
  readonly live: LiveTable;
  /** Monotonic ms. */
  readonly now: number;
  readonly deleteTopicWithBrokerRegistration: boolean;
}

/** Applies a registration; the rules are Apache's, in its order (RouteInfoManager.registerBroker). */
export function registerBroker(context: RegistrationContext, registration: Registration): RegistrationOutcome {
  const { routes, live } = context;
  const { clusterName, brokerName, brokerId, brokerAddr } = registration;
  const known = routes.brokers.get(brokerName);
  const entry: BrokerEntry = known ?? { cluster: clusterName, brokerName, brokerAddrs: new Map(), zoneName: undefined, enableActingMaster: false };
  const addresses = entry.brokerAddrs;
  const previousMin = minBrokerId(addresses) ?? 0;
  if (known !== undefined) {
    setFlags(entry, registration);
    forgetOtherIds(routes, addresses, registration);
  }
  if (isOutdated(context, addresses.get(brokerId), registration)) {
    live.remove(clusterName, brokerAddr);
    return { kind: 'ignored' };
  }
  if (!addresses.has(brokerId) && registration.body.topicConfigSerializeWrapper.topicConfigTable.size === 1) return { kind: 'refused' };

  const registerFirst = !addresses.has(brokerId);
  if (known === undefined) {
    setFlags(entry, registration);
    routes.brokers.set(brokerName, entry);
  }
  addToCluster(routes, clusterName, brokerName);
  if (addresses.get(brokerId) !== brokerAddr) {
    addresses.set(brokerId, brokerAddr);
    routes.changed();
  }
  applyTopics(context, entry, registration, registerFirst);
  const newChannel = refreshLive(context, registration);
  setFilterServers(routes, registration);
  return { kind: 'registered', newChannel, minIdChanged: brokerId < previousMin, ...masterOf(context, entry, registration) };
}

function setFlags(entry: BrokerEntry, registration: Registration): void {
  entry.enableActingMaster = registration.enableActingMaster ?? false;
  entry.zoneName = registration.zoneName;
}

/** A broker that changed its id: its address stands under one id only. */
function forgetOtherIds(routes: RouteTable, addresses: Map<number, string>, { brokerId, brokerAddr }: Registration): void {
  for (const [id, address] of addresses) {
    if (address !== brokerAddr || id === brokerId) continue;
    addresses.delete(id);
    routes.changed();
  }
}

/** True when another live address holds the id with a newer state: a deposed master that does not know it yet. */
function isOutdated({ live }: RegistrationContext, holder: string | undefined, registration: Registration): boolean {
  if (holder === undefined || holder === registration.brokerAddr) return false;
  const current = live.get(registration.clusterName, holder);
  return current !== undefined && current.dataVersion.stateVersion > registration.body.topicConfigSerializeWrapper.dataVersion.stateVersion;
}

function addToCluster(routes: RouteTable, cluster: string, brokerName: string): void {
  const names = routes.clusters.get(cluster);
  if (names?.has(brokerName)) return;
  if (names === undefined) routes.clusters.set(cluster, new Set([brokerName]));
  else names.add(brokerName);
  routes.changed();
}

/** Topics count from the master, and from the smallest slave of a group without one (brokers that know of acting masters). */
function applyTopics(context: RegistrationContext, entry: BrokerEntry, registration: Registration, registerFirst: boolean): void {
  const { routes, live } = context;
  const { brokerId, brokerName, clusterName, brokerAddr } = registration;
  const isMaster = brokerId === masterId;
  const isPrimeSlave = registration.enableActingMaster !== undefined && !isMaster && brokerId === minBrokerId(entry.brokerAddrs);
  if (!isMaster && !isPrimeSlave) return;
  const { topicConfigTable, topicQueueMappingInfoMap, dataVersion } = registration.body.topicConfigSerializeWrapper;
  const everything = registerFirst || !sameVersion(live.get(clusterName, brokerAddr)?.dataVersion, dataVersion);
  if (context.deleteTopicWithBrokerRegistration && topicQueueMappingInfoMap.size === 0) deleteMissingTopics(routes, brokerName, topicConfigTable);
  const wipeWrite = isPrimeSlave && entry.enableActingMaster;
  for (const config of topicConfigTable.values()) {
    if (!everything && routes.topics.get(config.topicName)?.has(brokerName)) continue;
    routes.setQueues(brokerName, wipeWrite ? { ...config, perm: config.perm & ~Permission.write } : config);
  }
  if (!everything) return;
  for (const [topic, mapping] of topicQueueMappingInfoMap) {
    const byBroker = routes.mappings.get(topic) ?? new Map();
    byBroker.set(mapping.bname, mapping);
    routes.mappings.set(topic, byBroker);
    routes.changed();
  }
}

function deleteMissingTopics(routes: RouteTable, brokerName: string, given: ReadonlyMap<string, TopicConfig>): void {
  const names = new Set(Array.from(given.values(), (config) => config.topicName));
  for (const [topic, queues] of routes.topics) {
    if (queues.has(brokerName) && !names.has(topic)) routes.deleteQueues(topic, brokerName);
  }
}

function refreshLive({ live, now }: RegistrationContext, registration: Registration): boolean {
  return live.put({
    cluster: registration.clusterName,
    address: registration.brokerAddr,
    lastUpdateAt: now,
    timeoutMs: registration.timeoutMs ?? brokerTimeoutMsDefault,
    dataVersion: registration.body.topicConfigSerializeWrapper.dataVersion,
    channel: registration.channel,
    haServerAddr: registration.haServerAddr,
  });
}

function setFilterServers(routes: RouteTable, { clusterName, brokerAddr, body }: Registration): void {
  const key = filterServerKey(clusterName, brokerAddr);
  if (body.filterServerList.length > 0) {
    routes.filterServers.set(key, body.filterServerList);
    routes.changed();
  } else if (routes.filterServers.delete(key)) routes.changed();
}

function masterOf({ live }: RegistrationContext, entry: BrokerEntry, { brokerId, clusterName }: Registration): { masterAddr?: string; haServerAddr?: string } {
  const masterAddr = entry.brokerAddrs.get(masterId);
  if (brokerId === masterId || masterAddr === undefined) return {};
  const master = live.get(clusterName, masterAddr);
  return master === undefined ? {} : { masterAddr, haServerAddr: master.haServerAddr };
}

/** All three numbers are equal. */
export const sameVersion = (a: DataVersion | undefined, b: DataVersion): boolean =>
  a !== undefined && a.stateVersion === b.stateVersion && a.timestamp === b.timestamp && a.counter === b.counter;
