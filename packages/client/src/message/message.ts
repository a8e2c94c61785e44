/**
 * A message as it was stored. `body` and the text properties belong to the message: they stay valid for as long as you keep it.
 */
export interface Message {
  /** The topic it was sent to; for a retried message the original one, not `%RETRY%group`. */
  readonly topic: string;
  /** Decompressed. */
  readonly body: Uint8Array;
  /** The id its producer gave it (`UNIQ_KEY`), the same on every redelivery; the offset id when the producer gave none. */
  readonly messageId: string;
  /** Where it is stored: address and log position in hex. New for every copy. */
  readonly offsetMessageId: string;
  readonly tags: string | undefined;
  readonly keys: readonly string[];
  /** All properties, system ones included. */
  readonly properties: Readonly<Record<string, string>>;
  readonly brokerName: string;
  readonly queueId: number;
  readonly queueOffset: number;
  /** Bytes from the start of the broker's commit log. */
  readonly physicalOffset: number;
  /** How often it was redelivered: 0 the first time. */
  readonly reconsumeTimes: number;
  /** ms since the epoch, by the producer's clock. */
  readonly bornTimestamp: number;
  /** ms since the epoch, by the broker's clock. */
  readonly storeTimestamp: number;
  /** `ip:port` */
  readonly bornHost: string;
  /** `ip:port` */
  readonly storeHost: string;
  readonly flag: number;
  readonly sysFlag: number;
  /** The body as UTF-8. */
  text(): string;
  /** The body as JSON. @throws KiteError `KITE_BODY_INVALID` */
  json<T = unknown>(): T;
}

/** How a message is to be tried again. */
export interface RetryOptions {
  /** Wait this long: a delay level 1 (1 s) to 18 (2 h), or 0 for the broker's back-off (10 s, 30 s, 1 m, 2 m, …). Default 0. */
  readonly delayLevel?: number | undefined;
}

/**
 * A message handed to this consumer. Settle it exactly once, by one of the methods; a second call does nothing.
 * Not settled within `consumeTimeoutMs`, it is retried.
 */
export interface ReceivedMessage extends Message {
  /** Aborted when the queue moved to another member, the consume timeout passed, or the consumer stops: what is done after that is done twice. */
  readonly signal: AbortSignal;
  /** Done. The offset is committed with the next commit. */
  ack(): Promise<void>;
  /** Not now: hands it back to the broker for a later redelivery. Broadcasting consumers drop it. */
  retry(options?: RetryOptions): Promise<void>;
  /** Never again: moves it to the group's `%DLQ%` topic. */
  deadLetter(reason?: string): Promise<void>;
}
