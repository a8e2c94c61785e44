import { DecodedMessage } from '../message/decoded-message.ts';
import type { MessageFields } from '../message/decoded-message.ts';
import type { ReceivedMessage, RetryOptions } from '../message/message.ts';
import type { CachedMessage, ProcessQueue } from './process-queue.ts';

/** Delay level that moves a message to the dead letter topic at once. */
export const DEAD_LETTER_LEVEL = -1;

/** How a delivery is settled; implemented by the consumer that made it. */
export interface DeliverySettler {
  acknowledge(delivery: Delivery): void;
  /** Hands it back to the broker. Never rejects: what cannot be handed back is delivered again from here. */
  sendBack(delivery: Delivery, delayLevel: number, reason: string | undefined): Promise<void>;
}

/** A message in a process queue, and its way out of it. */
export class Delivery extends DecodedMessage implements ReceivedMessage, CachedMessage {
  /** Topic of the queue it came from: `%RETRY%group` for a retried one. */
  readonly queueTopic: string;
  readonly processQueue: ProcessQueue<Delivery>;
  readonly bodyBytes: number;
  /** It does not hold back the committed offset any more: the user settled it, or the queue jumped to another offset. */
  settled = false;
  /** Monotonic ms at which it was handed out; 0 before. */
  startedAt = 0;
  #acknowledged = false;
  /** To be retried; the broker may not have heard of it yet. */
  #deciding: Promise<void> | undefined;
  readonly #settler: DeliverySettler;
  /** Made when somebody asks for it: most messages do without. */
  #abort: AbortController | undefined;
  #cancelled: Error | undefined;
  #onAbandoned: (() => void) | undefined;

  constructor(fields: MessageFields, queueTopic: string, processQueue: ProcessQueue<Delivery>, settler: DeliverySettler) {
    super(fields);
    this.queueTopic = queueTopic;
    this.processQueue = processQueue;
    this.bodyBytes = fields.body.length;
    this.#settler = settler;
  }

  /** True when one of `ack`, `retry`, `deadLetter` was called, or the consumer gave the message up. */
  get decided(): boolean {
    return this.#acknowledged || this.#deciding !== undefined;
  }

  get signal(): AbortSignal {
    if (this.#abort === undefined) {
      this.#abort = new AbortController();
      if (this.#cancelled !== undefined) this.#abort.abort(this.#cancelled);
    }
    return this.#abort.signal;
  }

  ack(): Promise<void> {
    if (!this.decided) {
      this.#acknowledged = true;
      this.#settler.acknowledge(this);
    }
    return this.#deciding ?? Promise.resolve();
  }

  retry(options: RetryOptions = {}): Promise<void> {
    return this.#sendBack(Math.max(0, options.delayLevel ?? 0), undefined);
  }

  deadLetter(reason?: string): Promise<void> {
    return this.#sendBack(DEAD_LETTER_LEVEL, reason);
  }

  /** Tells whoever works on it that the work is in vain. */
  cancel(reason: Error): void {
    this.#cancelled ??= reason;
    this.#abort?.abort(reason);
  }

  /** As `cancel`; whoever waits for the work to end waits no longer. */
  abandon(reason: Error): void {
    this.cancel(reason);
    this.#onAbandoned?.();
  }

  /** The outcome of work on the message, or undefined as soon as it is abandoned. */
  outcome<T>(work: PromiseLike<T>): Promise<T | undefined> {
    return new Promise((resolve, reject) => {
      this.#onAbandoned = () => resolve(undefined);
      work.then(resolve, reject);
    });
  }

  /** Makes it deliverable anew, from this process. */
  reopen(): void {
    this.#deciding = undefined;
    this.#abort = undefined;
    this.#cancelled = undefined;
    this.startedAt = 0;
  }

  #sendBack(delayLevel: number, reason: string | undefined): Promise<void> {
    if (this.#acknowledged) return Promise.resolve();
    this.#deciding ??= this.#settler.sendBack(this, delayLevel, reason);
    return this.#deciding;
  }
}
