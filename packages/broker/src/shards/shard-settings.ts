import { join } from 'node:path';
import { KiteError } from '@kitemq/runtime';
import type { BrokerSettings } from '../config/broker-settings.ts';

const portMax = 65_535;
/** What `auto` makes at most: the largest number that the setting takes. */
const shardsMax = 99;

/** How many shards the setting asks for; `auto` is as many as `cpus`, but never fewer than have data (`stored`). */
export function shardsOf(settings: Pick<BrokerSettings, 'shards'>, machine: { readonly cpus: number; readonly stored: number }): number {
  return settings.shards === 'auto' ? Math.min(shardsMax, Math.max(machine.cpus, machine.stored)) : Number(settings.shards);
}

/** Ports of the shards 1, 2, …, when they are listed. */
function listedPorts({ shardPorts }: BrokerSettings, count: number): number[] | undefined {
  if (shardPorts === '') return undefined;
  const ports = shardPorts.split(';').map(Number);
  if (ports.length === count - 1) return ports;
  throw new KiteError('KITE_CONFIG_INVALID', `shardPorts lists ${ports.length} ports, but there are ${count} shards and shard 0 has listenPort: list ${count - 1}`);
}

function portOf(port: number, what: string): number {
  if (port <= portMax) return port;
  throw new KiteError('KITE_CONFIG_INVALID', `${what} would be ${port}, more than ${portMax}: choose a lower listenPort or a smaller shardPortStep`);
}

/**
 * The settings of one shard, from those of the whole. Shard 0 has them unchanged; shard N has the name `<brokerName>-N`, the port
 * `listenPort + N × shardPortStep` (0 stays 0; advertisedPort moves as far) and the folder `shards/N` in the data directory. All else is shared.
 * @throws KiteError `KITE_CONFIG_INVALID` when there is no such port
 */
export function shardSettings(settings: BrokerSettings, index: number, count: number): BrokerSettings {
  const listed = listedPorts(settings, count);
  if (index === 0) return settings;
  const { listenPort, advertisedPort, shardPortStep, brokerName, storePathRootDir } = settings;
  const port = portOf(listed?.[index - 1] ?? (listenPort === 0 ? 0 : listenPort + index * shardPortStep), `the port of shard ${index}`);
  const distance = listenPort === 0 ? index * shardPortStep : port - listenPort;
  return {
    ...settings,
    brokerName: `${brokerName}-${index}`,
    listenPort: port,
    advertisedPort: advertisedPort === 0 ? 0 : portOf(advertisedPort + distance, `the advertised port of shard ${index}`),
    storePathRootDir: join(storePathRootDir, 'shards', String(index)),
  };
}
