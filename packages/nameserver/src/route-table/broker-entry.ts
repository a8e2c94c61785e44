import type { BrokerData } from '@kitemq/protocol';

/** A broker group: its members by id. */
export interface BrokerEntry {
  readonly cluster: string;
  readonly brokerName: string;
  readonly brokerAddrs: Map<number, string>;
  zoneName: string | undefined;
  enableActingMaster: boolean;
}

export const masterId = 0;

/** The smallest member id, undefined for an empty group. */
export function minBrokerId(addresses: ReadonlyMap<number, string>): number | undefined {
  let min: number | undefined;
  for (const id of addresses.keys()) if (min === undefined || id < min) min = id;
  return min;
}

/** A copy for an answer: members in ascending order of their ids. */
export function brokerDataOf(entry: BrokerEntry): BrokerData {
  const brokerAddrs = new Map([...entry.brokerAddrs].sort(([a], [b]) => a - b));
  return { cluster: entry.cluster, brokerName: entry.brokerName, brokerAddrs, zoneName: entry.zoneName, enableActingMaster: entry.enableActingMaster };
}

/**
 * Acting master: the smallest slave of a group without master is shown as id 0,
 * if the group allows it and its queues are not writeable.
 */
export function showActingMaster(broker: BrokerData): void {
  const min = minBrokerId(broker.brokerAddrs);
  if (min === undefined || min === masterId) return;
  const address = broker.brokerAddrs.get(min)!;
  broker.brokerAddrs.delete(min);
  broker.brokerAddrs = new Map([[masterId, address], ...broker.brokerAddrs]);
}
