import type { Runtime, TaskScope } from '@kitemq/runtime';
import { KiteError, sleep } from '@kitemq/runtime';
import type { MessageQueue } from '../admin/types.ts';
import type { PullAnswer, PullRequest } from '../calls/pull-call.ts';
import { pull } from '../calls/pull-call.ts';
import type { ClientCore } from '../connection/client-core.ts';
import { decodeMessages } from '../message/decode-messages.ts';
import { queueKey } from '../route/topic-route.ts';
import type { ResolvedConsumerOptions } from './consumer-options.ts';
import type { DeliverySettler } from './delivery.ts';
import { Delivery } from './delivery.ts';
import { DeliveryQueue } from './delivery-queue.ts';
import type { OffsetStore } from './offset-store.ts';
import { OwnedQueues, TAKE_OVER_MS } from './owned-queues.ts';
import type { ProcessQueue } from './process-queue.ts';
import type { PullHost } from './pull-loop.ts';
import { SendBack } from './send-back.ts';
import { startOffset } from './start-offset.ts';
import type { Subscriptions } from './subscriptions.ts';
import type { TopicFilter } from './topic-filter.ts';
import { passesFilter } from './topic-filter.ts';

/** Time for committing the offset of a queue that is given up, ms. */
const RELEASE_TIMEOUT_MS = 3_000;

export interface ConsumptionOptions {
  readonly core: ClientCore;
  readonly options: ResolvedConsumerOptions;
  readonly scope: TaskScope;
  readonly store: OffsetStore;
  readonly subscriptions: Subscriptions;
  readonly resend: (delivery: Delivery, delayLevel: number) => Promise<void>;
}

/** The messages of one consumer on their way: pulled into process queues, handed out, settled, or handed back. */
export class Consumption implements PullHost, DeliverySettler {
  readonly group: string;
  readonly runtime: Runtime;
  readonly limits: ResolvedConsumerOptions;
  readonly pullBatchSize: number;
  readonly deliveries: DeliveryQueue;
  readonly owned: OwnedQueues;
  paused = false;
  /** The group has other members: queues come from them. */
  shared = false;
  /** Queues that came into being while this consumer was running: they are read from their start. */
  readonly appeared: Set<string> = new Set();
  readonly #parts: ConsumptionOptions;
  readonly #inFlight = new Set<Delivery>();
  readonly #sendBack: SendBack;
  #onIdle: (() => void) | undefined;
  #onPlaced: (() => void) | undefined;

  constructor(parts: ConsumptionOptions) {
    const { core, options, scope, store } = parts;
    this.#parts = parts;
    this.group = options.group;
    this.runtime = core.runtime;
    this.limits = options;
    this.pullBatchSize = options.pullBatchSize;
    this.deliveries = new DeliveryQueue(core.runtime.clock);
    this.owned = new OwnedQueues({ runtime: core.runtime, scope, store, host: this, releaseTimeoutMs: RELEASE_TIMEOUT_MS });
    this.#sendBack = new SendBack({
      runtime: core.runtime,
      scope,
      group: options.group,
      maxReconsumeTimes: options.maxReconsumeTimes,
      calls: core.groupCalls,
      address: (brokerName) => core.brokerAddress(brokerName),
      resend: parts.resend,
      done: (delivery) => this.#settle(delivery),
      again: (delivery) => this.#again(delivery),
    });
  }

  /** The next message for whoever asks; undefined when the consumer stops or the signal is aborted. */
  async take(signal?: AbortSignal): Promise<Delivery | undefined> {
    const delivery = await this.deliveries.next(signal);
    if (delivery !== undefined) this.#inFlight.add(delivery);
    return delivery;
  }

  /** Resolves when every owned queue knows where it starts: whatever is sent from then on will be received. */
  placed(): Promise<void> {
    if (this.owned.processQueues().every((queue) => queue.nextOffset !== undefined)) return Promise.resolve();
    return new Promise((resolve) => {
      this.#onPlaced = resolve;
    });
  }

  /** Messages handed out and not settled. */
  get inFlight(): number {
    return this.#inFlight.size;
  }

  /** Resolves when nothing is in flight any more. */
  idle(): Promise<void> {
    if (this.#inFlight.size === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#onIdle = resolve;
    });
  }

  cancelAll(reason: Error): void {
    for (const delivery of this.#inFlight) delivery.cancel(reason);
  }

  /** Retries messages that are worked on for too long, as Java's `cleanExpiredMsg`. */
  retryOverdue(): void {
    const limit = this.runtime.clock.monotonic() - this.#parts.options.consumeTimeoutMs;
    for (const delivery of this.#inFlight) {
      if (delivery.startedAt > limit || delivery.decided) continue;
      delivery.abandon(new KiteError('KITE_CONSUME_TIMEOUT', `message ${delivery.messageId} was not settled within ${this.#parts.options.consumeTimeoutMs} ms; it is retried`));
      void delivery.retry();
    }
  }

  // ---- DeliverySettler

  acknowledge(delivery: Delivery): void {
    this.#settle(delivery);
  }

  async sendBack(delivery: Delivery, delayLevel: number, reason: string | undefined): Promise<void> {
    if (this.#parts.options.model === 'broadcasting') {
      this.runtime.logger.warn({ group: this.group, messageId: delivery.messageId, reason }, 'broadcasting consumers do not retry: message dropped');
      return this.#settle(delivery);
    }
    // Another member has its queue and gets it, or an operator moved the group: this delivery is void. It must not count as settled.
    if (delivery.processQueue.dropped || delivery.settled) return this.#landed(delivery);
    return this.#sendBack.retry(delivery, delayLevel, reason);
  }

  // ---- PullHost

  filter(topic: string): TopicFilter | undefined {
    return this.#parts.subscriptions.get(topic);
  }

  async startOffset(queue: MessageQueue, signal: AbortSignal): Promise<number> {
    const { core, options, store } = this.#parts;
    if (this.shared) await sleep(this.runtime.timers, TAKE_OVER_MS, signal);
    const start = await startOffset(
      { calls: core.offsetCalls, store, address: (brokerName) => this.#address(brokerName), from: options.from, timeoutMs: core.timeoutMs },
      queue,
      this.appeared.has(queueKey(queue)),
      signal,
    );
    this.appeared.delete(queueKey(queue));
    // Committed at once: a group without an offset would start at the end again after its next start, and skip what came in between.
    if (options.from !== 'first') store.set(queue, start);
    else if (store.current(queue) === undefined) store.assume(queue, start);
    this.runtime.logger.debug({ group: this.group, ...queue, start }, 'reading queue');
    return start;
  }

  pull(request: PullRequest, brokerId: number, signal: AbortSignal): Promise<PullAnswer> {
    const { core } = this.#parts;
    const address = core.brokerAddress(request.queue.brokerName, { brokerId, orAny: true });
    if (address === undefined) throw noAddress(request.queue.brokerName);
    return pull(core.link, address, request, { signal });
  }

  decode(records: Uint8Array, filter: TopicFilter, queue: ProcessQueue<Delivery>): readonly Delivery[] {
    const passed: Delivery[] = [];
    for (const fields of decodeMessages(records, queue.queue.brokerName, this.runtime.logger)) {
      if (passesFilter(filter, fields.properties['TAGS'])) passed.push(new Delivery(fields, queue.queue.topic, queue, this));
    }
    return passed;
  }

  offer(queue: ProcessQueue<Delivery>): void {
    this.deliveries.offer(queue);
  }

  moved(queue: ProcessQueue<Delivery>, jumped: boolean): void {
    const offset = queue.committable();
    if (offset === undefined || queue.dropped) return;
    this.#parts.store.set(queue.queue, offset);
    if (jumped) void this.#parts.store.flush(RELEASE_TIMEOUT_MS);
    if (this.#onPlaced === undefined || this.owned.processQueues().some((other) => other.nextOffset === undefined)) return;
    this.#onPlaced();
    this.#onPlaced = undefined;
  }

  reintroduce(brokerName: string): Promise<void> {
    return this.#parts.core.introduceTo(brokerName);
  }

  trouble(error: unknown, queue: MessageQueue): void {
    this.runtime.logger.warn({ group: this.group, ...queue, error }, 'pulling failed; it goes on');
  }

  // ---- inside

  #settle(delivery: Delivery): void {
    this.#landed(delivery);
    const queue = delivery.processQueue;
    if (!queue.settle(delivery)) return;
    queue.lastSettleAt = this.runtime.clock.now();
    this.owned.wake(queue.queue);
  }

  #again(delivery: Delivery): void {
    this.#landed(delivery);
    if (delivery.processQueue.dropped) return;
    delivery.reopen();
    delivery.processQueue.giveBack(delivery);
    this.deliveries.offer(delivery.processQueue);
  }

  #landed(delivery: Delivery): void {
    this.#inFlight.delete(delivery);
    if (this.#inFlight.size > 0) return;
    this.#onIdle?.();
    this.#onIdle = undefined;
  }

  #address(brokerName: string): string {
    const address = this.#parts.core.brokerAddress(brokerName);
    if (address === undefined) throw noAddress(brokerName);
    return address;
  }
}

function noAddress(brokerName: string): KiteError {
  return new KiteError('KITE_BROKER_UNKNOWN', `no route names an address of broker ${brokerName}`, { retryable: true, details: { brokerName } });
}
