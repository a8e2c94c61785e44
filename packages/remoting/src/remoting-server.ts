import { kiteMqVersion, LanguageCode, SerializeType } from '@kitemq/protocol';
import type { NetworkListener, NetworkSocket, Runtime, TlsCredentials } from '@kitemq/runtime';
import { assert, deferred, sleep } from '@kitemq/runtime';
import type { Channel } from './channel.ts';
import { Connection } from './connection.ts';
import type { RemotingCounters } from './counters.ts';
import { Endpoint } from './endpoint.ts';
import type { RemotingLimits } from './limits.ts';
import { remotingLimits } from './limits.ts';
import { Preface } from './preface.ts';
import type { Processor, ProcessorTable } from './request.ts';
import { ServerTls } from './server-tls.ts';
import type { ServerTlsOptions } from './tls-options.ts';

export interface RemotingServerOptions {
  readonly runtime: Runtime;
  /** Address to listen on. */
  readonly host: string;
  /** 0 picks a free port. */
  readonly port: number;
  /** Who handles which request code. */
  readonly processors: ProcessorTable | ((code: number) => Processor | undefined);
  /** Handles the codes that have no processor. Without it they are answered with REQUEST_CODE_NOT_SUPPORTED (3). */
  readonly defaultProcessor?: Processor;
  readonly limits?: Partial<RemotingLimits>;
  readonly tls?: ServerTlsOptions;
  /** Take PROXY headers (HAProxy, v1 and v2) and believe what they say, as Apache does. False: who sends one is disconnected. Default true. */
  readonly proxyProtocol?: boolean;
  /** Called for each connection before its first request. */
  readonly onConnection?: (channel: Channel) => void;
  /** What answers say about who sends them. */
  readonly language?: LanguageCode;
  readonly version?: number;
}

export interface ServerShutdownOptions {
  /** Answer new requests with GO_AWAY (1500) for so long before closing. Default 0. */
  readonly goAwayMs?: number;
  /** Wait at most so long for answers of requests in progress. Default 1000. */
  readonly drainMs?: number;
}

/** How long a peer may take to close its end after we closed ours. */
const goodbyeMs = 500;

/** Serves the remoting protocol on one port: plain and TLS, with or without a PROXY header in front. */
export class RemotingServer {
  readonly limits: RemotingLimits;
  private readonly options: RemotingServerOptions;
  private readonly endpoint: Endpoint;
  private readonly tls: ServerTls;
  private listener: NetworkListener | undefined;
  private starting: Promise<void> | undefined;
  private stopping: Promise<void> | undefined;

  constructor(options: RemotingServerOptions) {
    this.options = options;
    this.limits = remotingLimits(options.limits);
    this.tls = new ServerTls(options.runtime, options.tls ?? {});
    this.endpoint = new Endpoint({
      runtime: options.runtime,
      side: 'server',
      limits: this.limits,
      processors: options.processors,
      defaultProcessor: options.defaultProcessor,
      serializeType: SerializeType.json,
      language: options.language ?? LanguageCode.other,
      version: options.version ?? kiteMqVersion,
    });
    this.endpoint.tlsCredentials = (kind): TlsCredentials | 'refuse' | undefined => this.tls.decide(kind);
  }

  /** Listens. @throws KiteError `KITE_LISTEN_FAILED` | `KITE_TLS_CREDENTIALS` */
  start(): Promise<void> {
    this.starting ??= this.listen();
    return this.starting;
  }

  /** The port listened on, after `start`. */
  get port(): number {
    assert(this.listener !== undefined, 'the server was not started');
    return this.listener.port;
  }

  get host(): string {
    return this.options.host;
  }

  /** `host:port` that is listened on, after `start`. */
  get address(): string {
    return `${this.host}:${this.port}`;
  }

  get connections(): ReadonlySet<Channel> {
    return this.endpoint.connections;
  }

  get counters(): Readonly<RemotingCounters> {
    return this.endpoint.counters;
  }

  /** Requests that wait for their answer now. */
  get requestsInFlight(): number {
    return this.endpoint.requestsInFlight;
  }

  /** Stops accepting, lets requests in progress end (see the options), closes. Idempotent. */
  shutdown(options: ServerShutdownOptions = {}): Promise<void> {
    this.stopping ??= this.stop(options);
    return this.stopping;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.shutdown();
  }

  private async listen(): Promise<void> {
    const { runtime, host, port } = this.options;
    this.tls.check();
    const listener = await runtime.network.listen({ host, port }, (socket) => this.accept(socket));
    this.listener = listener;
    if (this.stopping === undefined) this.endpoint.start();
    else await listener.close();
  }

  private accept(socket: NetworkSocket): void {
    const { endpoint } = this;
    if (endpoint.connections.size >= this.limits.connectionsMax || this.stopping !== undefined) {
      endpoint.counters.refused++;
      endpoint.logger.warn({ peer: `${socket.remoteAddress}:${socket.remotePort}`, connections: endpoint.connections.size }, 'connection refused');
      return socket.destroy();
    }
    endpoint.counters.accepted++;
    const connection = new Connection(endpoint, socket, new Preface(this.options.proxyProtocol ?? true));
    endpoint.add(connection);
    this.options.onConnection?.(connection);
  }

  private async stop({ goAwayMs = 0, drainMs = 1_000 }: ServerShutdownOptions): Promise<void> {
    const { endpoint } = this;
    const { timers } = this.options.runtime;
    await this.starting?.catch(() => {});
    await this.listener?.close();
    endpoint.goingAway = true;
    if (goAwayMs > 0 && endpoint.connections.size > 0) await sleep(timers, goAwayMs);
    if (endpoint.requestsInFlight > 0 && drainMs > 0) await this.within(drainMs, (done) => (endpoint.onRequestsDone = done));
    for (const connection of endpoint.connections) connection.end();
    if (endpoint.connections.size > 0) {
      await this.within(goodbyeMs, (done) => {
        endpoint.onConnectionGone = (): void => {
          if (endpoint.connections.size === 0) done();
        };
      });
    }
    for (const connection of endpoint.connections) connection.close();
    endpoint.stop();
  }

  /** Resolves when `subscribe`'s callback was called, after `ms` at the latest. */
  private async within(ms: number, subscribe: (done: () => void) => void): Promise<void> {
    const { timers } = this.options.runtime;
    const waiting = deferred<void>();
    const timer = timers.setTimeout(() => waiting.resolve(), ms);
    subscribe(() => waiting.resolve());
    await waiting.promise;
    timers.clear(timer);
  }
}
