import type { Clock, Deferred } from '@kitemq/runtime';
import { deferred, KiteError } from '@kitemq/runtime';
import type { Delivery } from './delivery.ts';
import type { ProcessQueue } from './process-queue.ts';

/** Somebody who waits for a message. */
type Waiter = Deferred<Delivery | undefined>;

/** Callers that may wait at the same time. */
export const WAITERS_MAX = 10_000;

/**
 * Hands out messages of all process queues in turn: a queue with a long backlog, or one slow message, holds up no other queue.
 * Whoever asks first gets the first message.
 */
export class DeliveryQueue {
  readonly #clock: Clock;
  /** Queues that may have something, in the order of their turn. */
  readonly #ready = new Set<ProcessQueue<Delivery>>();
  readonly #waiters = new Set<Waiter>();
  #paused = false;
  #ended = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** To be called when the queue got messages to hand out. */
  offer(queue: ProcessQueue<Delivery>): void {
    if (this.#ended || !queue.deliverable) return;
    this.#ready.add(queue);
    this.#serve();
  }

  /** The next message; undefined once the queue has ended or the signal is aborted. @throws KiteError `KITE_TOO_MANY_REQUESTS` */
  next(signal?: AbortSignal): Promise<Delivery | undefined> {
    if (this.#ended || signal?.aborted === true) return Promise.resolve(undefined);
    const immediate = this.#waiters.size === 0 ? this.#take() : undefined;
    if (immediate !== undefined) return Promise.resolve(immediate);
    if (this.#waiters.size >= WAITERS_MAX) {
      return Promise.reject(new KiteError('KITE_TOO_MANY_REQUESTS', `${WAITERS_MAX} callers wait for a message already; lower the concurrency`));
    }
    const waiter = deferred<Delivery | undefined>();
    this.#waiters.add(waiter);
    if (signal === undefined) return waiter.promise;
    const onAbort = (): void => {
      this.#waiters.delete(waiter);
      waiter.resolve(undefined);
    };
    signal.addEventListener('abort', onAbort, { once: true });
    return waiter.promise.finally(() => signal.removeEventListener('abort', onAbort));
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
    this.#serve();
  }

  /** Everybody who waits, and who comes later, gets undefined. */
  end(): void {
    this.#ended = true;
    for (const waiter of this.#waiters) waiter.resolve(undefined);
    this.#waiters.clear();
    this.#ready.clear();
  }

  #serve(): void {
    for (const waiter of this.#waiters) {
      const delivery = this.#take();
      if (delivery === undefined) return;
      this.#waiters.delete(waiter);
      waiter.resolve(delivery);
    }
  }

  #take(): Delivery | undefined {
    if (this.#paused) return undefined;
    for (const queue of this.#ready) {
      this.#ready.delete(queue);
      const delivery = queue.take();
      if (delivery === undefined) continue;
      if (queue.deliverable) this.#ready.add(queue);
      delivery.startedAt = this.#clock.monotonic();
      return delivery;
    }
    return undefined;
  }
}
