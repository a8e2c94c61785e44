/** The offsets of one group in one topic. */
export class TopicOffsets {
  readonly group: string;
  readonly topic: string;
  /** Committed offset by queue id. */
  readonly offsets: Map<number, number> = new Map();
  /** Queue ids whose offset is in no log record yet. */
  readonly unlogged: Set<number> = new Set();

  constructor(group: string, topic: string) {
    this.group = group;
    this.topic = topic;
  }
}

/** Consumer offsets in memory: group → topic → queue. */
export class OffsetTable {
  readonly #groups = new Map<string, Map<string, TopicOffsets>>();

  find(group: string, topic: string): TopicOffsets | undefined {
    return this.#groups.get(group)?.get(topic);
  }

  obtain(group: string, topic: string): TopicOffsets {
    let topics = this.#groups.get(group);
    if (topics === undefined) {
      topics = new Map();
      this.#groups.set(group, topics);
    }
    let found = topics.get(topic);
    if (found === undefined) {
      found = new TopicOffsets(group, topic);
      topics.set(topic, found);
    }
    return found;
  }

  /** All of them, in no particular order. */
  *all(): Iterable<TopicOffsets> {
    for (const topics of this.#groups.values()) yield* topics.values();
  }

  topicsOf(group: string): string[] {
    return [...(this.#groups.get(group)?.keys() ?? [])].sort();
  }

  groupsOf(topic: string): string[] {
    const groups: string[] = [];
    for (const [group, topics] of this.#groups) if (topics.has(topic)) groups.push(group);
    return groups.sort();
  }

  /** Removes what belongs to the group and the topic; null stands for all. Returns what was removed. */
  remove(group: string | null, topic: string | null): TopicOffsets[] {
    const removed: TopicOffsets[] = [];
    for (const [name, topics] of group === null ? this.#groups : [[group, this.#groups.get(group)] as const]) {
      for (const offsets of topic === null ? (topics?.values() ?? []) : [topics?.get(topic)]) {
        if (offsets === undefined) continue;
        removed.push(offsets);
        topics?.delete(offsets.topic);
      }
      if (topics?.size === 0) this.#groups.delete(name);
    }
    return removed;
  }
}
