import type { AnyCommand, Frame, HeaderSchema, OutgoingFrame, RequestBodyOf, RequestHeaderOf } from '@kitemq/protocol';
import { decodeFrame, encodeFrameHead, FrameFlag, frameHeadSizeMax, FrameSplitter, ResponseCode, SerializeType } from '@kitemq/protocol';
import type { NetworkSocket, SocketHandler } from '@kitemq/runtime';
import { KiteError } from '@kitemq/runtime';
import type { Channel, InvokeOptions, Reply } from './channel.ts';
import type { Endpoint } from './endpoint.ts';
import { InFlightTable } from './in-flight-table.ts';
import { abortedError, PendingInvoke } from './pending-invoke.ts';
import { IncomingRequest } from './incoming-request.ts';
import { OutputBuffer, uncopiedBytesMin } from './output-buffer.ts';
import type { Preface } from './preface.ts';
import type { ProxyHeader } from './proxy-protocol.ts';
import type { ReplyOptions } from './request.ts';

export const invokeTimeoutMsDefault = 3_000;

/** The one thing connections of all servers and clients of a process share: tables are keyed by a channel's id. */
let lastId = 0;

/** What the decoder could still read of a frame that it refuses. */
interface BrokenFrame {
  readonly opaque?: number;
  readonly flag?: number;
  readonly serializeType?: SerializeType;
}

/** One TCP or TLS connection with frames in both directions: see {@link Channel}. Server and client use the same. */
export class Connection implements Channel {
  readonly id: number = ++lastId;
  remoteIp: string;
  remotePort: number;
  remoteAddress: string;
  localAddress: string;
  proxy: ProxyHeader | undefined = undefined;
  closed = false;
  peerVersion = 0;
  peerLanguage = -1;
  /** Monotonic ms of the last read or write. */
  lastActivityAt: number;
  /** Monotonic ms since when an incomplete frame is waiting, or 0. */
  partialSince = 0;
  /** Bytes of an incomplete frame, as accounted for at the endpoint. */
  partialBytes = 0;
  /** True while `partialBytes` counts among those of strangers. */
  countedAsStranger = false;
  /** True until the first whole frame was decoded. */
  stranger = true;
  /** Requests of the peer that are not answered yet. */
  requestsInFlight = 0;
  /** In the endpoint's list of connections to flush. */
  dirty = false;
  readonly inFlight: InFlightTable;
  readonly output: OutputBuffer;
  private socket: NetworkSocket;
  private readonly endpoint: Endpoint;
  private splitter: FrameSplitter;
  private preface: Preface | undefined;
  private reading = false;
  private bufferedBytesSeen = 0;
  private congested = false;
  private draining = false;
  /** Chunks that came although reading was stopped. */
  private held: Uint8Array[] = [];
  private readonly handler: SocketHandler = {
    onData: (chunk) => this.onData(chunk),
    onDrain: () => this.onDrain(),
    onClose: (error) => this.finish(error),
  };
  private closeCallbacks: ((channel: Channel) => void)[] = [];

  constructor(endpoint: Endpoint, socket: NetworkSocket, preface: Preface | undefined) {
    this.endpoint = endpoint;
    this.socket = socket;
    this.preface = preface;
    this.remoteIp = socket.remoteAddress;
    this.remotePort = socket.remotePort;
    this.remoteAddress = `${socket.remoteAddress}:${socket.remotePort}`;
    this.localAddress = `${socket.localAddress}:${socket.localPort}`;
    this.output = new OutputBuffer(socket.copiesOnWrite === true ? endpoint.slabs : undefined);
    this.lastActivityAt = endpoint.now();
    this.inFlight = new InFlightTable(endpoint.limits.invokesInFlightMax);
    this.splitter = splitterFor(socket, endpoint);
    socket.setHandler(this.handler);
  }

  get encrypted(): boolean {
    return this.socket.encrypted;
  }

  get writable(): boolean {
    return !this.closed && !this.congested;
  }

  /** Looks whether the peer took something of what is queued for it: that is a sign of life too. */
  noteProgress(now: number): void {
    const { bufferedBytes } = this.socket;
    if (bufferedBytes < this.bufferedBytesSeen) this.lastActivityAt = now;
    this.bufferedBytesSeen = bufferedBytes;
  }

  // ---- what arrives

  private onData(chunk: Uint8Array): void {
    if (this.closed) return;
    this.lastActivityAt = this.endpoint.now();
    this.endpoint.counters.bytesIn += chunk.length;
    if (this.preface !== undefined) return this.onPreface(this.preface, chunk);
    if (this.congested) this.held.push(this.kept(chunk));
    else this.takeFrames(chunk);
  }

  private onDrain(): void {
    if (this.closed || !this.congested) return;
    this.congested = false;
    this.takeFrames(undefined);
    while (!this.closed && !this.congested && this.held.length > 0) this.takeFrames(this.held.shift());
    if (this.closed || this.congested) return;
    // Nothing was read meanwhile: an incomplete frame is not late for it.
    if (this.partialSince > 0) this.partialSince = this.endpoint.now();
    this.socket.resume();
  }

  /** All whole frames of `chunk` (undefined: of the one before), until the connection is congested. Their answers leave together. */
  private takeFrames(chunk: Uint8Array | undefined): void {
    const splitter = this.splitter;
    this.reading = true;
    try {
      if (chunk !== undefined) splitter.push(chunk);
      while (!this.closed && !this.congested && splitter.next()) this.onFrame(splitter.buffer, splitter.start, splitter.end);
    } catch (error) {
      this.fail(error as Error);
    }
    this.reading = false;
    if (this.closed) return;
    this.flush();
    if (!this.congested) this.accountPartial();
    else if (this.socket.reusesReadBuffer === true) splitter.keepRest();
  }

  /** `bytes` for longer than this call. */
  private kept(bytes: Uint8Array): Uint8Array {
    return this.socket.reusesReadBuffer === true ? Uint8Array.prototype.slice.call(bytes) : bytes;
  }

  private onPreface(preface: Preface, chunk: Uint8Array): void {
    // Of a connection only the first bytes come here.
    const verdict = preface.feed(this.kept(chunk));
    if (verdict === undefined) return;
    const proxy = verdict.proxy;
    this.proxy = proxy;
    if (proxy?.sourceAddress !== undefined) {
      this.remoteIp = proxy.sourceAddress;
      this.remotePort = proxy.sourcePort;
      this.remoteAddress = `${proxy.sourceAddress}:${proxy.sourcePort}`;
      this.localAddress = `${proxy.destinationAddress}:${proxy.destinationPort}`;
    }
    const credentials = verdict.kind === 'invalid' ? 'refuse' : this.endpoint.tlsCredentials(verdict.kind);
    if (credentials === 'refuse') return this.fail(new KiteError('KITE_PREFACE_REFUSED', `A connection began with ${verdict.kind === 'tls' ? 'TLS' : verdict.kind} bytes, which this listener does not take.`));
    this.preface = undefined;
    if (credentials === undefined) return this.onData(verdict.rest);
    this.socket = this.socket.acceptTls(credentials, verdict.rest);
    this.splitter = splitterFor(this.socket, this.endpoint);
    this.output.pool = undefined;
    this.socket.setHandler(this.handler);
  }

  private onFrame(bytes: Buffer, start: number, end: number): void {
    let frame: Frame;
    try {
      frame = decodeFrame(bytes, start, end);
    } catch (error) {
      return this.onBrokenFrame(error as Error);
    }
    this.stranger = false;
    this.partialSince = 0;
    this.peerVersion = frame.version;
    this.peerLanguage = frame.language;
    if ((frame.flag & FrameFlag.response) !== 0) return this.onResponse(this.socket.reusesReadBuffer === true ? copyOf(bytes, start, end) : frame);
    const request = new IncomingRequest(this, frame, this.lastActivityAt);
    this.endpoint.onRequest(request);
    // The frame's memory is used again; who answers later and has not said that the answer needs nothing of it gets a copy.
    if (!request.answered && !request.isDetached && this.socket.reusesReadBuffer === true) request.keep(copyOf(bytes, start, end));
    // Answers of one chunk can be large: stop in the middle of it rather than queue them all.
    if (this.output.pendingBytes > this.endpoint.limits.outputPauseBytes) this.flush();
  }

  private onResponse(frame: Frame): void {
    const pending = this.inFlight.take(frame.opaque);
    if (pending === undefined) this.endpoint.counters.lateReplies++;
    else pending.settle(undefined, frame);
  }

  /** A frame whose bounds were right and whose header does not parse. */
  private onBrokenFrame(error: Error): void {
    const { opaque, flag = 0, serializeType = SerializeType.json } = (KiteError.is(error) ? error.details : {}) as BrokenFrame;
    if (opaque === undefined) return this.fail(error);
    this.endpoint.counters.brokenFrames++;
    this.endpoint.logger.warn({ peer: this.remoteAddress, error: error.message }, 'a frame with an unreadable header');
    const pending = this.inFlight.take(opaque);
    if (pending !== undefined) {
      const message = `The answer of ${this.remoteAddress} to ${pending.command.name} does not parse: ${error.message}`;
      return pending.settle(new KiteError('KITE_HEADER_INVALID', message, { cause: error }), undefined);
    }
    if ((flag & (FrameFlag.response | FrameFlag.oneway)) !== 0) return;
    const out = this.endpoint.outgoing(ResponseCode.systemError, opaque, FrameFlag.response, serializeType);
    out.remark = error.message;
    this.send(out, undefined);
  }

  private accountPartial(): void {
    const bytes = this.splitter.pendingBytes;
    if (bytes === 0) this.partialSince = 0;
    else if (this.partialSince === 0) this.partialSince = this.lastActivityAt;
    if (bytes === this.partialBytes) return;
    const tooMany = this.endpoint.accountPartial(this, bytes);
    if (tooMany !== undefined) this.fail(tooMany);
  }

  // ---- what leaves

  /** Queues an answer. It leaves with the others of this turn of the event loop. */
  respond(
    request: IncomingRequest,
    code: number,
    schema: HeaderSchema | undefined,
    values: Readonly<Record<string, unknown>> | undefined,
    options: ReplyOptions,
  ): void {
    if (request.oneway || this.closed) return;
    this.requestsInFlight--;
    this.endpoint.requestEnded();
    this.endpoint.counters.replies++;
    const out = this.endpoint.outgoing(code, request.opaque, FrameFlag.response, request.serializeType);
    out.remark = options.remark;
    out.schema = schema;
    out.values = values;
    out.writer = options.writer;
    out.ext = options.ext;
    try {
      this.send(out, options.body, options.copyBody === true || (this.socket.reusesReadBuffer === true && isOf(options.body, this.splitter.buffer)));
    } catch (error) {
      this.respondUnsendable(request, error as Error);
    }
  }

  /** The answer itself was wrong (too large, a required value missing): the peer is told so instead of nothing. */
  private respondUnsendable(request: IncomingRequest, error: Error): void {
    this.endpoint.counters.processorErrors++;
    this.endpoint.logger.error({ code: request.code, opaque: request.opaque, error }, 'an answer could not be encoded');
    const out = this.endpoint.outgoing(ResponseCode.systemError, request.opaque, FrameFlag.response, request.serializeType);
    out.remark = error.message;
    this.send(out, undefined);
  }

  reportDoubleAnswer(request: IncomingRequest): void {
    this.endpoint.logger.error({ code: request.code, opaque: request.opaque }, 'a processor answered the same request twice; the second answer was dropped');
  }

  invoke<C extends AnyCommand>(command: C, header: RequestHeaderOf<C>, body?: RequestBodyOf<C>, options: InvokeOptions = {}): Promise<Reply<C>> {
    return new Promise((resolve, reject) => {
      const pending = new PendingInvoke<C>(command, header, options.timeoutMs ?? invokeTimeoutMsDefault, (error, reply) => {
        if (error === undefined) resolve(reply!);
        else reject(error);
      });
      const bytes = body === undefined ? undefined : command.requestBody.encode(body);
      this.start(pending, bytes, options.ext, options.signal);
    });
  }

  /** Sends the request of `pending`; everything that goes wrong, now or later, ends it. */
  start<C extends AnyCommand>(pending: PendingInvoke<C>, body: Uint8Array | undefined, ext: Readonly<Record<string, string>> | undefined, signal: AbortSignal | undefined): void {
    const { command, header } = pending;
    if (this.closed) return pending.settle(this.closedError(command), undefined);
    if (signal?.aborted) return pending.settle(abortedError(command, this.remoteAddress, signal), undefined);
    try {
      this.inFlight.add(pending);
      const out = this.outgoingRequest(command, header, pending.opaque, 0);
      out.ext = ext;
      this.send(out, body);
    } catch (error) {
      this.inFlight.remove(pending);
      return pending.settle(KiteError.is(error) ? error : new KiteError('KITE_INVOKE_FAILED', `${command.name} could not be sent: ${(error as Error).message}`, { cause: error }), undefined);
    }
    pending.sentOn(this, this.endpoint);
    if (signal !== undefined) pending.watch(signal);
  }

  invokeOneway<C extends AnyCommand>(command: C, header: RequestHeaderOf<C>, body?: RequestBodyOf<C>, ext?: Readonly<Record<string, string>>): boolean {
    if (!this.writable) return false;
    const out = this.outgoingRequest(command, header, this.inFlight.newOpaque(), FrameFlag.oneway);
    out.ext = ext;
    this.send(out, body === undefined ? undefined : command.requestBody.encode(body));
    return true;
  }

  private outgoingRequest(command: AnyCommand, header: unknown, opaque: number, flag: number): OutgoingFrame {
    const out = this.endpoint.outgoing(command.code, opaque, flag, this.endpoint.requestType(command));
    out.remark = undefined;
    out.schema = command.request;
    out.values = header as Record<string, unknown>;
    return out;
  }

  private send(out: OutgoingFrame, body: Uint8Array | readonly Uint8Array[] | undefined, copy = false): void {
    const output = this.output;
    const single = body === undefined || body instanceof Uint8Array;
    out.bodyLength = body === undefined ? 0 : single ? body.length : totalLength(body);
    const headMax = frameHeadSizeMax(out);
    // Head and small body into the same slab, so that they are one piece.
    const slab = output.reserve(headMax + (copy || out.bodyLength < uncopiedBytesMin ? out.bodyLength : 0));
    output.commit(encodeFrameHead(slab, output.slabEnd, out) - output.slabEnd);
    if (body !== undefined) {
      if (copy) for (const piece of single ? [body] : body) output.copy(piece);
      else if (single) output.append(body);
      else output.appendAll(body);
    }
    if (!this.reading && !this.dirty) this.endpoint.flushSoon(this);
  }

  /** Gives back the memory that only a busy connection needs. */
  release(): void {
    this.output.release();
    this.splitter.releaseSpare();
  }

  /** Hands what was queued to the socket. */
  flush(): void {
    if (this.closed || this.output.pendingBytes === 0) return;
    const { limits, counters } = this.endpoint;
    counters.bytesOut += this.output.pendingBytes;
    counters.writes++;
    this.output.flush(this.socket);
    this.lastActivityAt = this.endpoint.now();
    const queued = this.socket.bufferedBytes;
    if (queued <= limits.outputPauseBytes) return;
    if (queued > limits.outputBytesMax) {
      return this.fail(new KiteError('KITE_SLOW_READER', `${queued} bytes wait for ${this.remoteAddress}, which does not read them; the limit is ${limits.outputBytesMax}.`));
    }
    if (this.congested) return;
    this.congested = true;
    counters.pauses++;
    this.socket.pause();
  }

  // ---- the end

  onClose(callback: (channel: Channel) => void): void {
    if (this.closed) callback(this);
    else this.closeCallbacks.push(callback);
  }

  /** Sends what is queued, says goodbye and waits for the peer to do the same. */
  end(): void {
    if (this.closed || this.draining) return;
    this.flush();
    this.draining = true;
    this.socket.end();
  }

  close(): void {
    if (this.closed) return;
    this.flush();
    this.destroy(undefined);
  }

  /** Closes because of what the peer did: one log line, nothing else. */
  fail(error: Error): void {
    if (this.closed) return;
    this.endpoint.counters.failures++;
    this.endpoint.logger.warn({ peer: this.remoteAddress, error: error.message }, 'connection closed');
    this.destroy(error);
  }

  private destroy(error: Error | undefined): void {
    this.socket.destroy(error);
    this.finish(error);
  }

  private finish(error: Error | undefined): void {
    if (this.closed) return;
    this.closed = true;
    this.output.clear();
    this.held = [];
    this.endpoint.onConnectionClosed(this, error);
    this.inFlight.failAll((pending) => this.closedError(pending.command, error));
    const callbacks = this.closeCallbacks;
    this.closeCallbacks = [];
    for (const callback of callbacks) this.endpoint.guard(() => callback(this));
  }

  private closedError(command: AnyCommand, cause?: Error): KiteError {
    return new KiteError('KITE_CHANNEL_CLOSED', `The connection to ${this.remoteAddress} is closed; ${command.name} was not answered. It may or may not have been carried out.`, {
      cause,
      retryable: true,
      details: { address: this.remoteAddress },
    });
  }
}

/** Is some of the answer a view of what was received? */
const isOf = (answer: ReplyOptions['body'], received: Uint8Array): boolean => {
  if (answer === undefined) return false;
  return answer instanceof Uint8Array ? answer.buffer === received.buffer : answer.some((piece) => piece.buffer === received.buffer);
};

const splitterFor = (socket: NetworkSocket, { limits }: Endpoint): FrameSplitter =>
  new FrameSplitter({ frameBytesMax: limits.frameBytesMax, reuse: socket.reusesReadBuffer === true });

/** Answers are read later. */
const copyOf = (bytes: Buffer, start: number, end: number): Frame => decodeFrame(Uint8Array.prototype.slice.call(bytes, start, end), 0, end - start);

const totalLength = (pieces: readonly Uint8Array[]): number => {
  let length = 0;
  for (const piece of pieces) length += piece.length;
  return length;
};
