import { brokerSettings, type BrokerSettings, ignoredBrokerKeys } from '@kitemq/broker';
import { ignoredNameserverKeys, Nameserver, nameserverSettings, type NameserverSettings } from '@kitemq/nameserver';
import { KiteError } from '@kitemq/runtime';
import { Option } from 'commander';
import { join, resolve } from 'node:path';
import type { ConfigEntry } from '../config/config-source.ts';
import { type Setting, settingsOf } from '../config/setting.ts';
import { brokerSettingsOf, shownShards } from './broker.ts';
import { advertiseEntries, flagEntry, flushEntries } from './flag-entries.ts';
import { formatHostPort, parseHostPort, shownAddress, splitAddress } from './host-port.ts';
import type { ProcessHost } from './process-host.ts';
import { runService } from './run-service.ts';
import { selfCheck } from './self-check.ts';
import type { RunningService, ServiceContext, ServiceDefinition } from './service-definition.ts';
import { type RunningBrokers, startBrokers } from './shards/start-brokers.ts';

/** In front of the nameserver's keys, where both services are configured together. */
const nameserverPrefix = 'nameserver.';
const dataDefault = 'data';

function prefixed<T>(entries: Iterable<readonly [string, T]>): Array<readonly [string, T]> {
  return [...entries].map(([key, value]) => [nameserverPrefix + key, value] as const);
}

/** The broker's keys under their names, the nameserver's with the prefix. */
function standaloneSettings(): ReadonlyMap<string, Setting> {
  const all = new Map(settingsOf(brokerSettings));
  const data = all.get('storePathRootDir');
  if (data !== undefined) all.set('storePathRootDir', { ...data, defaultValue: dataDefault, schema: data.schema.default(dataDefault) });
  // The broker registers with the nameserver beside it.
  all.delete('namesrvAddr');
  for (const [key, setting] of prefixed(settingsOf(nameserverSettings))) all.set(key, { ...setting, key });
  return all;
}

/** The nameserver's part; what it keeps goes beside the broker's data. */
function nameserverSettingsOf(values: Readonly<Record<string, unknown>>, data: string): NameserverSettings {
  const own = Object.entries(values).filter(([key]) => key.startsWith(nameserverPrefix));
  const settings = Object.fromEntries(own.map(([key, value]) => [key.slice(nameserverPrefix.length), value])) as unknown as NameserverSettings;
  return {
    ...settings,
    kvConfigPath: settings.kvConfigPath === '' ? join(data, 'namesrv', 'kvConfig.json') : resolve(settings.kvConfigPath),
    configStorePath: settings.configStorePath === '' ? join(data, 'namesrv', 'namesrv.properties') : resolve(settings.configStorePath),
  };
}

function flagEntries(flags: Readonly<Record<string, unknown>>): ConfigEntry[] {
  const { host, port } = flags['listen'] === undefined ? { host: undefined, port: undefined } : parseHostPort(String(flags['listen']), '--listen');
  return [
    ...flagEntry('storePathRootDir', flags['data'], '--data'),
    ...flagEntry(`${nameserverPrefix}bindAddress`, host, '--listen'),
    ...flagEntry('bindAddress', host, '--listen'),
    ...flagEntry(`${nameserverPrefix}listenPort`, port, '--listen'),
    ...flagEntry(`${nameserverPrefix}listenPort`, flags['port'], '--port'),
    ...flagEntry('listenPort', flags['brokerPort'], '--broker-port'),
    ...flagEntry('shards', flags['shards'], '--shards'),
    ...flushEntries(flags['flush']),
    ...advertiseEntries(flags['advertise']),
  ];
}

interface Summary {
  readonly nameserver: string;
  readonly broker: string;
  readonly data: string;
  readonly checkMs: number;
  readonly commandName: string;
}

function banner({ nameserver, broker, data, checkMs, commandName }: Summary): string {
  const which = nameserver === '127.0.0.1:9876' ? '' : ` -n ${nameserver}`;
  return [
    '',
    `  nameserver  ${nameserver}   (give this address to clients)`,
    `  broker      ${broker}`,
    `  data        ${data}`,
    `  self-check  a message was sent and received over the wire in ${checkMs.toFixed(0)} ms`,
    '',
    '  Try next, in another terminal:',
    `    ${commandName} send hello "first message"${which}`,
    `    ${commandName} consume hello${which}`,
    `    ${commandName} doctor${which}`,
    '',
    '  Ctrl-C stops; everything acknowledged is on disk.',
    '',
    '',
  ].join('\n');
}

/** An address that this process can dial, whatever the service listens on. */
function dialable(address: string): string {
  const { host, port } = splitAddress(address);
  if (host === '0.0.0.0') return formatHostPort('127.0.0.1', port);
  return formatHostPort(host === '::' ? '::1' : host, port);
}

async function startBoth({ runtime, config, log, stopping, commandName }: ServiceContext): Promise<RunningService> {
  const { values } = config;
  const brokerPart = brokerSettingsOf(values);
  const nameserver = new Nameserver({ runtime, settings: nameserverSettingsOf(values, brokerPart.storePathRootDir) });
  await nameserver.start();
  const nameserverAddress = dialable(nameserver.address);
  const settings: BrokerSettings = { ...brokerPart, namesrvAddr: nameserverAddress };
  let brokers: RunningBrokers;
  try {
    // Clients dial the nameserver by an address that reaches this machine, so the broker is best found under the same one.
    brokers = await startBrokers({ runtime, settings: { ...settings, brokerIP1: settings.brokerIP1 ?? 'auto' }, log, stopping });
  } catch (error) {
    await nameserver.shutdown();
    throw error;
  }
  const shutdown = async (): Promise<void> => {
    await brokers.shutdown();
    await nameserver.shutdown();
  };
  const { places, broken } = brokers;
  try {
    // Shard 0 only: a message in each would give data to shards that nobody may ever use.
    const [first = { name: settings.brokerName, address: '' }] = places;
    const checkMs = await selfCheck(runtime, { nameserver: nameserverAddress, brokerName: first.name, broker: dialable(first.address) });
    const own = shownAddress(first.address);
    return {
      ready: `nameserver ${shownAddress(nameserver.address)} broker ${own} data ${settings.storePathRootDir}${shownShards(brokers)}`,
      banner: banner({ nameserver: nameserverAddress, broker: places.map(({ address }) => shownAddress(address)).join(' '), data: settings.storePathRootDir, checkMs, commandName }),
      broken,
      shutdown,
    };
  } catch (error) {
    await shutdown();
    const message = `the self-check failed: ${error instanceof Error ? error.message : String(error)}`;
    throw new KiteError('KITE_SELF_CHECK', message, { cause: error });
  }
}

export const standaloneService: ServiceDefinition = {
  name: 'standalone',
  summary: 'Runs a nameserver and a broker in one process: everything needed to send and receive.',
  examples: ['kitemq standalone', 'kitemq standalone --port 9876 --broker-port 10911 --data ./data', 'kitemq standalone --listen 0.0.0.0:9876 --advertise my-host.example.com'],
  ignored: { ...ignoredBrokerKeys, ...Object.fromEntries(prefixed(Object.entries(ignoredNameserverKeys))), namesrvAddr: 'the broker registers with the nameserver in the same process' },
  settings: standaloneSettings,
  addFlags(command) {
    command
      .option('--port <port>', `port of the nameserver; 0 picks a free one (${nameserverPrefix}listenPort)`)
      .option('--broker-port <port>', 'port of the broker; 0 picks a free one (listenPort)')
      .option('-l, --listen <host:port>', 'address of both, and port of the nameserver (bindAddress)')
      .option('--shards <n>', 'so many brokers, one per thread; auto: one per CPU (shards)')
      .option('-d, --data <dir>', `directory of the data, ./${dataDefault} by default (storePathRootDir)`)
      .addOption(new Option('--flush <mode>', 'sync: a send is answered when the disk has it; async: when the system has it (flushDiskType)').choices(['sync', 'async']))
      .option('--advertise <host[:port]>', 'what clients are told to dial: a host name, an address, or auto (brokerIP1, advertisedPort)');
  },
  flagEntries,
  start: startBoth,
};

/** Runs nameserver and broker until a signal ends them. Resolves to the exit code. */
export function runStandalone(argv: readonly string[], host?: ProcessHost): Promise<number> {
  return runService(standaloneService, argv, host);
}
