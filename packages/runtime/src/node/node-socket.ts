import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import type { Logger } from '../logger.ts';
import type { NetworkSocket, SocketHandler, TlsCredentials } from '../network.ts';
import { acceptTlsOn } from './node-tls.ts';
import { readInPlace } from './read-in-place.ts';

/** `::ffff:127.0.0.1` is what a dual-stack listener says for an IPv4 peer. */
const plainAddress = (address: string | undefined): string => (address === undefined ? '' : address.replace(/^::ffff:(?=\d+\.)/i, ''));

/** A TCP or TLS connection. */
export class NodeSocket implements NetworkSocket {
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly localAddress: string;
  readonly localPort: number;
  readonly copiesOnWrite: boolean;
  readonly reusesReadBuffer: boolean;
  #encrypted: boolean;
  readonly #socket: Socket;
  /** Data comes without the stream's events. */
  readonly #readsInPlace: boolean;
  readonly #logger: Logger;
  #handler: SocketHandler | undefined;
  #error: Error | undefined;
  #closed = false;
  #reported = false;
  #listening = false;
  /** The connection went on in another NodeSocket; this one is silent. */
  #handedOver = false;

  /** `inPlace`: read into memory that is used again, see {@link readInPlace}; `socket` must be paused and fresh. */
  constructor(socket: Socket, logger: Logger, { encrypted = false, inPlace = false }: { readonly encrypted?: boolean; readonly inPlace?: boolean } = {}) {
    const reader = inPlace ? readInPlace(socket, (chunk) => this.#onData(chunk)) : undefined;
    if (reader !== undefined) socket = reader;
    this.#socket = socket;
    this.#readsInPlace = this.reusesReadBuffer = reader !== undefined;
    this.#encrypted = encrypted;
    this.copiesOnWrite = !(socket instanceof TLSSocket);
    this.#logger = logger;
    this.remoteAddress = plainAddress(socket.remoteAddress);
    this.remotePort = socket.remotePort ?? 0;
    this.localAddress = plainAddress(socket.localAddress);
    this.localPort = socket.localPort ?? 0;
    socket.on('error', this.#onError);
    // A failed server-side handshake is told by this event only.
    socket.on('_tlsError', this.#onError);
    socket.on('close', this.#onClose);
  }

  get encrypted(): boolean {
    return this.#encrypted;
  }

  get bufferedBytes(): number {
    return this.#socket.writableLength;
  }

  setHandler(handler: SocketHandler): void {
    this.#handler = handler;
    if (this.#closed) return queueMicrotask(this.#report);
    if (this.#listening) return;
    this.#listening = true;
    this.#socket.on('drain', this.#onDrain);
    if (this.#readsInPlace) this.#socket.resume();
    else this.#socket.on('data', this.#onData);
  }

  write(chunk: Uint8Array): boolean {
    if (!this.#socket.writable) return false;
    return this.#socket.write(chunk);
  }

  cork(): void {
    this.#socket.cork();
  }

  uncork(): void {
    this.#socket.uncork();
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  end(): void {
    this.#socket.end();
  }

  destroy(error?: Error): void {
    this.#error ??= error;
    this.#socket.destroy();
  }

  acceptTls(credentials: TlsCredentials, head: Uint8Array): NetworkSocket {
    const socket = this.#socket;
    this.#handedOver = true;
    this.#handler = undefined;
    socket.off('data', this.#onData);
    socket.off('drain', this.#onDrain);
    socket.pause();
    if (head.length > 0) socket.unshift(head);
    const secured = acceptTlsOn(socket, credentials);
    const successor = new NodeSocket(secured, this.#logger);
    secured.once('secure', () => {
      successor.#encrypted = true;
    });
    return successor;
  }

  readonly #onData = (chunk: Uint8Array): void => this.#guard((handler) => handler.onData(chunk));

  readonly #onDrain = (): void => this.#guard((handler) => handler.onDrain());

  readonly #onError = (error: Error): void => {
    this.#error ??= error;
  };

  readonly #onClose = (): void => {
    this.#closed = true;
    if (!this.#handedOver && this.#handler !== undefined) this.#report();
  };

  readonly #report = (): void => {
    if (this.#reported) return;
    this.#reported = true;
    this.#guard((handler) => handler.onClose(this.#error));
  };

  /** A handler that throws loses its connection, not the process. */
  #guard(call: (handler: SocketHandler) => void): void {
    if (this.#handler === undefined) return;
    try {
      call(this.#handler);
    } catch (error) {
      this.#logger.error({ error, peer: `${this.remoteAddress}:${this.remotePort}` }, 'a connection handler threw; the connection is closed');
      this.destroy(error as Error);
    }
  }
}
