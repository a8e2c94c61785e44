import type { Runtime, TaskScope } from '@kitemq/runtime';
import type { GroupCalls } from '../calls/group-calls.ts';
import { DEAD_LETTER_LEVEL } from './delivery.ts';
import type { Delivery } from './delivery.ts';

export interface SendBackOptions {
  readonly runtime: Runtime;
  readonly scope: TaskScope;
  readonly group: string;
  readonly maxReconsumeTimes: number;
  readonly calls: GroupCalls;
  /** The master's address of the message's broker. */
  readonly address: (brokerName: string) => string | undefined;
  /** Sends a copy to the group's retry topic, to any broker. */
  readonly resend: (delivery: Delivery, delayLevel: number) => Promise<void>;
  /** The message went its way. */
  readonly done: (delivery: Delivery) => void;
  /** The message is to be handed out again from here. */
  readonly again: (delivery: Delivery) => void;
}

/** Time for handing a message back, ms (as Java's `consumerSendMessageBack`). */
const SEND_BACK_TIMEOUT_MS = 5_000;
/** When neither the broker nor another one took it: handed out again from here after so many ms. */
const LOCAL_RETRY_MS = 5_000;

/** Retries: to the broker the message came from; if it refuses, as a new message to the retry topic; if that fails too, from memory. Never lost, never thrown. */
export class SendBack {
  readonly #options: SendBackOptions;

  constructor(options: SendBackOptions) {
    this.#options = options;
  }

  async retry(delivery: Delivery, delayLevel: number, reason: string | undefined): Promise<void> {
    const { group, runtime, done } = this.#options;
    const { logger } = runtime;
    const what = { group, topic: delivery.topic, messageId: delivery.messageId, reason };
    try {
      await this.#toBroker(delivery, delayLevel);
      return done(delivery);
    } catch (error) {
      logger.warn({ ...what, error }, 'message could not be handed back to its broker; sending it to the retry topic');
    }
    try {
      // A copy sent by us reaches the dead letter topic only when its retries are used up.
      await this.#options.resend(delivery, delayLevel === DEAD_LETTER_LEVEL ? 0 : delayLevel);
      return done(delivery);
    } catch (error) {
      logger.warn({ ...what, error, againInMs: LOCAL_RETRY_MS }, 'message could not be sent to the retry topic; it is handled again from memory');
    }
    this.#options.scope.after('local retry', LOCAL_RETRY_MS, () => this.#options.again(delivery));
  }

  async #toBroker(delivery: Delivery, delayLevel: number): Promise<void> {
    const { calls, group, maxReconsumeTimes, address } = this.#options;
    const target = address(delivery.brokerName);
    if (target === undefined) throw new Error(`broker ${delivery.brokerName} has no known address`);
    await calls.sendBack(target, delivery, { group, delayLevel, maxReconsumeTimes }, { timeoutMs: SEND_BACK_TIMEOUT_MS });
  }
}
