import { brokerSettings, type BrokerSettings, ignoredBrokerKeys } from '@kitemq/broker';
import { KiteError } from '@kitemq/runtime';
import { Option } from 'commander';
import { resolve } from 'node:path';
import { settingsOf } from '../config/setting.ts';
import { advertiseEntries, flagEntry, flushEntries, listenEntries } from './flag-entries.ts';
import { shownAddress } from './host-port.ts';
import type { ProcessHost } from './process-host.ts';
import { runService } from './run-service.ts';
import type { ServiceDefinition } from './service-definition.ts';
import { type RunningBrokers, startBrokers } from './shards/start-brokers.ts';

/**
 * The broker's settings as it takes them: paths made absolute.
 * @throws KiteError `KITE_CONFIG_INVALID` for an empty directory, which would be the current one
 */
export function brokerSettingsOf(values: Readonly<Record<string, unknown>>): BrokerSettings {
  const settings = values as unknown as BrokerSettings;
  if (settings.storePathRootDir === '') throw new KiteError('KITE_CONFIG_INVALID', 'storePathRootDir is "": it must name a directory; give one with --data');
  return { ...settings, storePathRootDir: resolve(settings.storePathRootDir) };
}

/** ` shards 2: 127.0.0.1:10911 broker-a, 127.0.0.1:10921 broker-a-1`; nothing without shards. */
export function shownShards({ places }: RunningBrokers): string {
  return places.length === 1 ? '' : ` shards ${places.length}: ${places.map(({ name, address }) => `${shownAddress(address)} ${name}`).join(', ')}`;
}

export const brokerService: ServiceDefinition = {
  name: 'broker',
  summary: 'Runs a broker: it stores messages and hands them to consumers.',
  examples: [
    'kitemq broker --nameserver 127.0.0.1:9876 --data ./data',
    'kitemq broker -n 10.0.0.1:9876;10.0.0.2:9876 --listen 0.0.0.0:10911 --advertise broker-a.example.com --data /var/lib/kitemq',
    'kitemq broker --config broker.conf --set maxMessageSize=8388608',
    'kitemq broker -n 127.0.0.1:9876 --data ./data --shards auto',
    'kitemq broker --config broker.conf --print-config',
  ],
  ignored: ignoredBrokerKeys,
  settings: () => settingsOf(brokerSettings),
  addFlags(command) {
    command
      .option('-n, --nameserver <host:port>', 'nameservers to register with, several joined by ; (namesrvAddr)')
      .option('-l, --listen <host:port>', 'where to accept connections; port 0 picks a free one (bindAddress, listenPort)')
      .option('-d, --data <dir>', 'directory of the data (storePathRootDir)')
      .option('--name <name>', 'name of the broker (brokerName)')
      .option('--cluster <name>', 'name of the cluster (brokerClusterName)')
      .option('--shards <n>', 'so many brokers in this process, one per thread; auto: one per CPU (shards)')
      .option('--broker-id <id>', '0 is a master (brokerId)')
      .addOption(new Option('--flush <mode>', 'sync: a send is answered when the disk has it; async: when the system has it (flushDiskType)').choices(['sync', 'async']))
      .option('--advertise <host[:port]>', 'what clients are told to dial: a host name, an address, or auto (brokerIP1, advertisedPort)');
  },
  flagEntries: (flags) => [
    ...flagEntry('namesrvAddr', flags['nameserver'], '--nameserver'),
    ...listenEntries(flags['listen']),
    ...flagEntry('storePathRootDir', flags['data'], '--data'),
    ...flagEntry('brokerName', flags['name'], '--name'),
    ...flagEntry('brokerClusterName', flags['cluster'], '--cluster'),
    ...flagEntry('shards', flags['shards'], '--shards'),
    ...flagEntry('brokerId', flags['brokerId'], '--broker-id'),
    ...flushEntries(flags['flush']),
    ...advertiseEntries(flags['advertise']),
  ],
  async start({ runtime, config, log, stopping }) {
    const settings = brokerSettingsOf(config.values);
    const brokers = await startBrokers({ runtime, settings, log, stopping });
    const nameservers = settings.namesrvAddr === undefined || settings.namesrvAddr === '' ? 'no nameserver' : `nameservers ${settings.namesrvAddr}`;
    const own = brokers.places[0]?.address ?? '';
    return {
      ready: `broker ${shownAddress(own)} ${settings.brokerName} data ${settings.storePathRootDir} ${nameservers}${shownShards(brokers)}`,
      broken: brokers.broken,
      shutdown: () => brokers.shutdown(),
    };
  },
};

/** Runs a broker until a signal ends it. Resolves to the exit code. */
export function runBroker(argv: readonly string[], host?: ProcessHost): Promise<number> {
  return runService(brokerService, argv, host);
}
