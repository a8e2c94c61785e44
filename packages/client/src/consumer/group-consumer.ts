import type { ConsumerData, ConsumerRunningInfo } from '@kitemq/protocol';
import { retryTopicOf } from '@kitemq/protocol';
import type { Runtime, TaskScope } from '@kitemq/runtime';
import { KiteError, sleep } from '@kitemq/runtime';
import type { MessageQueue } from '../admin/types.ts';
import { checkNumber, checkTopic } from '../check-options.ts';
import type { ClientCore, ConsumerMember } from '../connection/client-core.ts';
import type { Message, ReceivedMessage } from '../message/message.ts';
import type { Consumer, MessageHandler, RunOptions, StopOptions, Subscription } from './consumer.ts';
import type { ResolvedConsumerOptions } from './consumer-options.ts';
import { Consumption } from './consumption.ts';
import type { Delivery } from './delivery.ts';
import { WAITERS_MAX } from './delivery-queue.ts';
import { LocalOffsetStore } from './local-offset-store.ts';
import { Membership } from './membership.ts';
import type { OffsetStore } from './offset-store.ts';
import { RemoteOffsetStore } from './remote-offset-store.ts';
import { consumerRunningInfo } from './running-info.ts';
import { Subscriptions } from './subscriptions.ts';

const STOP_CALL_TIMEOUT_MS = 3_000;
const DRAIN_MS_DEFAULT = 5_000;

export interface GroupConsumerParts {
  readonly core: ClientCore;
  readonly options: ResolvedConsumerOptions;
  /** Sends a copy of a message to the group's retry topic. */
  readonly resend: (delivery: Delivery, delayLevel: number) => Promise<void>;
}

/** The push consumer: a {@link Consumer} that takes part in a group. */
export class GroupConsumer implements Consumer, ConsumerMember {
  readonly group: string;
  readonly #core: ClientCore;
  readonly #runtime: Runtime;
  readonly #options: ResolvedConsumerOptions;
  readonly #scope: TaskScope;
  readonly #store: OffsetStore;
  readonly #subscriptions: Subscriptions;
  readonly #consumption: Consumption;
  readonly #membership: Membership;
  readonly #startedAt: number;
  #handler: MessageHandler | undefined;
  #stopping: Promise<void> | undefined;

  constructor(parts: GroupConsumerParts) {
    const { core, options } = parts;
    this.group = options.group;
    this.#core = core;
    this.#runtime = core.runtime;
    this.#options = options;
    this.#scope = core.scope.child();
    this.#startedAt = core.runtime.clock.now();
    this.#subscriptions = new Subscriptions(core.runtime.clock);
    for (const [topic, subscription] of Object.entries(options.subscriptions)) this.#subscriptions.set(topic, subscription);
    if (options.model === 'clustering') this.#subscriptions.set(retryTopicOf(options.group), '*');
    this.#store = this.#offsetStore();
    this.#consumption = new Consumption({
      core,
      options,
      scope: this.#scope,
      store: this.#store,
      subscriptions: this.#subscriptions,
      resend: parts.resend,
    });
    this.#membership = new Membership({ core, options, consumption: this.#consumption, subscriptions: this.#subscriptions });
  }

  /** Joins the group. Resolves after the first assignment, or when `timeoutMs` is over: it goes on trying in the background. */
  async start(timeoutMs: number, signal: AbortSignal | undefined): Promise<void> {
    try {
      this.#core.addConsumer(this);
    } catch (error) {
      await this.#scope.close();
      throw error;
    }
    const first = this.#membership.start(this.#scope).then(() => this.#consumption.placed());
    this.#scope.every('commit', this.#options.commitIntervalMs, () => this.commit());
    this.#scope.every('overdue', Math.min(60_000, Math.max(10, this.#options.consumeTimeoutMs / 4)), () => this.#consumption.retryOverdue());
    const waiting = new AbortController();
    const enough = sleep(this.#runtime.timers, timeoutMs, signal === undefined ? waiting.signal : AbortSignal.any([waiting.signal, signal]));
    try {
      await Promise.race([first, enough]);
    } catch (error) {
      await this.stop({ drainMs: 0 });
      throw error;
    } finally {
      enough.catch(() => {});
      waiting.abort();
    }
    await this.commit();
  }

  // ---- Consumer

  async run(handler: MessageHandler, options: RunOptions = {}): Promise<void> {
    const concurrency = checkNumber('concurrency', options.concurrency, { min: 1, max: WAITERS_MAX, otherwise: 1 });
    this.#handler = handler;
    await Promise.all(Array.from({ length: concurrency }, () => this.#work(handler, options)));
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<ReceivedMessage> {
    for (let delivery = await this.#consumption.take(); delivery !== undefined; delivery = await this.#consumption.take()) yield delivery;
  }

  async subscribe(topic: string, expression: string | Subscription = '*'): Promise<void> {
    this.#subscriptions.set(checkTopic(topic), expression);
    await this.#core.introduce();
    this.#membership.wake();
  }

  async unsubscribe(topic: string): Promise<void> {
    this.#subscriptions.remove(topic);
    await this.#core.introduce();
    this.#membership.wake();
  }

  assignment(): readonly MessageQueue[] {
    return this.#consumption.owned.queues().filter((queue) => queue.topic !== retryTopicOf(this.group));
  }

  pause(): void {
    this.#consumption.paused = true;
    this.#consumption.deliveries.pause();
  }

  resume(): void {
    this.#consumption.paused = false;
    this.#consumption.deliveries.resume();
    this.#consumption.owned.wakeAll();
  }

  async commit(): Promise<void> {
    this.#consumption.owned.collectOffsets();
    await this.#store.flush(STOP_CALL_TIMEOUT_MS);
  }

  stop(options: StopOptions = {}): Promise<void> {
    this.#stopping ??= this.#stop(options.drainMs ?? DRAIN_MS_DEFAULT);
    return this.#stopping;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  // ---- ConsumerMember

  heartbeat(): ConsumerData {
    const { from, model } = this.#options;
    return {
      groupName: this.group,
      consumeType: 'CONSUME_PASSIVELY',
      messageModel: model === 'clustering' ? 'CLUSTERING' : 'BROADCASTING',
      consumeFromWhere:
        from === 'first' ? 'CONSUME_FROM_FIRST_OFFSET' : from === 'last' ? 'CONSUME_FROM_LAST_OFFSET' : 'CONSUME_FROM_TIMESTAMP',
      subscriptionDataSet: this.#subscriptions.data(),
      unitMode: false,
    };
  }

  rebalance(): void {
    this.#membership.wake();
  }

  resetOffsets(topic: string, offsets: readonly { readonly queue: MessageQueue; readonly offset: number }[]): void {
    for (const { queue, offset } of offsets) {
      const processQueue = queue.topic === topic ? this.#consumption.owned.get(queue) : undefined;
      if (processQueue === undefined) continue;
      processQueue.clear();
      processQueue.nextOffset = offset;
      this.#consumption.moved(processQueue, true);
      this.#consumption.owned.wake(queue);
    }
  }

  offsets(topic: string): readonly { readonly queue: MessageQueue; readonly offset: number }[] {
    this.#consumption.owned.collectOffsets();
    return this.#consumption.owned
      .queues()
      .filter((queue) => queue.topic === topic)
      .flatMap((queue) => {
        const offset = this.#store.current(queue);
        return offset === undefined ? [] : [{ queue, offset }];
      });
  }

  runningInfo(): ConsumerRunningInfo {
    return consumerRunningInfo({
      options: this.#options,
      startedAt: this.#startedAt,
      nameservers: this.#core.nameservers.addresses,
      subscriptions: this.#subscriptions.data(),
      queues: this.#consumption.owned.processQueues(),
      committed: (queue) => this.#store.current(queue) ?? -1,
    });
  }

  consumeDirectly(message: Message): Promise<unknown> | undefined {
    const handler = this.#handler;
    if (handler === undefined || this.#stopping !== undefined) return undefined;
    const settled = (): Promise<void> => Promise.resolve();
    const received = Object.assign(Object.create(message) as ReceivedMessage, {
      signal: new AbortController().signal,
      ack: settled,
      retry: settled,
      deadLetter: settled,
    });
    return (async () => handler(received))();
  }

  // ---- inside

  async #work(handler: MessageHandler, options: RunOptions): Promise<void> {
    for (;;) {
      const delivery = await this.#consumption.take(options.signal);
      if (delivery === undefined) return;
      try {
        const result = handler(delivery);
        // A handler that hangs gives its place to the next message when its time is over.
        if (isPromiseLike(result)) await delivery.outcome(result);
        if (!delivery.decided) await delivery.ack();
      } catch (error) {
        this.#handlerFailed(error, delivery, options);
        if (!delivery.decided) await delivery.retry();
      }
    }
  }

  #handlerFailed(error: unknown, delivery: Delivery, options: RunOptions): void {
    const { topic, messageId } = delivery;
    this.#runtime.logger.warn({ group: this.group, topic, messageId, error }, 'message handler failed; the message is retried');
    try {
      options.onError?.(error, delivery);
    } catch (nested) {
      this.#runtime.logger.error({ group: this.group, error: nested }, 'onError failed');
    }
  }

  async #stop(drainMs: number): Promise<void> {
    const { deliveries, owned } = this.#consumption;
    deliveries.end();
    const stopped = new KiteError('KITE_CLIENT_CLOSED', `the consumer of group ${this.group} stops`);
    if (this.#consumption.inFlight > 0 && drainMs > 0) {
      const giveUp = new AbortController();
      const enough = sleep(this.#runtime.timers, drainMs, giveUp.signal).catch(() => {});
      await Promise.race([this.#consumption.idle(), enough]);
      giveUp.abort();
    }
    this.#consumption.cancelAll(stopped);
    owned.collectOffsets();
    await this.#scope.close();
    await this.#store.flush(STOP_CALL_TIMEOUT_MS);
    await this.#core.remove(this, STOP_CALL_TIMEOUT_MS);
  }

  #offsetStore(): OffsetStore {
    const { core, runtime, options } = { core: this.#core, runtime: this.#runtime, options: this.#options };
    const { group, offsetDirectory: directory } = options;
    if (options.model === 'broadcasting') return new LocalOffsetStore({ group, disk: runtime.disk, directory, logger: runtime.logger });
    return new RemoteOffsetStore({
      group,
      calls: core.offsetCalls,
      address: (brokerName) => core.brokerAddress(brokerName),
      timeoutMs: core.timeoutMs,
      logger: runtime.logger,
    });
  }
}

function isPromiseLike(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';
}
