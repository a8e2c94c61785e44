import type { Server, Socket } from 'node:net';
import { connect as connectTcp, createServer, isIP } from 'node:net';
import { networkInterfaces } from 'node:os';
import { connect as connectTls } from 'node:tls';
import { KiteError } from '../errors.ts';
import type { Logger } from '../logger.ts';
import { silentLogger } from '../logger.ts';
import type { ConnectOptions, ListenOptions, Network, NetworkListener, NetworkSocket, TlsCredentialOptions, TlsCredentials } from '../network.ts';
import { NodeSocket } from './node-socket.ts';
import { loadTlsCredentials } from './node-tls.ts';

const backlogDefault = 1024;

const addressText = (host: string, port: number): string => (host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`);

const listenAdvice: Readonly<Record<string, string>> = {
  EADDRINUSE: 'another process listens there; stop it or choose another port',
  EACCES: 'no permission; ports below 1024 usually need root, choose a higher one',
  EADDRNOTAVAIL: 'this machine has no such address; use one of its own, or 0.0.0.0 for all',
  ENOTFOUND: 'the host name does not resolve; use an address of this machine',
};

const listenFailed = (options: ListenOptions, cause: NodeJS.ErrnoException): KiteError => {
  const { host, port } = options;
  const advice = listenAdvice[cause.code ?? ''] ?? cause.message;
  return new KiteError('KITE_LISTEN_FAILED', `cannot listen on ${addressText(host, port)}: ${advice}`, {
    cause,
    retryable: cause.code === 'EADDRINUSE',
    details: { host, port, reason: cause.code },
  });
};

/** A name with several addresses fails with one error per address. */
const reasonOf = (error: NodeJS.ErrnoException): string => {
  if (error.message !== '') return error.message;
  const errors = (error as unknown as AggregateError).errors as Error[] | undefined;
  return errors?.map((each) => each.message).join('; ') ?? error.code ?? 'unknown';
};

/** The machine's network. */
export class NodeNetwork implements Network {
  readonly #logger: Logger;

  constructor(logger: Logger = silentLogger) {
    this.#logger = logger;
  }

  connect(options: ConnectOptions): Promise<NetworkSocket> {
    const { host, port, timeoutMs, tls, signal } = options;
    const details = { host, port };
    return new Promise((resolve, reject) => {
      const aborted = (): KiteError => new KiteError('KITE_ABORTED', `connecting to ${addressText(host, port)} was cancelled`, { details, cause: signal?.reason });
      if (signal?.aborted) return reject(aborted());
      const socket = this.#open(options);
      const finish = (error: KiteError | undefined): void => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', onAbort);
        socket.off(tls === undefined ? 'connect' : 'secureConnect', onConnected);
        socket.off('error', onError);
        socket.off('close', onClose);
        if (error === undefined) return resolve(new NodeSocket(socket, this.#logger, { encrypted: tls !== undefined }));
        socket.on('error', () => {});
        socket.destroy();
        reject(error);
      };
      const onConnected = (): void => finish(undefined);
      const onAbort = (): void => finish(aborted());
      const onError = (cause: Error): void =>
        finish(new KiteError('KITE_CONNECT_FAILED', `cannot connect to ${addressText(host, port)}: ${reasonOf(cause)}`, { cause, retryable: true, details }));
      const onClose = (): void => onError(new Error('the peer closed the connection'));
      const timer = setTimeout(() => {
        const message = `no connection to ${addressText(host, port)} within ${timeoutMs} ms`;
        finish(new KiteError('KITE_CONNECT_TIMEOUT', message, { retryable: true, details: { ...details, timeoutMs } }));
      }, timeoutMs);
      signal?.addEventListener('abort', onAbort);
      socket.once(tls === undefined ? 'connect' : 'secureConnect', onConnected);
      socket.once('error', onError);
      socket.once('close', onClose);
    });
  }

  listen(options: ListenOptions, onConnection: (socket: NetworkSocket) => void): Promise<NetworkListener> {
    const server = createServer({ noDelay: true, pauseOnConnect: true }, (socket) => this.#accepted(socket, onConnection));
    return new Promise((resolve, reject) => {
      const onError = (error: Error): void => reject(listenFailed(options, error));
      server.once('error', onError);
      server.listen({ host: options.host, port: options.port, backlog: options.backlog ?? backlogDefault }, () => {
        server.off('error', onError);
        server.on('error', (error) => this.#logger.error({ error, ...options }, 'accepting a connection failed'));
        resolve(listenerOf(server, options));
      });
    });
  }

  loadCredentials(options: TlsCredentialOptions): TlsCredentials {
    return loadTlsCredentials(options);
  }

  localAddresses(): string[] {
    const found = Object.values(networkInterfaces())
      .flatMap((each) => each ?? [])
      // A link-local address means nothing without the name of the interface.
      .filter((each) => !each.internal && !each.address.startsWith('fe80:'));
    const of = (family: string): string[] => found.filter((each) => each.family === family).map((each) => each.address);
    return [...of('IPv4'), ...of('IPv6')];
  }

  #open({ host, port, tls }: ConnectOptions): Socket {
    if (tls === undefined) return connectTcp({ host, port, noDelay: true });
    const servername = tls.serverName ?? (isIP(host) === 0 ? host : undefined);
    const socket = connectTls({
      host,
      port,
      rejectUnauthorized: tls.verify,
      ...(tls.ca === undefined ? {} : { ca: tls.ca }),
      ...(servername === undefined ? {} : { servername }),
    });
    socket.setNoDelay(true);
    return socket;
  }

  #accepted(socket: Socket, onConnection: (socket: NetworkSocket) => void): void {
    const accepted = new NodeSocket(socket, this.#logger, { inPlace: true });
    try {
      onConnection(accepted);
    } catch (error) {
      this.#logger.error({ error }, 'accepting a connection threw; the connection is closed');
      accepted.destroy();
    }
  }
}

const listenerOf = (server: Server, options: ListenOptions): NetworkListener => {
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : options.port;
  return {
    host: options.host,
    port,
    // The port is free when `close` returns; its callback would wait for the connections too.
    close: (): Promise<void> => {
      if (server.listening) server.close();
      return Promise.resolve();
    },
  };
};
