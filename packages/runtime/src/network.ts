/** One end of a connection. All callbacks come from the event loop, never from inside a call made on the socket. */
export interface NetworkSocket {
  /** The peer's address as text (`127.0.0.1`, `::1`) and port. */
  readonly remoteAddress: string;
  readonly remotePort: number;
  /** The address and port of this end: what the peer dialled, on an accepted connection. */
  readonly localAddress: string;
  readonly localPort: number;
  /** True once TLS is established on it. */
  readonly encrypted: boolean;
  /** Bytes handed to `write` that the operating system has not taken yet. */
  readonly bufferedBytes: number;
  /** True when a written chunk's memory is not looked at any more once `bufferedBytes` is 0 (plain TCP; not TLS, not memory networks). */
  readonly copiesOnWrite?: boolean;
  /** True when chunks are good only during `onData`: copy what must be kept. Only accepted sockets do so. */
  readonly reusesReadBuffer?: boolean;
  /** Sets who is called. Data that arrived before is delivered after this call returns. */
  setHandler(handler: SocketHandler): void;
  /** Queues `chunk` (owned by the socket from now on). False: stop until `onDrain`. */
  write(chunk: Uint8Array): boolean;
  /** Between cork and uncork writes are gathered into one system call. */
  cork(): void;
  uncork(): void;
  /** Stops (starts again) delivering data: the peer is slowed down by TCP's flow control. */
  pause(): void;
  resume(): void;
  /** Sends what is queued, then closes. */
  end(): void;
  /** Closes at once; `onClose` still comes. */
  destroy(error?: Error): void;
  /**
   * Goes on as TLS server on this connection, with `head` (bytes already delivered) first. The old socket must not be used any more.
   * `credentials` come from {@link Network.loadCredentials}.
   */
  acceptTls(credentials: TlsCredentials, head: Uint8Array): NetworkSocket;
}

export interface SocketHandler {
  /** Bytes arrived. The chunk is the receiver's to keep, unless the socket `reusesReadBuffer`. */
  onData(chunk: Uint8Array): void;
  /** After a `write` returned false: all queued bytes were taken. */
  onDrain(): void;
  /** The connection is gone, exactly once; `error` when it did not end in an orderly way. */
  onClose(error: Error | undefined): void;
}

/** Certificate and key (PEM), checked and ready for use. Opaque. */
export interface TlsCredentials {
  readonly __credentials: unique symbol;
}

export interface TlsCredentialOptions {
  readonly certificate: string;
  readonly key: string;
  /** Trusted certificates, PEM. */
  readonly ca?: string;
  /** Demand and verify a certificate of the peer. Default false, as Apache's server. */
  readonly verifyPeer?: boolean;
}

export interface ConnectOptions {
  readonly host: string;
  readonly port: number;
  /** Give up after this time. */
  readonly timeoutMs: number;
  /** Use TLS. `verify` false (Apache's default) accepts any certificate. */
  readonly tls?: { readonly verify: boolean; readonly ca?: string; readonly serverName?: string };
  readonly signal?: AbortSignal;
}

export interface ListenOptions {
  readonly host: string;
  /** 0 picks a free port. */
  readonly port: number;
  readonly backlog?: number;
}

export interface NetworkListener {
  readonly host: string;
  readonly port: number;
  /** Stops accepting; connections that exist live on. */
  close(): Promise<void>;
}

/** Where connections come from. */
export interface Network {
  /** @throws KiteError `KITE_CONNECT_FAILED` | `KITE_CONNECT_TIMEOUT` */
  connect(options: ConnectOptions): Promise<NetworkSocket>;
  /** @throws KiteError `KITE_LISTEN_FAILED` with the cause (address in use, no permission) and what to do. */
  listen(options: ListenOptions, onConnection: (socket: NetworkSocket) => void): Promise<NetworkListener>;
  /** @throws KiteError `KITE_TLS_CREDENTIALS` when they do not parse or do not match. */
  loadCredentials(options: TlsCredentialOptions): TlsCredentials;
  /** Addresses of this machine as others may dial them: not loopback, IPv4 first. */
  localAddresses(): string[];
}
