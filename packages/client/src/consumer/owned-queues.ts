import type { Runtime, TaskScope } from '@kitemq/runtime';
import type { MessageQueue } from '../admin/types.ts';
import { WakeUp } from '../connection/wake-up.ts';
import { compareQueues, queueKey } from '../route/topic-route.ts';
import type { Delivery } from './delivery.ts';
import type { OffsetStore } from './offset-store.ts';
import { ProcessQueue } from './process-queue.ts';
import { PullLoop } from './pull-loop.ts';
import type { PullHost } from './pull-loop.ts';

/** A queue this member owns, with the loop that fills it. */
interface Owned {
  readonly processQueue: ProcessQueue<Delivery>;
  readonly room: WakeUp;
  readonly scope: TaskScope;
}

/** How long messages of a queue that is given up may take to be settled before its offset is committed, ms; shorter than the new owner's {@link TAKE_OVER_MS}. */
const REVOKE_DRAIN_MS = 150;

/** How long a new owner waits before it asks for the offset, ms: the one before commits meanwhile. */
export const TAKE_OVER_MS = 300;

const never: AbortSignal = new AbortController().signal;

export interface OwnedQueuesOptions {
  readonly runtime: Runtime;
  readonly scope: TaskScope;
  readonly store: OffsetStore;
  readonly host: PullHost;
  readonly releaseTimeoutMs: number;
}

/** The queues this member owns now. */
export class OwnedQueues {
  readonly #options: OwnedQueuesOptions;
  readonly #owned = new Map<string, Owned>();
  /** Given up, not committed yet. */
  readonly #leaving = new Map<string, Owned>();

  constructor(options: OwnedQueuesOptions) {
    this.#options = options;
  }

  /** Sorted. */
  queues(): readonly MessageQueue[] {
    return this.processQueues()
      .map((processQueue) => processQueue.queue)
      .sort(compareQueues);
  }

  processQueues(): readonly ProcessQueue<Delivery>[] {
    return [...this.#owned.values()].map((owned) => owned.processQueue);
  }

  get(queue: MessageQueue): ProcessQueue<Delivery> | undefined {
    return this.#owned.get(queueKey(queue))?.processQueue;
  }

  /** Starts to read a queue. */
  add(queue: MessageQueue): void {
    const { runtime, host } = this.#options;
    if (this.#owned.has(queueKey(queue))) return;
    const owned: Owned = {
      processQueue: new ProcessQueue<Delivery>(queue),
      room: new WakeUp(runtime.timers),
      scope: this.#options.scope.child(),
    };
    this.#owned.set(queueKey(queue), owned);
    owned.scope.run(`pull ${queueKey(queue)}`, (signal) => new PullLoop(host, owned.processQueue, owned.room).run(signal));
  }

  /**
   * Gives a queue up. Nothing more of it is handed out; messages under way get a moment to be settled; what is settled then is committed, so that
   * the next owner goes on from there; work on the rest is told to stop.
   */
  async drop(queue: MessageQueue, reason: Error): Promise<void> {
    const owned = this.#owned.get(queueKey(queue));
    if (owned === undefined) return;
    this.#owned.delete(queueKey(queue));
    this.#leaving.set(queueKey(queue), owned);
    const { processQueue, scope } = owned;
    processQueue.dropped = true;
    await Promise.all([scope.close(), this.#drain(owned)]);
    this.#leaving.delete(queueKey(queue));
    const offset = processQueue.committable();
    if (offset !== undefined) this.#options.store.set(queue, offset);
    for (const delivery of processQueue.outstanding()) delivery.cancel(reason);
    await this.#options.store.release(queue, this.#options.releaseTimeoutMs);
  }

  async #drain({ processQueue, room }: Owned): Promise<void> {
    const { clock } = this.#options.runtime;
    const end = clock.monotonic() + REVOKE_DRAIN_MS;
    for (let left = REVOKE_DRAIN_MS; left > 0 && !processQueue.outstanding().next().done; left = end - clock.monotonic()) await room.wait(left, never);
  }

  /** Wakes the queue's loop: there may be room again. */
  wake(queue: MessageQueue): void {
    (this.#owned.get(queueKey(queue)) ?? this.#leaving.get(queueKey(queue)))?.room.wake();
  }

  wakeAll(): void {
    for (const owned of this.#owned.values()) owned.room.wake();
  }

  /** Takes over into the store what may be committed. */
  collectOffsets(): void {
    for (const { processQueue } of this.#owned.values()) {
      const offset = processQueue.committable();
      if (!processQueue.dropped && offset !== undefined) this.#options.store.set(processQueue.queue, offset);
    }
  }
}
