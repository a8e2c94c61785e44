import type { Runtime } from '@kitemq/runtime';
import type { ClientOptions } from '../client-options.ts';

/** The first address others may reach this machine at; loopback when there is none. */
export function clientAddress(runtime: Runtime): string {
  return runtime.network.localAddresses()[0] ?? '127.0.0.1';
}

/**
 * `<ip>@<instanceName>`, as Java's `buildMQClientId`. The default instance name holds a random part besides the process id:
 * two clients of one id would take each other's queues.
 */
export function clientId(options: ClientOptions, runtime: Runtime): string {
  if (options.clientId !== undefined) return options.clientId;
  const unique = runtime.clock.now() * 1_000 + runtime.random.below(1_000);
  return `${clientAddress(runtime)}@${options.instanceName ?? `${runtime.processId}#${unique}`}`;
}
