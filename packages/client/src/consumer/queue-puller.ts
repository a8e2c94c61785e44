import type { TaskScope } from '@kitemq/runtime';
import { KiteError } from '@kitemq/runtime';
import type { CallOptions, MessageQueue } from '../admin/types.ts';
import { checkGroup, checkNumber } from '../check-options.ts';
import { pull } from '../calls/pull-call.ts';
import type { ClientCore } from '../connection/client-core.ts';
import { closed } from '../errors.ts';
import { DecodedMessage } from '../message/decoded-message.ts';
import { decodeMessages } from '../message/decode-messages.ts';
import type { Message } from '../message/message.ts';
import { followQueues } from './follow-queues.ts';
import type { FollowHost } from './follow-queues.ts';
import type { FollowOptions, Puller, PullerOptions, PullOptions, PullResult } from './puller.ts';
import { passesFilter, topicFilter } from './topic-filter.ts';

/** What the network may take on top of the time the broker holds a pull, ms. */
const GRACE_MS = 10_000;
/** How long the broker holds a pull of `follow`, ms. */
const HOLD_MS = 15_000;

/** The {@link Puller}: stateless, every call is one request to the queue's broker. */
export class QueuePuller implements Puller {
  readonly group: string;
  readonly #core: ClientCore;
  /** Of what it follows; made when it follows something. */
  #scope: TaskScope | undefined;
  #stopped = false;

  constructor(core: ClientCore, options: PullerOptions = {}) {
    this.group = checkGroup(options.group ?? 'kitemq-puller');
    this.#core = core;
  }

  async queues(topic: string, options: CallOptions = {}): Promise<readonly MessageQueue[]> {
    this.#checkOpen();
    const route = await this.#core.routes.get(topic, { ...this.#call(options), fresh: true });
    return route.subscribeQueues;
  }

  async pull(queue: MessageQueue, offset: number, options: PullOptions = {}): Promise<PullResult> {
    const holdMs = checkNumber('waitMs', options.waitMs, { min: 0, max: 60_000, otherwise: 0 });
    const maxCount = checkNumber('maxCount', options.maxCount, { min: 1, max: 1_024, otherwise: 32 });
    const filter = topicFilter(queue.topic, options.expression ?? '*', 0);
    const request = { group: this.group, queue, offset, maxCount, filter, sendFilter: true, holdMs };
    const address = await this.#address(queue, options);
    const timeoutMs = options.timeoutMs ?? Math.max(this.#core.timeoutMs, holdMs + GRACE_MS);
    const answer = await pull(this.#core.link, address, request, { signal: options.signal, timeoutMs });
    const fields = answer.records === undefined ? [] : decodeMessages(answer.records, queue.brokerName, this.#core.runtime.logger);
    return {
      status: answer.status,
      messages: fields.filter((each) => passesFilter(filter, each.properties['TAGS'])).map((each) => new DecodedMessage(each)),
      next: answer.next,
      minOffset: answer.minOffset,
      maxOffset: answer.maxOffset,
    };
  }

  async *read(queue: MessageQueue, offset: number, options: PullOptions = {}): AsyncGenerator<Message> {
    const end = await this.maxOffset(queue, options);
    for (let next = offset; next < end; ) {
      const result = await this.pull(queue, next, options);
      yield* result.messages.filter((message) => message.queueOffset < end);
      // A broker that does not move on would hold us here for ever.
      if (result.next <= next && result.status !== 'offset-illegal') return;
      next = result.next;
    }
  }

  follow(queues: readonly MessageQueue[], options: FollowOptions = {}): AsyncIterable<Message> {
    this.#checkOpen();
    this.#scope ??= this.#core.scope.child();
    const { signal: own } = this.#scope;
    const host: FollowHost = {
      runtime: this.#core.runtime,
      group: this.group,
      start: (queue, signal) => this.#start(queue, options, signal),
      pull: (queue, offset, signal) => this.pull(queue, offset, { expression: options.expression, waitMs: HOLD_MS, signal }),
    };
    return followQueues(host, queues, options.signal === undefined ? own : AbortSignal.any([options.signal, own]));
  }

  async minOffset(queue: MessageQueue, options: CallOptions = {}): Promise<number> {
    return this.#core.offsetCalls.min(await this.#address(queue, options), queue, this.#call(options));
  }

  async maxOffset(queue: MessageQueue, options: CallOptions = {}): Promise<number> {
    return this.#core.offsetCalls.max(await this.#address(queue, options), queue, this.#call(options));
  }

  async offsetByTime(queue: MessageQueue, timestamp: number | Date, options: CallOptions = {}): Promise<number> {
    const address = await this.#address(queue, options);
    return this.#core.offsetCalls.byTime(address, queue, Number(timestamp), this.#call(options));
  }

  async committed(queue: MessageQueue, options: CallOptions = {}): Promise<number | undefined> {
    return this.#core.offsetCalls.committed(await this.#address(queue, options), this.group, queue, this.#call(options));
  }

  async commit(queue: MessageQueue, offset: number, options: CallOptions = {}): Promise<void> {
    await this.#core.offsetCalls.commit(await this.#address(queue, options), this.group, queue, offset, this.#call(options));
  }

  stop(): Promise<void> {
    this.#stopped = true;
    return this.#scope?.close() ?? Promise.resolve();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  #checkOpen(): void {
    if (this.#stopped) throw closed(`the puller of group ${this.group}`);
    this.#core.checkOpen();
  }

  async #start(queue: MessageQueue, options: FollowOptions, signal: AbortSignal): Promise<number> {
    const call = { signal };
    const committed = options.ignoreCommitted === true ? undefined : await this.committed(queue, call);
    if (committed !== undefined) return committed;
    const { from = 'last' } = options;
    if (from === 'first') return this.minOffset(queue, call);
    return from === 'last' ? this.maxOffset(queue, call) : this.offsetByTime(queue, from, call);
  }

  #call(options: CallOptions): { timeoutMs: number; signal: AbortSignal | undefined } {
    return { timeoutMs: options.timeoutMs ?? this.#core.timeoutMs, signal: options.signal };
  }

  async #address(queue: MessageQueue, options: CallOptions): Promise<string> {
    this.#checkOpen();
    const known = this.#core.brokerAddress(queue.brokerName, { orAny: true });
    if (known !== undefined) return known;
    await this.#core.routes.get(queue.topic, { ...this.#call(options), fresh: true });
    const address = this.#core.brokerAddress(queue.brokerName, { orAny: true });
    if (address !== undefined) return address;
    throw new KiteError('KITE_BROKER_UNKNOWN', `the route of ${queue.topic} names no broker ${queue.brokerName}`, { retryable: true });
  }
}
