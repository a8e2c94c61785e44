import type { ConnectOptions, ListenOptions, Network, NetworkListener, NetworkSocket, TlsCredentialOptions, TlsCredentials } from '@kitemq/runtime';
import { KiteError } from '@kitemq/runtime';
import type { ProcessContext } from '../core/process-context.ts';
import type { Cables } from './cables.ts';
import { Endpoint } from './endpoint.ts';
import type { Listening, Ports } from './ports.ts';

/** The network as one life of a process sees it. */
export class SimulatedNetwork implements Network {
  readonly #context: ProcessContext;
  readonly #cables: Cables;
  readonly #ports: Ports;
  readonly #machine: string;

  constructor(context: ProcessContext, cables: Cables, ports: Ports, machine: string) {
    this.#context = context;
    this.#cables = cables;
    this.#ports = ports;
    this.#machine = machine;
  }

  connect(options: ConnectOptions): Promise<NetworkSocket> {
    const { host, port, timeoutMs, signal } = options;
    const { world, incarnation } = this.#context;
    const details = { host, port };
    if (options.tls !== undefined) return Promise.reject(new KiteError('KITE_SIMULATED_TLS', 'the simulated network has no TLS; test TLS on the real one'));
    return new Promise((resolve, reject) => {
      let settled = false;
      const finish = (settle: () => void): void => {
        if (settled) return;
        settled = true;
        timer.cancelled = true;
        signal?.removeEventListener('abort', onAbort);
        settle();
      };
      const aborted = (): KiteError => new KiteError('KITE_ABORTED', `connecting to ${host}:${port} was cancelled`, { details, cause: signal?.reason });
      const onAbort = (): void => finish(() => reject(aborted()));
      const timer = world.schedule(incarnation, timeoutMs, () => {
        const message = `no connection to ${host}:${port} within ${timeoutMs} ms`;
        finish(() => reject(new KiteError('KITE_CONNECT_TIMEOUT', message, { retryable: true, details: { ...details, timeoutMs } })));
      });
      const refused = (reason: string): void =>
        finish(() => reject(new KiteError('KITE_CONNECT_FAILED', `cannot connect to ${host}:${port}: ${reason}`, { retryable: true, details })));
      if (signal?.aborted) return onAbort();
      signal?.addEventListener('abort', onAbort);
      this.#knock(host, port, { refused, connected: (endpoint) => finish(() => resolve(endpoint)), settled: () => settled });
    });
  }

  listen(options: ListenOptions, onConnection: (socket: NetworkSocket) => void): Promise<NetworkListener> {
    const { host } = options;
    const listening = this.#ports.listen(this.#machine, options, this.#context.incarnation, (endpoint) => onConnection(endpoint as Endpoint));
    if (listening === undefined) {
      const message = `cannot listen on ${host}:${options.port}: another process listens there; stop it or choose another port`;
      const error = new KiteError('KITE_LISTEN_FAILED', message, { retryable: true, details: { host, port: options.port, reason: 'EADDRINUSE' } });
      return Promise.reject(error);
    }
    const close = (): Promise<void> => {
      this.#ports.close(listening);
      return Promise.resolve();
    };
    return Promise.resolve({ host, port: listening.port, close });
  }

  loadCredentials(_options: TlsCredentialOptions): TlsCredentials {
    throw new KiteError('KITE_SIMULATED_TLS', 'the simulated network has no TLS; test TLS on the real one');
  }

  localAddresses(): string[] {
    return [this.#ports.addressOf(this.#machine)];
  }

  /** The handshake: there, an answer or none, and back. */
  #knock(host: string, port: number, outcome: { refused(reason: string): void; connected(endpoint: Endpoint): void; settled(): boolean }): void {
    const { world, incarnation } = this.#context;
    const cables = this.#cables;
    const target = this.#ports.resolve(this.#machine, host);
    if (target === undefined) return void world.schedule(incarnation, cables.delay(), () => outcome.refused(`getaddrinfo ENOTFOUND ${host}`));
    const attempt = (): void => {
      if (outcome.settled() || !incarnation.alive) return;
      if (!cables.reaches(this.#machine, target) || !cables.reaches(target, this.#machine)) return void world.schedule(undefined, 100, attempt);
      const address = this.#ports.addressAs(this.#machine, host);
      const listening = this.#ports.find(target, address, port);
      if (listening === undefined) return void world.schedule(incarnation, cables.delay(), () => outcome.refused(`connect ECONNREFUSED ${address}:${port}`));
      this.#accept(listening, { machine: target, address, port }, outcome);
    };
    world.schedule(undefined, cables.delay(), attempt);
  }

  #accept(listening: Listening, there: { machine: string; address: string; port: number }, outcome: { connected(endpoint: Endpoint): void; settled(): boolean }): void {
    const { world, incarnation } = this.#context;
    const context = this.#ports.contextOf(listening.owner);
    const here = { machine: this.#machine, address: there.address === '127.0.0.1' ? '127.0.0.1' : this.#ports.addressOf(this.#machine), port: this.#ports.ephemeral() };
    const client = new Endpoint({ cables: this.#cables, context: this.#context, local: here, remote: there, accepted: false });
    const server = new Endpoint({ cables: this.#cables, context, local: there, remote: here, accepted: true });
    this.#cables.join(client, server);
    world.schedule(listening.owner, 0, () => listening.onConnection(server));
    world.schedule(incarnation, this.#cables.delay(), () => {
      if (outcome.settled()) client.destroy();
      else outcome.connected(client);
    });
  }
}
