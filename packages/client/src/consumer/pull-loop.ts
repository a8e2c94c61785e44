import { ResponseCode } from '@kitemq/protocol';
import type { Runtime } from '@kitemq/runtime';
import { Backoff, KiteError, sleep } from '@kitemq/runtime';
import type { MessageQueue } from '../admin/types.ts';
import type { PullAnswer, PullRequest } from '../calls/pull-call.ts';
import { BrokerError } from '../errors.ts';
import type { WakeUp } from '../connection/wake-up.ts';
import type { Delivery } from './delivery.ts';
import type { FlowLimits, ProcessQueue } from './process-queue.ts';
import type { TopicFilter } from './topic-filter.ts';

/** What a pull loop needs of its consumer. */
export interface PullHost {
  readonly group: string;
  readonly runtime: Runtime;
  readonly limits: FlowLimits;
  readonly pullBatchSize: number;
  /** Undefined once the topic is not subscribed any more. */
  filter(topic: string): TopicFilter | undefined;
  startOffset(queue: MessageQueue, signal: AbortSignal): Promise<number>;
  pull(request: PullRequest, brokerId: number, signal: AbortSignal): Promise<PullAnswer>;
  /** Decodes records and keeps those that pass the filter. */
  decode(records: Uint8Array, filter: TopicFilter, queue: ProcessQueue<Delivery>): readonly Delivery[];
  /** New messages are in the queue. */
  offer(queue: ProcessQueue<Delivery>): void;
  /** The offset that counts from now on; `jumped`: what was cached before is void. */
  moved(queue: ProcessQueue<Delivery>, jumped: boolean): void;
  /** The broker does not know our subscription (any more). */
  reintroduce(brokerName: string): Promise<void>;
  readonly paused: boolean;
  trouble(error: unknown, queue: MessageQueue): void;
}

/** How long the broker holds a pull when there is nothing, ms (`brokerSuspendMaxTimeMillis`). */
const HOLD_MS = 15_000;
/** Longest wait for room in a full queue before looking again, ms. */
const FULL_WAIT_MS = 1_000;
/** First and longest wait after an error, ms. */
const ERROR_WAIT_MS = { first: 100, max: 5_000 };

/** Codes that say: the broker does not know the group's subscription, or has an older one. */
const unknownSubscription: ReadonlySet<number> = new Set([
  ResponseCode.subscriptionNotExist,
  ResponseCode.subscriptionNotLatest,
  ResponseCode.filterDataNotExist,
  ResponseCode.filterDataNotLatest,
]);

/** Keeps one process queue filled until it is dropped: pulls, waits while it is full, and goes on after every error. */
export class PullLoop {
  readonly #host: PullHost;
  readonly #queue: ProcessQueue<Delivery>;
  readonly #room: WakeUp;
  readonly #backoff: Backoff;
  #brokerId = 0;

  /** `room` wakes the loop when messages were settled or the consumer was resumed. */
  constructor(host: PullHost, queue: ProcessQueue<Delivery>, room: WakeUp) {
    this.#host = host;
    this.#queue = queue;
    this.#room = room;
    this.#backoff = new Backoff({ random: host.runtime.random, firstMs: ERROR_WAIT_MS.first, maxMs: ERROR_WAIT_MS.max });
  }

  /** Ends when the queue is dropped or the signal is aborted. Never throws. */
  async run(signal: AbortSignal): Promise<void> {
    while (!this.#queue.dropped && !signal.aborted) {
      try {
        await this.#step(signal);
        this.#backoff.reset();
      } catch (error) {
        if (signal.aborted || this.#queue.dropped) return;
        await this.#recover(error, signal);
      }
    }
  }

  async #step(signal: AbortSignal): Promise<void> {
    const host = this.#host;
    const queue = this.#queue;
    if (queue.nextOffset === undefined) {
      const start = await host.startOffset(queue.queue, signal);
      if (queue.dropped) return;
      // A reset may have come in between: it wins.
      queue.nextOffset ??= start;
      host.moved(queue, false);
    }
    if (host.paused || queue.full(host.limits)) return this.#room.wait(FULL_WAIT_MS, signal);
    const filter = host.filter(queue.queue.topic);
    if (filter === undefined) return this.#room.wait(FULL_WAIT_MS, signal);
    const offset = queue.nextOffset;
    const answer = await host.pull(this.#request(queue, filter, offset), this.#brokerId, signal);
    queue.lastPullAt = host.runtime.clock.now();
    this.#brokerId = answer.suggestedBrokerId;
    // Dropped, or moved by a reset, while the pull was under way: the answer is void.
    if (queue.dropped || queue.nextOffset !== offset) return;
    this.#take(answer, filter);
  }

  #request(queue: ProcessQueue<Delivery>, filter: TopicFilter, offset: number): PullRequest {
    return {
      group: this.#host.group,
      queue: queue.queue,
      offset,
      maxCount: this.#host.pullBatchSize,
      filter,
      sendFilter: false,
      holdMs: HOLD_MS,
    };
  }

  #take(answer: PullAnswer, filter: TopicFilter): void {
    const queue = this.#queue;
    if (answer.status === 'offset-illegal') {
      this.#host.runtime.logger.warn({ ...queue.queue, group: this.#host.group, from: queue.nextOffset, to: answer.next }, 'offset lies outside the queue or was reset');
      queue.clear();
      queue.nextOffset = answer.next;
      this.#host.moved(queue, true);
      return;
    }
    const deliveries = answer.records === undefined ? [] : this.#host.decode(answer.records, filter, queue);
    queue.nextOffset = answer.next;
    queue.put(deliveries);
    this.#host.moved(queue, false);
    if (deliveries.length > 0) this.#host.offer(queue);
  }

  async #recover(error: unknown, signal: AbortSignal): Promise<void> {
    const queue = this.#queue.queue;
    this.#brokerId = 0;
    if (error instanceof BrokerError && unknownSubscription.has(error.responseCode)) {
      await this.#host.reintroduce(queue.brokerName);
    } else {
      this.#host.trouble(error, queue);
    }
    try {
      await sleep(this.#host.runtime.timers, this.#backoff.next(), signal);
    } catch (sleepError) {
      if (!KiteError.is(sleepError, 'KITE_ABORTED')) throw sleepError;
    }
  }
}
