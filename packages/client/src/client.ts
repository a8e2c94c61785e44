import { UniqKeyGenerator } from '@kitemq/protocol';
import type { Admin } from './admin/admin.ts';
import { createAdmin } from './admin/create-admin.ts';
import type { CallOptions } from './admin/types.ts';
import type { ClientOptions, ProducerOptions } from './client-options.ts';
import { clientAddress } from './connection/client-id.ts';
import { ClientInstance } from './connection/client-instance.ts';
import type { Consumer, ConsumerOptions } from './consumer/consumer.ts';
import { resolveConsumerOptions } from './consumer/consumer-options.ts';
import type { Delivery } from './consumer/delivery.ts';
import { GroupConsumer } from './consumer/group-consumer.ts';
import type { Puller, PullerOptions } from './consumer/puller.ts';
import { QueuePuller } from './consumer/queue-puller.ts';
import { LatencyFaults } from './producer/latency-faults.ts';
import { GroupProducer } from './producer/group-producer.ts';
import type { Producer } from './producer/producer.ts';
import { QueuePicker } from './producer/queue-picker.ts';
import { retryCopy } from './producer/resend.ts';
import { Sender } from './producer/sender.ts';

/** The group under which consumers send retries, as in Java. */
const INNER_PRODUCER_GROUP = 'CLIENT_INNER_PRODUCER';
/** Time for sending a retry, ms. */
const RESEND_TIMEOUT_MS = 5_000;

/**
 * A client of a KiteMQ or Apache RocketMQ cluster. Producers and consumers made from it share its connections.
 * Making one does no I/O; it connects when needed, and reconnects for as long as it lives. Close it when done.
 */
export class Client implements AsyncDisposable {
  readonly #instance: ClientInstance;
  readonly #ids: UniqKeyGenerator;
  readonly #retries: Sender;
  #closing: Promise<void> | undefined;

  /** @throws KiteError `KITE_OPTION_INVALID` */
  constructor(options: ClientOptions) {
    this.#instance = new ClientInstance(options);
    const { runtime } = this.#instance;
    const { clock, random, processId } = runtime;
    this.#ids = new UniqKeyGenerator(clock, random, { ip: clientAddress(runtime), processId });
    const faults = new LatencyFaults(clock);
    this.#retries = new Sender({
      core: this.#instance,
      group: INNER_PRODUCER_GROUP,
      retries: 2,
      retryAnotherBrokerWhenNotStoreOk: false,
      picker: new QueuePicker(random, faults),
      faults,
    });
  }

  /** What brokers know this client by. */
  get clientId(): string {
    return this.#instance.clientId;
  }

  /** A producer, ready to send. @throws KiteError `KITE_OPTION_INVALID` | `KITE_CLIENT_CLOSED` */
  async producer(options: ProducerOptions = {}): Promise<Producer> {
    const producer = new GroupProducer(this.#instance, options, () => this.#ids.next());
    producer.start();
    return producer;
  }

  /**
   * A consumer that has joined its group. One per group. Servers that are away do not make it fail: it joins when they are back;
   * `timeoutMs` (default: the client's) is how long to wait here for the first queues.
   * @throws KiteError `KITE_OPTION_INVALID` | `KITE_GROUP_TAKEN` | `KITE_CLIENT_CLOSED` | `KITE_ABORTED`
   */
  async consumer(options: ConsumerOptions, call: CallOptions = {}): Promise<Consumer> {
    const resolved = resolveConsumerOptions(options);
    const consumer = new GroupConsumer({
      core: this.#instance,
      options: resolved,
      resend: (delivery, delayLevel) => this.#resend(delivery, delayLevel, resolved.group, resolved.maxReconsumeTimes),
    });
    await consumer.start(call.timeoutMs ?? this.#instance.timeoutMs, call.signal);
    return consumer;
  }

  /** Reads queues from where it is told, without joining a group. @throws KiteError `KITE_OPTION_INVALID` */
  puller(options: PullerOptions = {}): Puller {
    return new QueuePuller(this.#instance, options);
  }

  /** What an operator does. */
  admin(): Admin {
    return createAdmin(this.#instance);
  }

  /** Stops all producers and consumers (each at most `drainMs`, default 5000), then closes the connections. Idempotent, never rejects. */
  close(options: { readonly drainMs?: number | undefined } = {}): Promise<void> {
    this.#closing ??= this.#instance.close(options.drainMs);
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #resend(delivery: Delivery, delayLevel: number, group: string, maxReconsumeTimes: number): Promise<void> {
    const copy = retryCopy(delivery, { group, delayLevel, maxReconsumeTimes, messageId: this.#ids.next() });
    await this.#retries.send(copy, { timeoutMs: RESEND_TIMEOUT_MS });
  }
}
