import { ConsumeQueue, type QueueOwner } from './consume-queue.ts';
import { TopicQueues } from './topic-queues.ts';
import type { View } from './view.ts';

/** The queues that there are, by topic; and those whose removal is on its way into the log. */
export class TopicTable {
  readonly #owner: QueueOwner;
  readonly #viewsOf: (topic: string) => readonly View[];
  readonly #topics = new Map<string, TopicQueues>();
  /** How often {@link reattach} was called. */
  refusedRemovals = 0;
  /** Taken out by {@link detach}, oldest first, while the command was not applied yet. */
  readonly #detached = new Map<string, TopicQueues[]>();

  constructor(owner: QueueOwner, viewsOf: (topic: string) => readonly View[]) {
    this.#owner = owner;
    this.#viewsOf = viewsOf;
  }

  has(topic: string): boolean {
    return this.#topics.has(topic);
  }

  find(topic: string, queueId: number): ConsumeQueue | undefined {
    return this.#topics.get(topic)?.queues.get(queueId);
  }

  findApplied(topic: string, queueId: number): ConsumeQueue | undefined {
    return (this.#detached.get(topic)?.[0] ?? this.#topics.get(topic))?.queues.get(queueId);
  }

  obtain(topic: string): TopicQueues {
    let topicQueues = this.#topics.get(topic);
    if (topicQueues === undefined) {
      topicQueues = new TopicQueues(topic, this.#viewsOf(topic));
      this.#topics.set(topic, topicQueues);
    }
    return topicQueues;
  }

  obtainQueue(topicQueues: TopicQueues, queueId: number): ConsumeQueue {
    let queue = topicQueues.queues.get(queueId);
    if (queue === undefined) {
      queue = new ConsumeQueue(topicQueues, queueId, this.#owner);
      topicQueues.queues.set(queueId, queue);
    }
    return queue;
  }

  *all(): Iterable<ConsumeQueue> {
    for (const { queues } of this.#topics.values()) yield* queues.values();
  }

  /** Those that consumers can see, of one topic or of all that are not the store's own. */
  *list(topic?: string): Iterable<ConsumeQueue> {
    const topics = topic === undefined ? this.#topics.values() : [this.#topics.get(topic)];
    for (const topicQueues of topics) {
      if (topicQueues === undefined || (topic === undefined && topicQueues.isOwn)) continue;
      for (const queue of topicQueues.queues.values()) if (queue.id >= 0) yield queue;
    }
  }

  detach(topic: string): void {
    const topicQueues = this.#topics.get(topic);
    if (topicQueues === undefined) return;
    this.#topics.delete(topic);
    const list = this.#detached.get(topic);
    if (list === undefined) this.#detached.set(topic, [topicQueues]);
    else list.push(topicQueues);
  }

  reattach(topic: string): void {
    this.refusedRemovals++;
    const topicQueues = this.#takeDetached(topic, 'newest');
    if (topicQueues !== undefined) this.#topics.set(topic, topicQueues);
  }

  isBeingRemoved(topic: string): boolean {
    return this.#detached.has(topic);
  }

  /** The command that removes the topic is applied: returns what it means. */
  remove(topic: string): TopicQueues | undefined {
    const detached = this.#takeDetached(topic, 'oldest');
    if (detached !== undefined) return detached;
    const topicQueues = this.#topics.get(topic);
    this.#topics.delete(topic);
    return topicQueues;
  }

  #takeDetached(topic: string, which: 'oldest' | 'newest'): TopicQueues | undefined {
    const list = this.#detached.get(topic);
    const taken = which === 'oldest' ? list?.shift() : list?.pop();
    if (list?.length === 0) this.#detached.delete(topic);
    return taken;
  }
}
