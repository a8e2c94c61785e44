import type { AnyCommand, RequestBodyOf, RequestHeaderOf } from '@kitemq/protocol';
import { kiteMqVersion, LanguageCode, ResponseCode, SerializeType } from '@kitemq/protocol';
import type { Runtime } from '@kitemq/runtime';
import { Backoff, KiteError } from '@kitemq/runtime';
import { parseAddress } from './address.ts';
import type { Channel, InvokeOptions, Reply } from './channel.ts';
import { Connection, invokeTimeoutMsDefault } from './connection.ts';
import type { RemotingCounters } from './counters.ts';
import { Endpoint } from './endpoint.ts';
import type { RemotingLimits } from './limits.ts';
import { remotingLimits } from './limits.ts';
import { Peer } from './peer.ts';
import { PendingInvoke } from './pending-invoke.ts';
import type { RequestHook } from './request-hook.ts';
import { hookRequest } from './request-hook.ts';
import type { Processor, ProcessorTable } from './request.ts';
import type { ClientTlsOptions } from './tls-options.ts';
import { untilAborted } from './until-aborted.ts';

export interface RemotingClientOptions {
  readonly runtime: Runtime;
  /** Who handles requests that servers send over our connections (39, 40, 220, 221, 307, 309, 326). */
  readonly processors?: ProcessorTable | ((code: number) => Processor | undefined);
  readonly defaultProcessor?: Processor;
  readonly hooks?: readonly RequestHook[];
  /** How request headers are written. Default JSON, which every peer reads; MSGPACK only where all peers are KiteMQ: Apache’s servers close the connection on it. */
  readonly serializeType?: SerializeType;
  readonly tls?: ClientTlsOptions;
  readonly limits?: Partial<RemotingLimits>;
  /** How long making a connection may take. Default 3000. */
  readonly connectTimeoutMs?: number;
  /** After a failed connect, calls to that address fail at once for so long: a random share of it, doubling from 100 ms. Default 3000. */
  readonly backoffMaxMs?: number;
  readonly language?: LanguageCode;
  readonly version?: number;
  /** Called when a connection is gone, whoever closed it. */
  readonly onDisconnect?: (address: string) => void;
}

const backoffFirstMs = 100;
const connectTimeoutMsDefault = 3_000;
const backoffMaxMsDefault = 3_000;

/** Calls servers by address. Connections are made when first needed, shared by all calls, and made anew after they were lost. */
export class RemotingClient {
  readonly limits: RemotingLimits;
  private readonly options: RemotingClientOptions;
  private readonly runtime: Runtime;
  private readonly hooks: readonly RequestHook[];
  private readonly endpoint: Endpoint;
  private readonly peers: Map<string, Peer> = new Map();
  private readonly addressOf: Map<Connection, string> = new Map();
  private readonly closing: AbortController = new AbortController();

  constructor(options: RemotingClientOptions) {
    this.options = options;
    this.runtime = options.runtime;
    this.hooks = options.hooks ?? [];
    this.limits = remotingLimits(options.limits);
    this.endpoint = new Endpoint({
      runtime: options.runtime,
      side: 'client',
      limits: this.limits,
      processors: options.processors,
      defaultProcessor: options.defaultProcessor,
      serializeType: options.serializeType ?? SerializeType.json,
      language: options.language ?? LanguageCode.other,
      version: options.version ?? kiteMqVersion,
    });
    this.endpoint.onConnectionGone = (connection): void => this.onGone(connection);
  }

  get counters(): Readonly<RemotingCounters> {
    return this.endpoint.counters;
  }

  /**
   * Sends a request to `address` (`host:port`) and waits for its answer. Any response code resolves. The time to connect counts.
   * A server that says GO_AWAY is asked once more over a new connection.
   * @throws KiteError `KITE_TIMEOUT` | `KITE_CONNECT_FAILED` | `KITE_CONNECT_TIMEOUT` | `KITE_CHANNEL_CLOSED` | `KITE_ABORTED` | `KITE_TOO_MANY_REQUESTS` | `KITE_GO_AWAY` | `KITE_CLIENT_CLOSED` | `KITE_ADDRESS_INVALID`
   */
  async invoke<C extends AnyCommand>(address: string, command: C, header: RequestHeaderOf<C>, body?: RequestBodyOf<C>, options: InvokeOptions = {}): Promise<Reply<C>> {
    const { signal, timeoutMs = invokeTimeoutMsDefault } = options;
    const bytes = body === undefined ? undefined : command.requestBody.encode(body);
    const ext = this.hooks.length === 0 ? options.ext : hookRequest(this.hooks, address, { command, header, body: bytes, ext: options.ext });
    const startedAt = this.endpoint.now();
    let leftMs = timeoutMs;
    for (let attempt = 1; ; attempt++) {
      let connection = this.openConnection(address);
      if (connection === undefined || attempt > 1) {
        connection ??= await this.connection(address, this.remaining(startedAt, timeoutMs, command, address), signal);
        leftMs = this.remaining(startedAt, timeoutMs, command, address);
      }
      const reply = await callOn(connection, command, header, { bytes, ext, signal, timeoutMs: leftMs });
      if (reply.code !== ResponseCode.goAway) return reply;
      this.leave(address, connection);
      if (attempt > 1) throw new KiteError('KITE_GO_AWAY', `${address} is shutting down; ${command.name} was not carried out.`, { retryable: true, details: { address } });
    }
  }

  /**
   * Sends a request nobody answers. Resolves when it was handed to the connection.
   * @throws KiteError as `invoke`, and `KITE_SLOW_READER` when the peer reads too slowly for more to be queued
   */
  async invokeOneway<C extends AnyCommand>(address: string, command: C, header: RequestHeaderOf<C>, body?: RequestBodyOf<C>, options: InvokeOptions = {}): Promise<void> {
    const bytes = this.hooks.length === 0 || body === undefined ? undefined : command.requestBody.encode(body);
    const ext = this.hooks.length === 0 ? options.ext : hookRequest(this.hooks, address, { command, header, body: bytes, ext: options.ext });
    const connection = this.openConnection(address) ?? (await this.connection(address, options.timeoutMs ?? invokeTimeoutMsDefault, options.signal));
    if (connection.invokeOneway(command, header, body, ext)) return;
    if (connection.closed) throw new KiteError('KITE_CHANNEL_CLOSED', `The connection to ${address} is closed; ${command.name} was not sent.`, { retryable: true });
    throw new KiteError('KITE_SLOW_READER', `${address} reads too slowly; ${command.name} was not sent.`, { retryable: true });
  }

  /** The connection to `address`, made if there is none. @throws KiteError as `invoke` */
  connect(address: string, options: { timeoutMs?: number; signal?: AbortSignal } = {}): Promise<Channel> {
    return this.connection(address, options.timeoutMs ?? invokeTimeoutMsDefault, options.signal);
  }

  /** True while there is a connection to `address`. */
  isConnected(address: string): boolean {
    return this.openConnection(address) !== undefined;
  }

  /** Closes the connection to `address`; what waits on it fails. The next call makes a new one. */
  closeAddress(address: string): void {
    this.peers.get(address)?.connection?.close();
  }

  /** Closes all connections; calls that wait fail. Idempotent. */
  async shutdown(): Promise<void> {
    if (!this.closing.signal.aborted) this.closing.abort(new KiteError('KITE_CLIENT_CLOSED', 'The client was closed.'));
    const attempts = [...this.peers.values()].map((peer) => peer.connecting?.catch(() => {}));
    for (const connection of this.endpoint.connections) connection.close();
    await Promise.all(attempts);
    this.endpoint.stop();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.shutdown();
  }

  private openConnection(address: string): Connection | undefined {
    const connection = this.peers.get(address)?.connection;
    return connection === undefined || connection.closed ? undefined : connection;
  }

  /** The attempt to connect is shared: one caller's timeout or abort ends that caller's wait only. */
  private async connection(address: string, timeoutMs: number, signal: AbortSignal | undefined): Promise<Connection> {
    this.checkOpen();
    const peer = this.peer(address);
    if (peer.connection !== undefined && !peer.connection.closed) return peer.connection;
    if (peer.connecting === undefined) {
      const early = peer.tooEarly(this.endpoint.now());
      if (early !== undefined) throw early;
      peer.connecting = this.open(peer).finally(() => (peer.connecting = undefined));
      // Those who wait see the error; when all of them gave up, nobody does.
      peer.connecting.catch(() => {});
    }
    return untilAborted(peer.connecting, { timers: this.runtime.timers, timeoutMs, signal, address });
  }

  private async open(peer: Peer): Promise<Connection> {
    const { tls, connectTimeoutMs = connectTimeoutMsDefault } = this.options;
    try {
      const socket = await this.runtime.network.connect({
        ...parseAddress(peer.address),
        timeoutMs: connectTimeoutMs,
        signal: this.closing.signal,
        ...(tls === undefined ? {} : { tls: { verify: tls.verify ?? false, ...(tls.ca === undefined ? {} : { ca: tls.ca }), ...(tls.serverName === undefined ? {} : { serverName: tls.serverName }) } }),
      });
      if (this.closing.signal.aborted) {
        socket.destroy();
        throw this.closing.signal.reason;
      }
      const connection = new Connection(this.endpoint, socket, undefined);
      this.endpoint.start();
      this.endpoint.add(connection);
      this.addressOf.set(connection, peer.address);
      peer.connection = connection;
      peer.succeeded();
      return connection;
    } catch (error) {
      this.checkOpen();
      const failure = KiteError.is(error) ? error : new KiteError('KITE_CONNECT_FAILED', `cannot connect to ${peer.address}: ${(error as Error).message}`, { cause: error, retryable: true });
      if (failure.code !== 'KITE_ADDRESS_INVALID') peer.failed(failure, this.endpoint.now());
      throw failure;
    }
  }

  /** A connection whose server goes away takes no new requests; those in flight may still be answered. */
  private leave(address: string, connection: Connection): void {
    const peer = this.peers.get(address);
    if (peer?.connection === connection) peer.connection = undefined;
    if (connection.inFlight.size === 0) connection.close();
  }

  private onGone(connection: Connection): void {
    const address = this.addressOf.get(connection);
    this.addressOf.delete(connection);
    if (address === undefined) return;
    const peer = this.peers.get(address);
    if (peer?.connection === connection) peer.connection = undefined;
    this.options.onDisconnect?.(address);
  }

  private peer(address: string): Peer {
    let peer = this.peers.get(address);
    if (peer === undefined) {
      parseAddress(address);
      const backoff = new Backoff({ random: this.runtime.random, firstMs: backoffFirstMs, maxMs: this.options.backoffMaxMs ?? backoffMaxMsDefault });
      peer = new Peer(address, backoff);
      this.peers.set(address, peer);
    }
    return peer;
  }

  private remaining(startedAt: number, timeoutMs: number, command: AnyCommand, address: string): number {
    const leftMs = startedAt + timeoutMs - this.endpoint.now();
    if (leftMs > 0) return leftMs;
    throw new KiteError('KITE_TIMEOUT', `${command.name} was not sent to ${address} within ${timeoutMs} ms.`, { retryable: true, details: { address, timeoutMs } });
  }

  private checkOpen(): void {
    if (this.closing.signal.aborted) throw this.closing.signal.reason;
  }
}

interface CallParts {
  readonly bytes: Uint8Array | undefined;
  readonly ext: Readonly<Record<string, string>> | undefined;
  readonly signal: AbortSignal | undefined;
  readonly timeoutMs: number;
}

const callOn = <C extends AnyCommand>(connection: Connection, command: C, header: RequestHeaderOf<C>, parts: CallParts): Promise<Reply<C>> =>
  new Promise((resolve, reject) => {
    const pending = new PendingInvoke<C>(command, header, parts.timeoutMs, (error, reply) => {
      if (error === undefined) resolve(reply!);
      else reject(error);
    });
    connection.start(pending, parts.bytes, parts.ext, parts.signal);
  });
