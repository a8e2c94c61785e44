import { ignoredNameserverKeys, Nameserver, nameserverSettings, type NameserverSettings } from '@kitemq/nameserver';
import { resolve } from 'node:path';
import type { ConfigEntry } from '../config/config-source.ts';
import { settingsOf } from '../config/setting.ts';
import { listenEntries } from './flag-entries.ts';
import { shownAddress } from './host-port.ts';
import type { ProcessHost } from './process-host.ts';
import { runService } from './run-service.ts';
import type { ServiceDefinition } from './service-definition.ts';

export const nameserverService: ServiceDefinition = {
  name: 'nameserver',
  summary: 'Runs a nameserver: brokers register with it, clients ask it where topics are.',
  examples: ['kitemq nameserver --listen 127.0.0.1:9876', 'kitemq nameserver --config namesrv.conf --print-config'],
  ignored: ignoredNameserverKeys,
  settings: () => settingsOf(nameserverSettings),
  addFlags(command) {
    command.option('-l, --listen <host:port>', 'where to accept connections; port 0 picks a free one (bindAddress, listenPort)');
  },
  flagEntries: (flags): ConfigEntry[] => listenEntries(flags['listen']),
  async start({ runtime, config }) {
    const nameserver = new Nameserver({ runtime, settings: nameserverSettingsOf(config.values) });
    await nameserver.start();
    return { ready: `nameserver ${shownAddress(nameserver.address)}`, shutdown: () => nameserver.shutdown() };
  },
};

/** Paths made absolute; an empty one means: keep nothing. */
function nameserverSettingsOf(values: Readonly<Record<string, unknown>>): NameserverSettings {
  const settings = values as unknown as NameserverSettings;
  const path = (text: string): string => (text === '' ? '' : resolve(text));
  return { ...settings, kvConfigPath: path(settings.kvConfigPath), configStorePath: path(settings.configStorePath) };
}

/** Runs a nameserver until a signal ends it. Resolves to the exit code. */
export function runNameserver(argv: readonly string[], host?: ProcessHost): Promise<number> {
  return runService(nameserverService, argv, host);
}
