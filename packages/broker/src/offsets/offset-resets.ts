/** Offsets that tools have reset, until the next pull of each queue takes them. Memory only: the offset itself is committed as well. */
export class OffsetResets {
  readonly #pending: Map<string, number> = new Map();

  set(group: string, topic: string, queueId: number, offset: number): void {
    this.#pending.set(keyOf(group, topic, queueId), offset);
  }

  isPending(group: string, topic: string, queueId: number): boolean {
    return this.#pending.size > 0 && this.#pending.has(keyOf(group, topic, queueId));
  }

  /** The reset offset, once; undefined when there is none. */
  take(group: string, topic: string, queueId: number): number | undefined {
    if (this.#pending.size === 0) return undefined;
    const key = keyOf(group, topic, queueId);
    const offset = this.#pending.get(key);
    if (offset !== undefined) this.#pending.delete(key);
    return offset;
  }

  /** What was reset was the topic's as it was: one of that name may be made again. */
  removeTopic(topic: string): void {
    for (const key of this.#pending.keys()) if (key.includes(` ${topic}@`)) this.#pending.delete(key);
  }

  removeGroup(group: string): void {
    for (const key of this.#pending.keys()) if (key.endsWith(`@${group}`)) this.#pending.delete(key);
  }
}

function keyOf(group: string, topic: string, queueId: number): string {
  return `${queueId} ${topic}@${group}`;
}
