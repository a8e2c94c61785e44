import type { TimerHandle, Timers, TimerWheel } from '@kitemq/runtime';
import type { MessageStore } from '@kitemq/store';
import type { PullOperation } from './pull-operation.ts';

/** Most pulls held at a time; the next are answered SYSTEM_BUSY, on which clients wait a second. */
export const heldPullsMax = 200_000;

/** The pulls that wait for a message, by topic and queue. */
export class PullHold {
  readonly #store: MessageStore;
  readonly #timers: Timers;
  readonly #wheel: TimerWheel;
  readonly #resume: (pull: PullOperation) => void;
  readonly #topics: Map<string, (PullOperation[] | undefined)[]> = new Map();
  #ready: PullOperation[] = [];
  #flush: TimerHandle | undefined;
  #size = 0;

  /** `resume` runs a pull again that may find something now, or whose time is over. */
  constructor(store: MessageStore, timers: Timers, wheel: TimerWheel, resume: (pull: PullOperation) => void) {
    this.#store = store;
    this.#timers = timers;
    this.#wheel = wheel;
    this.#resume = resume;
  }

  get size(): number {
    return this.#size;
  }

  /** Holds a pull that found nothing; false when there are too many. */
  hold(pull: PullOperation): boolean {
    if (this.#size >= heldPullsMax) return false;
    const topic = pull.topic.config.topicName;
    let queues = this.#topics.get(topic);
    if (queues === undefined) {
      queues = [];
      this.#topics.set(topic, queues);
    }
    const held = (queues[pull.queueId] ??= []);
    pull.heldAt = held.length;
    held.push(pull);
    this.#size++;
    this.#wheel.schedule(pull, pull.suspendMs);
    // Something may have arrived between the read and now.
    if (this.#store.maxOffset(topic, pull.queueId) > pull.offset) this.#wake(pull);
    return true;
  }

  /** The wheel says that the time is over. */
  timedOut(pull: PullOperation): void {
    this.#release(pull);
    if (!pull.woken) this.#resume(pull);
  }

  /** A message can be read: wakes those that it could be for. They run together at the end of this tick. */
  readonly arrived = (topic: string, queueId: number, queueOffset: number, tagsCode: number): void => {
    const held = this.#topics.get(topic)?.[queueId];
    if (held === undefined) return;
    for (const pull of held) {
      if (pull.woken || queueOffset < pull.offset) continue;
      const { matchesTags } = pull.filter;
      if (matchesTags === undefined || matchesTags(tagsCode)) this.#wake(pull);
    }
  };

  /** Wakes what has something to read, whatever its tag, and drops what nobody waits for any more. */
  scan(): void {
    for (const [topic, queues] of this.#topics) {
      for (const [queueId, held] of queues.entries()) {
        if (held === undefined) continue;
        const maxOffset = this.#store.maxOffset(topic, queueId);
        for (const pull of held.slice()) {
          if (pull.request.channel.closed) this.#release(pull);
          else if (maxOffset > pull.offset && !pull.woken) this.#wake(pull);
        }
        if (held.length === 0) queues[queueId] = undefined;
      }
      if (queues.every((held) => held === undefined)) this.#topics.delete(topic);
    }
  }

  /** Resumes all, so that each is answered; at shutdown. */
  releaseAll(): void {
    for (const queues of this.#topics.values()) {
      for (const held of queues) for (const pull of held ?? []) this.#wake(pull);
    }
    this.#runReady();
  }

  #wake(pull: PullOperation): void {
    if (pull.woken) return;
    pull.woken = true;
    this.#ready.push(pull);
    this.#flush ??= this.#timers.setImmediate(this.#runReady);
  }

  readonly #runReady = (): void => {
    this.#timers.clear(this.#flush);
    this.#flush = undefined;
    const ready = this.#ready;
    this.#ready = [];
    for (const pull of ready) {
      this.#release(pull);
      if (!pull.request.channel.closed) this.#resume(pull);
    }
  };

  #release(pull: PullOperation): void {
    if (pull.heldAt < 0) return;
    this.#wheel.cancel(pull);
    const held = this.#topics.get(pull.topic.config.topicName)?.[pull.queueId];
    const last = held?.pop();
    if (held !== undefined && last !== undefined && last !== pull) {
      held[pull.heldAt] = last;
      last.heldAt = pull.heldAt;
    }
    pull.heldAt = -1;
    this.#size--;
  }
}
