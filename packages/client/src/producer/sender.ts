import type { SendMessageRequestHeaderV2, SendMessageResponseHeader } from '@kitemq/protocol';
import { Commands, ResponseCode, TopicNames } from '@kitemq/protocol';
import { Backoff, KiteError, sleep } from '@kitemq/runtime';
import type { MessageQueue } from '../admin/types.ts';
import type { ClientCore } from '../connection/client-core.ts';
import { Deadline, throwIfAborted } from '../connection/waiting.ts';
import { BrokerError } from '../errors.ts';
import type { TopicRoute } from '../route/topic-route.ts';
import { FAILURE_LATENCY_MS } from './latency-faults.ts';
import type { LatencyFaults } from './latency-faults.ts';
import type { PreparedMessage } from './prepared-message.ts';
import type { SendResult, SendStatus } from './producer.ts';
import type { QueuePicker } from './queue-picker.ts';

/** Queues such a topic gets per broker. */
const TEMPLATE_QUEUES = 4;
/** A try gets at least this long when there is another broker to turn to, ms. */
const TRY_MS_MIN = 1_000;

const statuses = new Map<number, SendStatus>([
  [ResponseCode.success, 'SEND_OK'],
  [ResponseCode.flushDiskTimeout, 'FLUSH_DISK_TIMEOUT'],
  [ResponseCode.flushSlaveTimeout, 'FLUSH_SLAVE_TIMEOUT'],
  [ResponseCode.slaveNotAvailable, 'SLAVE_NOT_AVAILABLE'],
]);

/** Errors that prove that nothing was sent: trying again costs nothing and repeats nothing. */
const unsentCodes: ReadonlySet<string> = new Set([
  'KITE_CONNECT_FAILED',
  'KITE_CONNECT_TIMEOUT',
  'KITE_BROKER_UNKNOWN',
  'KITE_NAMESERVER_UNREACHABLE',
  'KITE_GO_AWAY',
  'KITE_SLOW_READER',
]);
/** Errors after which it is not known whether the message was stored. */
const unknownCodes: ReadonlySet<string> = new Set(['KITE_TIMEOUT', 'KITE_CHANNEL_CLOSED']);

export interface SenderOptions {
  readonly core: ClientCore;
  readonly group: string;
  readonly retries: number;
  readonly retryAnotherBrokerWhenNotStoreOk: boolean;
  readonly picker: QueuePicker;
  readonly faults: LatencyFaults | undefined;
}

export interface SendPlan {
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
  /** Chooses among the queues; undefined: in turn. */
  readonly choose?: ((queues: readonly MessageQueue[]) => MessageQueue) | undefined;
}

/** What is remembered from one try to the next. */
interface Progress {
  retriesLeft: number;
  failedBroker: string | undefined;
  refresh: boolean;
  lastError: unknown;
  /** The best answer so far that was not `SEND_OK`. */
  stored: SendResult | undefined;
}

/** Sends prepared messages: finds the route, chooses a queue, tries again at another broker while there is time. */
export class Sender {
  readonly #options: SenderOptions;

  constructor(options: SenderOptions) {
    this.#options = options;
  }

  async send(message: PreparedMessage, plan: SendPlan): Promise<SendResult> {
    const { core } = this.#options;
    const what = `sending to topic ${message.topic}`;
    const deadline = new Deadline(core.runtime, plan.timeoutMs);
    const backoff = new Backoff({ random: core.runtime.random, firstMs: 50, maxMs: 1_000 });
    const progress: Progress = { retriesLeft: this.#options.retries, failedBroker: undefined, refresh: false, lastError: undefined, stored: undefined };
    for (;;) {
      throwIfAborted(what, plan.signal);
      core.checkOpen();
      try {
        const result = await this.#try(message, plan, deadline, progress);
        if (result.status === 'SEND_OK' || !this.#options.retryAnotherBrokerWhenNotStoreOk || progress.retriesLeft-- === 0) return result;
        progress.stored = result;
        progress.failedBroker = result.queue.brokerName;
      } catch (error) {
        const wait = this.#afterError(error, progress, deadline);
        if (wait === 'give-up') {
          if (progress.stored !== undefined) return progress.stored;
          throw error;
        }
        if (wait === 'back-off') await sleep(core.runtime.timers, Math.min(backoff.next(), deadline.left(what, error)), plan.signal);
      }
    }
  }

  /** Hands the message to the socket. */
  async sendOneway(message: PreparedMessage, plan: SendPlan): Promise<void> {
    const { core } = this.#options;
    core.checkOpen();
    const { timeoutMs, signal } = plan;
    const queues = await this.publishQueues(message.topic, { timeoutMs, signal });
    const queue = this.#choose(message, queues, plan, undefined);
    await core.link.oneway(this.#address(queue), commandOf(message), this.#header(message, queue), { timeoutMs, signal }, message.body);
  }

  /** Queues the topic can be written to; of a topic that does not exist yet, the ones it will get. */
  async publishQueues(topic: string, options: { readonly timeoutMs: number; readonly signal?: AbortSignal | undefined; readonly fresh?: boolean }): Promise<readonly MessageQueue[]> {
    const { routes } = this.#options.core;
    const route = await this.#route(topic, options);
    const queues = route?.publishQueues ?? (await routes.find(TopicNames.autoCreate, options))?.templateQueues(topic, TEMPLATE_QUEUES) ?? [];
    if (queues.length === 0) {
      throw new KiteError('KITE_TOPIC_NOT_FOUND', `topic ${topic} has no queue to write to; create the topic, or let brokers create topics (autoCreateTopicEnable)`, {
        retryable: true,
        details: { topic },
      });
    }
    return queues;
  }

  /** A remembered route is better than none: name servers drop the routes of a broker that restarts. */
  async #route(topic: string, options: { readonly timeoutMs: number; readonly signal?: AbortSignal | undefined; readonly fresh?: boolean }): Promise<TopicRoute | undefined> {
    const { routes } = this.#options.core;
    const known = routes.known(topic);
    try {
      return (await routes.find(topic, options)) ?? known;
    } catch (error) {
      if (known === undefined || KiteError.is(error, 'KITE_ABORTED')) throw error;
      return known;
    }
  }

  async #try(message: PreparedMessage, plan: SendPlan, deadline: Deadline, progress: Progress): Promise<SendResult> {
    const what = `sending to topic ${message.topic}`;
    const { signal } = plan;
    const fresh = progress.refresh;
    progress.refresh = false;
    const queues = await this.publishQueues(message.topic, { timeoutMs: deadline.left(what, progress.lastError), signal, fresh });
    const queue = this.#choose(message, queues, plan, progress.failedBroker);
    const left = deadline.left(what, progress.lastError);
    const others = plan.choose === undefined && queues.some((other) => other.brokerName !== queue.brokerName);
    const timeoutMs = others && progress.retriesLeft > 0 ? Math.min(left, Math.max(TRY_MS_MIN, left / 2)) : left;
    progress.failedBroker = queue.brokerName;
    return this.#sendTo(message, queue, { timeoutMs, signal });
  }

  async #sendTo(message: PreparedMessage, queue: MessageQueue, call: { timeoutMs: number; signal: AbortSignal | undefined }): Promise<SendResult> {
    const { core, faults } = this.#options;
    const { clock } = core.runtime;
    const started = clock.monotonic();
    try {
      const address = this.#address(queue);
      const command = commandOf(message);
      const reply = await core.link.invoke(address, command, this.#header(message, queue), call, message.body);
      const status = statuses.get(reply.code);
      if (status === undefined) throw new BrokerError(command.name, address, reply.code, reply.remark);
      faults?.record(queue.brokerName, clock.monotonic() - started);
      return sendResult(message, queue, status, reply.header());
    } catch (error) {
      if (!KiteError.is(error, 'KITE_ABORTED')) faults?.record(queue.brokerName, FAILURE_LATENCY_MS);
      throw error;
    }
  }

  #choose(message: PreparedMessage, queues: readonly MessageQueue[], plan: SendPlan, failedBroker: string | undefined): MessageQueue {
    return plan.choose?.(queues) ?? this.#options.picker.pick(message.topic, queues, failedBroker);
  }

  #address(queue: MessageQueue): string {
    const address = this.#options.core.brokerAddress(queue.brokerName);
    if (address !== undefined) return address;
    throw new KiteError('KITE_BROKER_UNKNOWN', `broker ${queue.brokerName} has no master now`, { retryable: true, details: { brokerName: queue.brokerName } });
  }

  /** What to do after a failed try. */
  #afterError(error: unknown, progress: Progress, deadline: Deadline): 'give-up' | 'at-once' | 'back-off' {
    if (deadline.remainingMs <= 0 || !KiteError.is(error)) return 'give-up';
    progress.lastError = error;
    if (unsentCodes.has(error.code)) {
      progress.refresh = true;
      return 'back-off';
    }
    const refused = error instanceof BrokerError && error.retryable;
    if ((!refused && !unknownCodes.has(error.code)) || progress.retriesLeft === 0) return 'give-up';
    progress.retriesLeft--;
    progress.refresh = refused;
    return refused ? 'back-off' : 'at-once';
  }

  #header(message: PreparedMessage, queue: MessageQueue): SendMessageRequestHeaderV2 {
    return {
      producerGroup: this.#options.group,
      topic: message.topic,
      defaultTopic: TopicNames.autoCreate,
      defaultTopicQueueNums: TEMPLATE_QUEUES,
      queueId: queue.queueId,
      sysFlag: message.sysFlag,
      bornTimestamp: message.bornTimestamp,
      flag: message.flag,
      properties: message.properties,
      reconsumeTimes: message.reconsume?.times ?? 0,
      unitMode: false,
      maxReconsumeTimes: message.reconsume?.max,
      batch: message.batch,
      brokerName: queue.brokerName,
    };
  }
}

function commandOf(message: PreparedMessage): typeof Commands.sendMessageV2 | typeof Commands.sendBatchMessage {
  return message.batch ? Commands.sendBatchMessage : Commands.sendMessageV2;
}

function sendResult(message: PreparedMessage, queue: MessageQueue, status: SendStatus, header: SendMessageResponseHeader): SendResult {
  return {
    status,
    messageId: message.messageId,
    offsetMessageId: header.msgId,
    queue: { topic: message.topic, brokerName: queue.brokerName, queueId: header.queueId },
    queueOffset: header.queueOffset,
    recallHandle: header.recallHandle,
  };
}
