import type { BrokerSettings } from '../config/broker-settings.ts';

/** The host that a KiteMQ nameserver replaces by the address its client dialled. */
export const autoHost = 'auto';

const wildcards: ReadonlySet<string> = new Set(['0.0.0.0', '::', '']);

export interface AdvertisedAddressInput {
  readonly config: Pick<BrokerSettings, 'brokerIP1' | 'bindAddress' | 'advertisedPort'>;
  /** The port really listened on. */
  readonly port: number;
  /** Our end of the connection to the nameserver; undefined when there is none. */
  readonly localIp: string | undefined;
  /** Addresses of this machine, not loopback. */
  readonly machineAddresses: readonly string[];
}

/**
 * `host:port` that clients of one nameserver are told. In order: what is configured; the address listened on, if it is one;
 * the address by which this machine reaches that nameserver; the machine's first address.
 */
export function advertisedAddress({ config, port, localIp, machineAddresses }: AdvertisedAddressInput): string {
  const advertisedPort = config.advertisedPort === 0 ? port : config.advertisedPort;
  return `${hostOf(config, localIp, machineAddresses)}:${advertisedPort}`;
}

function hostOf(config: AdvertisedAddressInput['config'], localIp: string | undefined, machineAddresses: readonly string[]): string {
  if (config.brokerIP1 !== undefined && config.brokerIP1 !== '') return config.brokerIP1;
  if (!wildcards.has(config.bindAddress)) return config.bindAddress;
  // Loopback reaches a nameserver on this machine, but says nothing about how others reach it.
  if (localIp !== undefined && !localIp.startsWith('127.') && localIp !== '::1') return localIp;
  return machineAddresses[0] ?? '127.0.0.1';
}
