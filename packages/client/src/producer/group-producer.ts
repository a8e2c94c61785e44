import { sleep } from '@kitemq/runtime';
import type { CallOptions, MessageQueue } from '../admin/types.ts';
import { checkGroup, checkNumber } from '../check-options.ts';
import type { ProducerOptions } from '../client-options.ts';
import type { ClientCore, ProducerMember } from '../connection/client-core.ts';
import { closed } from '../errors.ts';
import { InFlightGate } from './in-flight-gate.ts';
import { LatencyFaults } from './latency-faults.ts';
import { prepareBatch, prepareMessage } from './prepare-message.ts';
import type { PrepareOptions } from './prepare-message.ts';
import type { PreparedMessage } from './prepared-message.ts';
import type { OutgoingMessage, Producer, SendOptions, SendResult } from './producer.ts';
import { QueuePicker, shardingKeySelector } from './queue-picker.ts';
import { Sender } from './sender.ts';
import type { SendPlan } from './sender.ts';

const STOP_CALL_TIMEOUT_MS = 3_000;
const DRAIN_MS_DEFAULT = 5_000;
const GROUP_DEFAULT = 'kitemq-producer';

/** The {@link Producer} of a group. */
export class GroupProducer implements Producer, ProducerMember {
  readonly group: string;
  readonly #core: ClientCore;
  readonly #sender: Sender;
  readonly #gate: InFlightGate;
  readonly #prepare: PrepareOptions;
  readonly #timeoutMs: number;
  #stopping: Promise<void> | undefined;

  /** `nextId` makes message ids. @throws KiteError `KITE_OPTION_INVALID` */
  constructor(core: ClientCore, options: ProducerOptions, nextId: () => string) {
    this.group = checkGroup(options.group ?? GROUP_DEFAULT);
    this.#core = core;
    this.#timeoutMs = checkNumber('sendTimeoutMs', options.sendTimeoutMs, { min: 1, max: 3_600_000, otherwise: 3_000 });
    this.#gate = new InFlightGate(checkNumber('inFlightMax', options.inFlightMax, { min: 1, max: 65_535, otherwise: 10_000 }));
    this.#prepare = {
      compressBytesMin: checkNumber('compressBytesMin', options.compressBytesMin, { min: 0, max: 0x7f_ff_ff_ff, otherwise: 4_096 }),
      messageBytesMax: checkNumber('messageBytesMax', options.messageBytesMax, { min: 1, max: 16_000_000, otherwise: 4_194_304 }),
      nextId,
      now: () => core.runtime.clock.now(),
    };
    const faults = options.latencyAware === false ? undefined : new LatencyFaults(core.runtime.clock);
    this.#sender = new Sender({
      core,
      group: this.group,
      retries: checkNumber('retries', options.retries, { min: 0, max: 100, otherwise: 2 }),
      retryAnotherBrokerWhenNotStoreOk: options.retryAnotherBrokerWhenNotStoreOk ?? false,
      picker: new QueuePicker(core.runtime.random, faults),
      faults,
    });
  }

  /** Registers the group. */
  start(): void {
    this.#core.addProducer(this);
  }

  async send(message: OutgoingMessage, options: SendOptions = {}): Promise<SendResult> {
    this.#checkOpen();
    const prepared = prepareMessage(message, this.#prepare);
    return this.#throughGate(prepared, this.#plan(message, options));
  }

  async sendBatch(messages: readonly OutgoingMessage[], options: SendOptions = {}): Promise<SendResult> {
    this.#checkOpen();
    const prepared = prepareBatch(messages, this.#prepare);
    return this.#throughGate(prepared, this.#plan(messages[0] as OutgoingMessage, options));
  }

  async sendOneway(message: OutgoingMessage, options: SendOptions = {}): Promise<void> {
    this.#checkOpen();
    await this.#sender.sendOneway(prepareMessage(message, this.#prepare), this.#plan(message, options));
  }

  async queues(topic: string, options: CallOptions = {}): Promise<readonly MessageQueue[]> {
    this.#checkOpen();
    return this.#sender.publishQueues(topic, { timeoutMs: options.timeoutMs ?? this.#timeoutMs, signal: options.signal });
  }

  stop(options: { readonly drainMs?: number | undefined } = {}): Promise<void> {
    this.#stopping ??= this.#stop(options.drainMs ?? DRAIN_MS_DEFAULT);
    return this.#stopping;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  async #throughGate(prepared: PreparedMessage, plan: SendPlan): Promise<SendResult> {
    const turn = this.#gate.enter(`sending to topic ${prepared.topic}`, plan.signal);
    if (turn !== undefined) await turn;
    try {
      return await this.#sender.send(prepared, plan);
    } finally {
      this.#gate.leave();
    }
  }

  #plan(message: OutgoingMessage, options: SendOptions): SendPlan {
    const { queue, selector } = options;
    const { shardingKey } = message;
    const select = queue !== undefined ? () => queue : (selector ?? (shardingKey === undefined ? undefined : shardingKeySelector(shardingKey)));
    return {
      timeoutMs: options.timeoutMs ?? this.#timeoutMs,
      signal: options.signal,
      choose: select === undefined ? undefined : (queues) => select(queues, message),
    };
  }

  #checkOpen(): void {
    if (this.#stopping !== undefined) throw closed(`the producer of group ${this.group}`);
    this.#core.checkOpen();
  }

  async #stop(drainMs: number): Promise<void> {
    const giveUp = new AbortController();
    await Promise.race([this.#gate.empty(), sleep(this.#core.runtime.timers, drainMs, giveUp.signal).catch(() => {})]);
    giveUp.abort();
    await this.#core.remove(this, STOP_CALL_TIMEOUT_MS);
  }
}
