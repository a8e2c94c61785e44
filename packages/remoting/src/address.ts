import { KiteError } from '@kitemq/runtime';

export interface HostAndPort {
  readonly host: string;
  readonly port: number;
}

/**
 * Splits `host:port` as RocketMQ writes addresses: the last colon counts, so IPv6 needs no brackets (and may have them).
 * @throws KiteError `KITE_ADDRESS_INVALID`
 */
export function parseAddress(address: string): HostAndPort {
  const colon = address.lastIndexOf(':');
  const portText = address.slice(colon + 1);
  const port = Number(portText);
  const host = address.slice(0, Math.max(colon, 0)).replace(/^\[(.*)\]$/, '$1');
  if (host === '' || !/^\d{1,5}$/.test(portText) || port < 1 || port > 65_535) {
    throw new KiteError('KITE_ADDRESS_INVALID', `"${address}" is not an address: write host:port, for example 127.0.0.1:10911.`);
  }
  return { host, port };
}
