import type { AnyCommand, Frame, RequestBodyOf, RequestHeaderOf, ResponseBodyOf, ResponseHeaderOf } from '@kitemq/protocol';
import type { ProxyHeader } from './proxy-protocol.ts';

/** Options of a call to a peer. */
export interface InvokeOptions {
  /** How long to wait for the answer. Default 3000 ms. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal | undefined;
  /** Text fields besides the declared header (signatures, hooks). */
  readonly ext?: Readonly<Record<string, string>> | undefined;
}

/** An answer, whatever its code; `ok` when the code is 0. */
export interface Reply<C extends AnyCommand> {
  readonly code: number;
  readonly ok: boolean;
  readonly remark: string | undefined;
  readonly frame: Frame;
  /** The declared response header. @throws KiteError `KITE_HEADER_INVALID` */
  header(): ResponseHeaderOf<C>;
  /** The decoded body. @throws KiteError `KITE_BODY_INVALID` */
  body(): ResponseBodyOf<C>;
  /** The body's bytes; they belong to the caller. */
  readonly bytes: Uint8Array | undefined;
}

/** What both ends can do with a connection. */
export interface Channel {
  /** Unique in this process. */
  readonly id: number;
  /** `ip:port` of the peer, as RocketMQ writes it (no brackets around IPv6); the one a PROXY protocol header named, if there was one. */
  readonly remoteAddress: string;
  /** `ip:port` that the peer dialled (server side) or of our end (client side). */
  readonly localAddress: string;
  readonly remoteIp: string;
  readonly remotePort: number;
  /** What a PROXY header in front of the connection said, whoever sent it. */
  readonly proxy: ProxyHeader | undefined;
  readonly closed: boolean;
  /** True once TLS is established on it. */
  readonly encrypted: boolean;
  /** False while the peer reads too slowly (bytes queued for it passed `outputPauseBytes`): hold back what can wait. */
  readonly writable: boolean;
  /** Language and version that the peer named in its last frame. */
  readonly peerVersion: number;
  readonly peerLanguage: number;
  /**
   * Sends a request and waits for its answer. Any response code resolves.
   * @throws KiteError `KITE_TIMEOUT` | `KITE_CHANNEL_CLOSED` | `KITE_ABORTED` | `KITE_TOO_MANY_REQUESTS`
   */
  invoke<C extends AnyCommand>(
    command: C,
    header: RequestHeaderOf<C>,
    body?: RequestBodyOf<C>,
    options?: InvokeOptions,
  ): Promise<Reply<C>>;
  /** Sends a request nobody answers. False when the channel is closed or its peer reads too slowly. */
  invokeOneway<C extends AnyCommand>(command: C, header: RequestHeaderOf<C>, body?: RequestBodyOf<C>, ext?: Readonly<Record<string, string>>): boolean;
  /** Calls back once when the connection is gone (at once when it is already). */
  onClose(callback: (channel: Channel) => void): void;
  close(): void;
}
