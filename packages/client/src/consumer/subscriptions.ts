import type { SubscriptionData } from '@kitemq/protocol';
import type { Clock } from '@kitemq/runtime';
import type { Subscription } from './consumer.ts';
import { topicFilter } from './topic-filter.ts';
import type { TopicFilter } from './topic-filter.ts';

/** What a consumer subscribes to, its group's retry topic included. */
export class Subscriptions {
  readonly #clock: Clock;
  readonly #filters = new Map<string, TopicFilter>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Adds or replaces. @throws KiteError `KITE_OPTION_INVALID` */
  set(topic: string, subscription: string | Subscription): void {
    const last = this.#filters.get(topic)?.version ?? 0;
    this.#filters.set(topic, topicFilter(topic, subscription, Math.max(this.#clock.now(), last + 1)));
  }

  remove(topic: string): void {
    this.#filters.delete(topic);
  }

  get(topic: string): TopicFilter | undefined {
    return this.#filters.get(topic);
  }

  topics(): readonly string[] {
    return [...this.#filters.keys()];
  }

  /** As heartbeats carry them. */
  data(): SubscriptionData[] {
    return [...this.#filters.values()].map((filter) => ({
      classFilterMode: false,
      topic: filter.topic,
      subString: filter.expression,
      tagsSet: [...filter.tags],
      codeSet: [...filter.tagCodes],
      subVersion: filter.version,
      expressionType: filter.type,
    }));
  }
}
