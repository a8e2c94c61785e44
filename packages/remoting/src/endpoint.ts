import type { AnyCommand, OutgoingFrame, SerializeType } from '@kitemq/protocol';
import { ResponseCode } from '@kitemq/protocol';
import type { Logger, Runtime, TimerHandle, TlsCredentials } from '@kitemq/runtime';
import { KiteError, TimerWheel } from '@kitemq/runtime';
import type { Connection } from './connection.ts';
import type { RemotingCounters } from './counters.ts';
import { newCounters } from './counters.ts';
import { events } from './events.ts';
import type { IncomingRequest } from './incoming-request.ts';
import type { RemotingLimits } from './limits.ts';
import type { Processor, ProcessorTable } from './request.ts';
import { SlabPool } from './slab-pool.ts';

/** Request timeouts are exact to this. */
const wheelTickMs = 50;
/** Idle connections and stalled frames are looked for so often per idle time. */
const scansPerIdleTime = 8;
const scanMsMin = 10;
/** A connection that was quiet for so long gives its buffers back. */
const quietMs = 5_000;

export interface EndpointOptions {
  readonly runtime: Runtime;
  readonly side: 'server' | 'client';
  readonly limits: RemotingLimits;
  readonly processors: ProcessorTable | ((code: number) => Processor | undefined) | undefined;
  readonly defaultProcessor: Processor | undefined;
  /** Of requests this end sends. */
  readonly serializeType: SerializeType;
  readonly language: number;
  readonly version: number;
}

/** What the connections of one server or one client share. */
export class Endpoint {
  readonly side: 'server' | 'client';
  readonly limits: RemotingLimits;
  readonly logger: Logger;
  readonly wheel: TimerWheel;
  readonly connections: Set<Connection> = new Set();
  readonly counters: RemotingCounters = newCounters();
  readonly slabs: SlabPool = new SlabPool();
  /** Set while shutting down: requests are answered with GO_AWAY. */
  goingAway = false;
  /** Requests that are not answered yet, all connections together. */
  requestsInFlight = 0;
  /** Called when the last of them was answered. */
  onRequestsDone: (() => void) | undefined;
  /** What to do with a connection that begins so. Undefined: go on in plain. */
  tlsCredentials: (kind: 'plain' | 'tls') => TlsCredentials | 'refuse' | undefined = () => undefined;
  onConnectionGone: (connection: Connection) => void = () => {};
  private readonly runtime: Runtime;
  private readonly requestSerializeType: SerializeType;
  private readonly out: OutgoingFrame;
  private readonly lookup: (code: number) => Processor | undefined;
  private dirty: Connection[] = [];
  private readonly flushDirty = (): void => this.flushAll();
  private scanTimer: TimerHandle | undefined;
  private partialBytes = 0;
  private strangerBytes = 0;

  constructor(options: EndpointOptions) {
    const { runtime, processors, defaultProcessor } = options;
    this.runtime = runtime;
    this.side = options.side;
    this.limits = options.limits;
    this.logger = runtime.logger;
    this.requestSerializeType = options.serializeType;
    this.wheel = new TimerWheel({
      clock: runtime.clock,
      timers: runtime.timers,
      tickMs: wheelTickMs,
      onError: (error) => this.logger.error({ error }, 'a callback threw'),
    });
    this.lookup = typeof processors === 'function' ? (code) => processors(code) ?? defaultProcessor : (code) => processors?.get(code) ?? defaultProcessor;
    this.out = { serializeType: 0, code: 0, language: options.language, version: options.version, opaque: 0, flag: 0, remark: undefined, schema: undefined, values: undefined, writer: undefined, ext: undefined, bodyLength: 0 };
  }

  now(): number {
    return this.runtime.clock.monotonic();
  }

  start(): void {
    const periodMs = Math.max(scanMsMin, Math.floor(Math.min(this.limits.idleMs, this.limits.frameMs) / scansPerIdleTime));
    this.scanTimer ??= this.runtime.timers.setInterval(() => this.scan(), periodMs);
  }

  stop(): void {
    this.runtime.timers.clear(this.scanTimer);
    this.scanTimer = undefined;
    this.wheel.close();
  }

  add(connection: Connection): void {
    this.connections.add(connection);
    if (events.open.hasSubscribers) events.open.publish({ address: connection.remoteAddress, side: this.side });
  }

  /** The one outgoing frame that is filled again and again; it is encoded before anything else can happen. */
  outgoing(code: number, opaque: number, flag: number, serializeType: SerializeType): OutgoingFrame {
    const out = this.out;
    out.code = code;
    out.opaque = opaque;
    out.flag = flag;
    out.serializeType = serializeType;
    out.remark = undefined;
    out.schema = undefined;
    out.values = undefined;
    out.writer = undefined;
    out.ext = undefined;
    out.bodyLength = 0;
    return out;
  }

  requestType(_command: AnyCommand): SerializeType {
    return this.requestSerializeType;
  }

  onRequest(request: IncomingRequest): void {
    const connection = request.channel;
    this.counters.requests++;
    if (events.request.hasSubscribers) events.request.publish({ address: connection.remoteAddress, code: request.code, opaque: request.opaque, oneway: request.oneway });
    if (!request.oneway) {
      connection.requestsInFlight++;
      this.requestsInFlight++;
      if (this.goingAway && understandsGoAway(request)) return request.fail(ResponseCode.goAway, 'please go away');
      if (connection.requestsInFlight > this.limits.requestsInFlightMax) {
        this.counters.overloads++;
        return request.fail(ResponseCode.systemBusy, `[OVERLOAD]system busy, start flow control for a while: ${this.limits.requestsInFlightMax} requests of this connection are in progress`);
      }
    }
    const processor = this.lookup(request.code);
    if (processor === undefined) return request.fail(ResponseCode.requestCodeNotSupported, ` request type ${request.code} not supported`);
    try {
      processor(request);
    } catch (error) {
      this.onProcessorError(request, error);
    }
  }

  requestEnded(): void {
    this.requestsInFlight--;
    if (this.requestsInFlight === 0) this.onRequestsDone?.();
  }

  private onProcessorError(request: IncomingRequest, error: unknown): void {
    this.counters.processorErrors++;
    const badRequest = KiteError.is(error, 'KITE_HEADER_INVALID') || KiteError.is(error, 'KITE_BODY_INVALID');
    const fields = { code: request.code, opaque: request.opaque, peer: request.channel.remoteAddress, error };
    if (badRequest) this.logger.warn(fields, 'a request does not parse');
    else this.logger.error(fields, 'a processor threw');
    if (!request.answered) request.fail(ResponseCode.systemError, describe(error));
  }

  /**
   * Sends what `connection` has queued, with all the others, when the callback that runs now has ended (server: answers of a
   * group commit are made in one callback, and should not wait for the requests of the next poll) or at the end of this turn
   * (client: requests are made by one promise continuation each).
   */
  flushSoon(connection: Connection): void {
    connection.dirty = true;
    if (this.dirty.push(connection) > 1) return;
    if (this.side === 'server') queueMicrotask(this.flushDirty);
    else this.runtime.timers.setImmediate(this.flushDirty);
  }

  private flushAll(): void {
    const dirty = this.dirty;
    this.dirty = [];
    for (const connection of dirty) {
      connection.dirty = false;
      this.guard(() => connection.flush());
    }
  }

  /** Keeps the sums; an error when `connection` brings them over a limit. */
  accountPartial(connection: Connection, bytes: number): KiteError | undefined {
    const before = connection.partialBytes;
    connection.partialBytes = bytes;
    this.partialBytes += bytes - before;
    if (connection.countedAsStranger) this.strangerBytes -= before;
    connection.countedAsStranger = connection.stranger;
    if (connection.stranger) this.strangerBytes += bytes;
    const { partialBytesMax, strangerBytesMax } = this.limits;
    if (bytes <= before) return undefined;
    if (this.partialBytes <= partialBytesMax && (!connection.stranger || this.strangerBytes <= strangerBytesMax)) return undefined;
    return new KiteError('KITE_TOO_MANY_PARTIAL_BYTES', `Incomplete frames hold ${this.partialBytes} bytes (limits ${partialBytesMax}, of strangers ${strangerBytesMax}).`);
  }

  onConnectionClosed(connection: Connection, error: Error | undefined): void {
    this.connections.delete(connection);
    this.accountPartial(connection, 0);
    if (connection.requestsInFlight > 0) {
      this.requestsInFlight -= connection.requestsInFlight;
      connection.requestsInFlight = 0;
      if (this.requestsInFlight === 0) this.onRequestsDone?.();
    }
    this.guard(() => this.onConnectionGone(connection));
    if (events.close.hasSubscribers) events.close.publish({ address: connection.remoteAddress, side: this.side, error });
  }

  /** A callback of somebody else: what it throws is a log line. */
  guard(call: () => void): void {
    try {
      call();
    } catch (error) {
      this.logger.error({ error }, 'a callback threw');
    }
  }

  private scan(): void {
    const now = this.now();
    const { idleMs, frameMs } = this.limits;
    for (const connection of this.connections) {
      connection.noteProgress(now);
      const quietFor = now - connection.lastActivityAt;
      if (quietFor >= quietMs) connection.release();
      if (quietFor >= idleMs) {
        this.counters.idleClosed++;
        this.logger.info({ peer: connection.remoteAddress }, 'idle connection closed');
        connection.close();
      } else if (connection.partialSince > 0 && connection.writable && now - connection.partialSince >= frameMs) {
        connection.fail(new KiteError('KITE_FRAME_TIMEOUT', `A frame is still incomplete after ${frameMs} ms.`));
      }
    }
  }
}

/** Clients since 5.3.2 know what to do (spec: sent only to peers with a version above 5.3.1). */
const goAwayVersionAbove = 475;
const understandsGoAway = (request: IncomingRequest): boolean => request.version > goAwayVersionAbove;

/** Class and first line, as Apache's servers say it. */
function describe(error: unknown): string {
  if (KiteError.is(error)) return `${error.code}: ${error.message}`;
  if (error instanceof Error) return `${error.name}: ${error.message.split('\n', 1)[0]}`;
  return String(error);
}
