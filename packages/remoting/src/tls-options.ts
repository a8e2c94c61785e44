/** What a listener does with a connection that begins with TLS, and with one that does not (`tls.server.mode`). */
export const TlsMode = {
  /** TLS is refused. */
  disabled: 'disabled',
  /** Both on the same port. The default, as Apache's. */
  permissive: 'permissive',
  /** Plain connections are refused. */
  enforcing: 'enforcing',
} as const;
export type TlsMode = (typeof TlsMode)[keyof typeof TlsMode];

export interface ServerTlsOptions {
  /** Default `permissive`. */
  readonly mode?: TlsMode;
  /** Certificate chain and private key, PEM. Without them a self-signed certificate is made when the first TLS connection comes. */
  readonly certificate?: string;
  readonly key?: string;
  /** Trusted certificates of clients, PEM. */
  readonly ca?: string;
  /** Demand and verify a certificate of each client. Default false. */
  readonly verifyPeer?: boolean;
}

/** How a client speaks TLS; absent: it does not. */
export interface ClientTlsOptions {
  /** Check the server's certificate. Default false, as Apache's clients. */
  readonly verify?: boolean;
  readonly ca?: string;
  readonly serverName?: string;
}
