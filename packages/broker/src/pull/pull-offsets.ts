/** Most queues that pull offsets are remembered for; beyond, the oldest are forgotten (only lag figures need them). */
const queuesMax = 1_000_000;

/** How far each group has read, whether or not it has committed. Memory only. */
export class PullOffsets {
  readonly #groups: Map<string, Map<string, number[]>> = new Map();
  #size = 0;

  set(group: string, topic: string, queueId: number, offset: number): void {
    let topics = this.#groups.get(group);
    if (topics === undefined) {
      topics = new Map();
      this.#groups.set(group, topics);
    }
    let queues = topics.get(topic);
    if (queues === undefined) {
      queues = [];
      topics.set(topic, queues);
    }
    if (queues[queueId] === undefined && ++this.#size > queuesMax) return this.#clear();
    queues[queueId] = offset;
  }

  /** The next offset that the group wants, −1 when it has not pulled since start. */
  get(group: string, topic: string, queueId: number): number {
    return this.#groups.get(group)?.get(topic)?.[queueId] ?? -1;
  }

  removeGroup(group: string): void {
    this.#groups.delete(group);
  }

  #clear(): void {
    this.#groups.clear();
    this.#size = 0;
  }
}
