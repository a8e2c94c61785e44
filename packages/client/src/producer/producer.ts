import type { CallOptions, MessageQueue } from '../admin/types.ts';

/** A message to send. */
export interface OutgoingMessage {
  readonly topic: string;
  /** Text is sent as UTF-8. Must not be empty. */
  readonly body: Uint8Array | string;
  /** One tag, for filtering. */
  readonly tags?: string | undefined;
  /** For looking the message up. Without blanks. */
  readonly keys?: string | readonly string[] | undefined;
  /** Your own properties. Names of the protocol's (`TAGS`, `DELAY`, …) are refused. */
  readonly properties?: Readonly<Record<string, string>> | undefined;
  /** Messages of equal key go to the same queue, as long as the number of queues stays. */
  readonly shardingKey?: string | undefined;
  /** Deliver after a delay level: 1 (1 s) to 18 (2 h). */
  readonly delayLevel?: number | undefined;
  /** Deliver this many ms after the broker got it. */
  readonly delayMs?: number | undefined;
  /** Deliver at this time: a Date, or ms since the epoch. */
  readonly deliverAt?: Date | number | undefined;
  /** Free for the application, stored as it is (int32). */
  readonly flag?: number | undefined;
  /** False: do not wait for disk and replicas, whatever the broker's setting. Default true. */
  readonly waitStoreOk?: boolean | undefined;
}

/** Chooses a queue. `queues` is never empty. */
export type QueueSelector = (queues: readonly MessageQueue[], message: OutgoingMessage) => MessageQueue;

export interface SendOptions extends CallOptions {
  /** This queue and no other. */
  readonly queue?: MessageQueue | undefined;
  readonly selector?: QueueSelector | undefined;
}

/** What the broker promised. Anything but `SEND_OK` is stored too, but weaker than the broker is set up for. */
export type SendStatus = 'SEND_OK' | 'FLUSH_DISK_TIMEOUT' | 'FLUSH_SLAVE_TIMEOUT' | 'SLAVE_NOT_AVAILABLE';

export interface SendResult {
  readonly status: SendStatus;
  /** The id this client gave the message (`UNIQ_KEY`); of a batch: the ids joined by `,`. */
  readonly messageId: string;
  /** Where the broker stored it; of a batch: joined by `,`. */
  readonly offsetMessageId: string;
  readonly queue: MessageQueue;
  readonly queueOffset: number;
  /** Lets a timer message be recalled. */
  readonly recallHandle: string | undefined;
}

/** Sends. Made by `client.producer()`; safe to use from everywhere at once. */
export interface Producer extends AsyncDisposable {
  readonly group: string;
  /**
   * Sends and waits for the broker's answer; tries other brokers until the time is over.
   * @throws KiteError `KITE_MESSAGE_INVALID` | `KITE_TOPIC_NOT_FOUND` | `KITE_TIMEOUT` | `KITE_ABORTED` | `KITE_CLIENT_CLOSED`, {@link BrokerError}
   */
  send(message: OutgoingMessage, options?: SendOptions): Promise<SendResult>;
  /** Sends messages of one topic as one: all are stored, next to each other, or none. */
  sendBatch(messages: readonly OutgoingMessage[], options?: SendOptions): Promise<SendResult>;
  /** Sends without waiting for an answer: resolves when it was handed to the socket; it may be lost. */
  sendOneway(message: OutgoingMessage, options?: SendOptions): Promise<void>;
  /** Queues the topic can be written to now, sorted. */
  queues(topic: string, options?: CallOptions): Promise<readonly MessageQueue[]>;
  /** Waits for sends under way (at most `drainMs`, default 5000), then leaves the group. */
  stop(options?: { readonly drainMs?: number }): Promise<void>;
}
