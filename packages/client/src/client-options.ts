import type { Logger, Runtime } from '@kitemq/runtime';

export interface TlsOptions {
  /** Check the servers' certificates. Default false, as Apache's clients. */
  readonly verify?: boolean | undefined;
  /** Trusted certificates, PEM. */
  readonly ca?: string | undefined;
  readonly serverName?: string | undefined;
}

export interface ClientOptions {
  /** `host:port`, several joined by `;` or as an array. */
  readonly nameservers: string | readonly string[];
  /** Names this process at the brokers. Default: `<ip>@<instanceName>`. Two living clients must never share one. */
  readonly clientId?: string | undefined;
  /** Second part of the client id. Default: `<pid>#<number>`, unique per client. */
  readonly instanceName?: string | undefined;
  /** True, or how to check certificates: use TLS to every server. */
  readonly tls?: boolean | TlsOptions | undefined;
  /** Signs every request (ACL). */
  readonly accessKey?: string | undefined;
  readonly secretKey?: string | undefined;
  readonly securityToken?: string | undefined;
  /** Namespace v2: servers keep names of different namespaces apart. */
  readonly namespace?: string | undefined;
  /** Default for every call, ms. Default 3000. */
  readonly timeoutMs?: number | undefined;
  /** How often routes are refreshed, ms. Default 30 000. */
  readonly routeRefreshMs?: number | undefined;
  /** How often brokers hear from us, ms. Default 30 000; brokers forget a client after 120 000. */
  readonly heartbeatMs?: number | undefined;
  /** Default: silent. */
  readonly logger?: Logger | undefined;
  /** Clock, timers, network, disk, randomness. Default: Node's. */
  readonly runtime?: Runtime | undefined;
}

export interface ProducerOptions {
  /** Names what sends; brokers show it. Letters, digits, `%`, `|`, `-`, `_`; at most 120. Default `kitemq-producer`. */
  readonly group?: string | undefined;
  /** Milliseconds for a send, all tries together. Default 3000. */
  readonly sendTimeoutMs?: number | undefined;
  /** Tries after the first one. Default 2. */
  readonly retries?: number | undefined;
  /** Prefer brokers that answered fast, avoid for a while those that did not. Default true. */
  readonly latencyAware?: boolean | undefined;
  /** Bodies from this size on are compressed (zlib). 0: never. Default 4096. */
  readonly compressBytesMin?: number | undefined;
  /** Bodies above are refused before they are sent. Default 4 194 304. */
  readonly messageBytesMax?: number | undefined;
  /** Sends waiting for an answer at the same time; more wait their turn. Default 10 000. */
  readonly inFlightMax?: number | undefined;
  /** Try another broker also when the first stored the message but answered less than `SEND_OK`. Default false. */
  readonly retryAnotherBrokerWhenNotStoreOk?: boolean | undefined;
}
