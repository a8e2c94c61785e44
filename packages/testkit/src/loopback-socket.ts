import { KiteError, type NetworkSocket, type SocketHandler, type Timers, type TlsCredentials } from '@kitemq/runtime';

/** From here on `write` answers false, as Node's sockets do. */
const highWaterMarkBytes = 64 * 1024;

export interface SocketPlace {
  readonly address: string;
  readonly port: number;
}

/** One end of a connection inside this process. Bytes arrive in a later turn of the event loop, in order, never lost. */
export class LoopbackSocket implements NetworkSocket {
  readonly localAddress: string;
  readonly localPort: number;
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly encrypted = false;
  readonly #timers: Timers;
  #peer: LoopbackSocket | undefined;
  #handler: SocketHandler | undefined;
  /** What the peer wrote and the handler has not got. */
  #inbox: Uint8Array[] = [];
  #inboxBytes = 0;
  #paused = false;
  #needDrain = false;
  #scheduled = false;
  /** This end writes no more. */
  #ended = false;
  /** The peer writes no more: closed when the inbox is empty. */
  #peerEnded = false;
  #closed = false;
  #reported = false;
  #error: Error | undefined;

  constructor(timers: Timers, local: SocketPlace, remote: SocketPlace) {
    this.#timers = timers;
    this.localAddress = local.address;
    this.localPort = local.port;
    this.remoteAddress = remote.address;
    this.remotePort = remote.port;
  }

  /** Two ends of one connection. */
  static pair(timers: Timers, client: SocketPlace, server: SocketPlace): [client: LoopbackSocket, server: LoopbackSocket] {
    const near = new LoopbackSocket(timers, client, server);
    const far = new LoopbackSocket(timers, server, client);
    near.#peer = far;
    far.#peer = near;
    return [near, far];
  }

  get bufferedBytes(): number {
    return this.#peer === undefined ? 0 : this.#peer.#inboxBytes;
  }

  setHandler(handler: SocketHandler): void {
    this.#handler = handler;
    this.#schedule();
  }

  write(chunk: Uint8Array): boolean {
    const peer = this.#peer;
    if (this.#closed || this.#ended || peer === undefined || peer.#closed) return false;
    if (chunk.length > 0) {
      peer.#inbox.push(chunk);
      peer.#inboxBytes += chunk.length;
      peer.#schedule();
    }
    if (peer.#inboxBytes < highWaterMarkBytes) return true;
    this.#needDrain = true;
    return false;
  }

  cork(): void {}

  uncork(): void {}

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
    this.#schedule();
  }

  end(): void {
    if (this.#closed || this.#ended) return;
    this.#ended = true;
    const peer = this.#peer;
    if (peer === undefined) return;
    peer.#peerEnded = true;
    peer.#schedule();
  }

  destroy(error?: Error): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#error = error;
    this.#inbox = [];
    this.#inboxBytes = 0;
    this.#schedule();
    const peer = this.#peer;
    if (peer === undefined || peer.#closed) return;
    peer.#peerEnded = true;
    peer.#schedule();
  }

  acceptTls(_credentials: TlsCredentials, _head: Uint8Array): NetworkSocket {
    throw new KiteError('KITE_TLS_UNAVAILABLE', 'connections inside one process have no TLS: start the cluster with sockets');
  }

  #schedule(): void {
    if (this.#scheduled || this.#reported) return;
    this.#scheduled = true;
    this.#timers.setImmediate(() => {
      this.#scheduled = false;
      this.#deliver();
    });
  }

  #deliver(): void {
    const handler = this.#handler;
    if (handler === undefined) return;
    while (!this.#paused && !this.#closed && this.#inbox.length > 0) {
      const chunk = this.#inbox.shift() as Uint8Array;
      this.#inboxBytes -= chunk.length;
      this.#call(() => handler.onData(chunk));
    }
    if (this.#inboxBytes === 0 && this.#peer !== undefined) this.#peer.#drained();
    if (this.#peerEnded && this.#inbox.length === 0) this.#closed = true;
    if (this.#closed) this.#report(handler);
  }

  #drained(): void {
    const handler = this.#handler;
    if (!this.#needDrain || this.#closed || handler === undefined) return;
    this.#needDrain = false;
    this.#call(() => handler.onDrain());
  }

  #report(handler: SocketHandler): void {
    if (this.#reported) return;
    this.#reported = true;
    // An end without an answer of its own ends here too.
    this.end();
    const peer = this.#peer;
    if (peer !== undefined && !peer.#closed) {
      peer.#peerEnded = true;
      peer.#schedule();
    }
    this.#call(() => handler.onClose(this.#error));
  }

  /** A handler that throws loses its connection, as with real sockets. */
  #call(step: () => void): void {
    try {
      step();
    } catch (error) {
      this.destroy(error as Error);
    }
  }
}
