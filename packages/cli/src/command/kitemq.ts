import type { ProcessHost } from '../services/process-host.ts';
import { runCommandLine, type ServiceRunners } from './command-line.ts';

/** Loaded only when asked for: they bring the store with its native code. */
const services: ServiceRunners = {
  nameserver: async (argv, host) => (await import('../services/nameserver.ts')).runNameserver(argv, host),
  broker: async (argv, host) => (await import('../services/broker.ts')).runBroker(argv, host),
  standalone: async (argv, host) => (await import('../services/standalone.ts')).runStandalone(argv, host),
  store: async () => (await import('../work/store-work.ts')).storeWork,
};

/** Runs the `kitemq` command line. Resolves to the exit code; never rejects. */
export function runKitemq(argv: readonly string[], host?: ProcessHost): Promise<number> {
  return runCommandLine(services, argv, host);
}
