import type { BrokerData } from '@kitemq/protocol';

/** A broker that registers `auto:PORT` is reached by whatever name or address its client reached this name server. */
const autoPrefix = 'auto:';

export const isAutoAddress = (address: string): boolean => address.startsWith(autoPrefix);

/** `address` as a client sees it that dialled `localAddress` (`ip:port`). */
export function resolveAutoAddress(address: string, localAddress: string): string {
  if (!isAutoAddress(address)) return address;
  return `${localAddress.slice(0, localAddress.lastIndexOf(':'))}:${address.slice(autoPrefix.length)}`;
}

/** Resolves all members in place; true when there was something to resolve (the answer then fits this client only). */
export function resolveAutoAddresses(brokers: Iterable<BrokerData>, localAddress: string): boolean {
  let found = false;
  for (const broker of brokers) {
    for (const [id, address] of broker.brokerAddrs) {
      if (!isAutoAddress(address)) continue;
      found = true;
      broker.brokerAddrs.set(id, resolveAutoAddress(address, localAddress));
    }
  }
  return found;
}
