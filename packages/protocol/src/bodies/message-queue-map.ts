/** One queue of a topic on one broker: what Java calls MessageQueue. */
export interface MessageQueueKey {
  readonly topic: string;
  readonly brokerName: string;
  readonly queueId: number;
}

/** A map whose keys are message queues, by value. Iterates in insertion order. */
export class MessageQueueMap<V> {
  readonly #entries = new Map<string, [MessageQueueKey, V]>();

  constructor(entries?: Iterable<readonly [MessageQueueKey, V]>) {
    if (entries !== undefined) for (const [key, value] of entries) this.set(key, value);
  }

  get size(): number {
    return this.#entries.size;
  }

  get(key: MessageQueueKey): V | undefined {
    return this.#entries.get(identityOf(key))?.[1];
  }

  has(key: MessageQueueKey): boolean {
    return this.#entries.has(identityOf(key));
  }

  set(key: MessageQueueKey, value: V): this {
    this.#entries.set(identityOf(key), [{ topic: key.topic, brokerName: key.brokerName, queueId: key.queueId }, value]);
    return this;
  }

  delete(key: MessageQueueKey): boolean {
    return this.#entries.delete(identityOf(key));
  }

  keys(): MessageQueueKey[] {
    return Array.from(this.#entries.values(), (entry) => entry[0]);
  }

  values(): V[] {
    return Array.from(this.#entries.values(), (entry) => entry[1]);
  }

  entries(): [MessageQueueKey, V][] {
    return [...this.#entries.values()];
  }

  [Symbol.iterator](): IterableIterator<[MessageQueueKey, V]> {
    return this.#entries.values();
  }
}

/** Topic and broker names cannot hold a space. */
function identityOf(key: MessageQueueKey): string {
  return `${key.queueId} ${key.brokerName} ${key.topic}`;
}
