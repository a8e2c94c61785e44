import type { NetworkSocket, SocketHandler, TlsCredentials } from '@kitemq/runtime';
import { KiteError } from '@kitemq/runtime';
import type { ProcessContext } from '../core/process-context.ts';
import type { Cables, NetworkAddress } from './cables.ts';
import { Outgoing } from './outgoing.ts';
import { systemError } from '../disk/system-error.ts';

/** Node's default: more than this in the buffer, and `write` asks to wait for `onDrain`. */
const highWaterBytes = 16 * 1024;
/** What stands in a chunk after `onData`, where its memory is used again. */
const usedUp = 0xdb;

export interface EndpointOptions {
  readonly cables: Cables;
  readonly context: ProcessContext;
  readonly local: NetworkAddress;
  readonly remote: NetworkAddress;
  /** This end was accepted: like a real one, it delivers data in memory that is used again. */
  readonly accepted: boolean;
}

/** One end of a simulated connection. */
export class Endpoint implements NetworkSocket {
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly localAddress: string;
  readonly localPort: number;
  readonly encrypted = false;
  readonly reusesReadBuffer: boolean;
  readonly context: ProcessContext;
  readonly machineName: string;
  readonly outgoing: Outgoing;
  /** The system has no such connection (any more). */
  gone = false;
  readonly #cables: Cables;
  #handler: SocketHandler | undefined = undefined;
  #received: Uint8Array[] = [];
  #receivedEnd = false;
  #paused = false;
  #delivering = false;
  #drainWanted = false;
  #drainComing = false;
  #closed = false;
  #closeError: Error | undefined = undefined;
  #closeReported = false;

  constructor(options: EndpointOptions) {
    const { cables, context, local, remote, accepted } = options;
    this.reusesReadBuffer = accepted;
    this.#cables = cables;
    this.context = context;
    this.machineName = local.machine;
    this.remoteAddress = remote.address;
    this.remotePort = remote.port;
    this.localAddress = local.address;
    this.localPort = local.port;
    this.outgoing = new Outgoing(cables, this);
  }

  get bufferedBytes(): number {
    return this.outgoing.bufferedBytes;
  }

  setHandler(handler: SocketHandler): void {
    this.#handler = handler;
    if (this.#closed) this.#soon(() => this.#reportClose());
    else this.#soon(() => this.#deliver());
  }

  write(chunk: Uint8Array): boolean {
    if (this.#closed || !this.context.incarnation.alive || !this.outgoing.push(chunk)) return false;
    // As Node counts: what this write adds, before the system takes it.
    const wait = this.outgoing.bufferedBytes >= highWaterBytes;
    this.outgoing.pump();
    if (wait) this.#drainWanted = true;
    if (wait) this.drained();
    return !wait;
  }

  cork(): void {
    this.outgoing.corked++;
  }

  uncork(): void {
    if (this.outgoing.corked > 0) this.outgoing.corked--;
    this.outgoing.pump();
    this.drained();
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    this.#soon(() => this.#deliver());
  }

  end(): void {
    if (this.#closed) return;
    this.outgoing.end();
  }

  destroy(error?: Error): void {
    if (this.#closed) return;
    this.#cables.hangUp(this, this.#received.length > 0);
    this.#close(error);
  }

  acceptTls(_credentials: TlsCredentials, _head: Uint8Array): NetworkSocket {
    throw new KiteError('KITE_SIMULATED_TLS', 'the simulated network has no TLS; test TLS on the real one');
  }

  /** Bytes (or the end of the stream) came in. */
  arrive(chunks: readonly Uint8Array[], end: boolean): void {
    if (this.#closed) return;
    for (const chunk of chunks) this.#received.push(chunk);
    if (end) this.#receivedEnd = true;
    this.#deliver();
  }

  /** The connection broke: reset, or the peer does not answer. */
  broken(code: string): void {
    if (this.#closed) return;
    this.gone = true;
    this.#received = [];
    this.#close(systemError(code, 'read', `${this.remoteAddress}:${this.remotePort}`));
  }

  /** Looks whether `onDrain` is due. */
  drained(): void {
    if (!this.#drainWanted || this.#drainComing || this.outgoing.bufferedBytes > 0) return;
    this.#drainComing = true;
    this.#soon(() => {
      this.#drainComing = false;
      // More may have been written meanwhile.
      if (!this.#drainWanted || this.outgoing.bufferedBytes > 0 || this.#closed) return;
      this.#drainWanted = false;
      this.#handler?.onDrain();
    });
  }

  /** Both directions have ended in an orderly way. */
  finishIfDone(): void {
    if (this.outgoing.endSent && this.#receivedEnd && this.#received.length === 0) this.#close(undefined);
  }

  #soon(callback: () => void): void {
    if (this.context.incarnation.alive) this.context.later(0, callback);
  }

  #deliver(): void {
    if (this.#delivering) return;
    this.#delivering = true;
    const { world, incarnation } = this.context;
    while (this.#received.length > 0 && !this.#paused && !this.#closed && this.#handler !== undefined && incarnation.alive) {
      const chunk = this.#received.shift()!;
      this.#cables.consumed(this, chunk.length);
      world.trace(chunk.length);
      const handler = this.#handler;
      const given = this.reusesReadBuffer ? Uint8Array.from(chunk) : chunk;
      world.dispatch(incarnation, () => handler.onData(given));
      // Who still reads of it finds out.
      if (this.reusesReadBuffer) given.fill(usedUp);
    }
    this.#delivering = false;
    if (this.#receivedEnd && this.#received.length === 0 && !this.#closed && this.#handler !== undefined) {
      this.outgoing.end();
      this.finishIfDone();
    }
  }

  #close(error: Error | undefined): void {
    if (this.#closed) return;
    this.#closed = true;
    this.gone = true;
    this.#closeError = error;
    this.outgoing.clear();
    if (this.#handler !== undefined) this.#soon(() => this.#reportClose());
  }

  #reportClose(): void {
    if (this.#closeReported) return;
    this.#closeReported = true;
    this.#handler?.onClose(this.#closeError);
  }
}
