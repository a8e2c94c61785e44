import type { Logger } from '@kitemq/runtime';
import type { MessageQueue } from '../admin/types.ts';
import type { OffsetCalls } from '../calls/offset-calls.ts';
import { queueKey } from '../route/topic-route.ts';
import type { OffsetStore } from './offset-store.ts';

interface Entry {
  readonly queue: MessageQueue;
  offset: number;
  /** What the broker is known to have. */
  confirmed: number | undefined;
  /** The commit under way: one at a time, because a broker may carry out two in either order. */
  storing: Promise<void> | undefined;
}

export interface RemoteOffsetStoreOptions {
  readonly group: string;
  readonly calls: OffsetCalls;
  /** The master's address of a broker set. */
  readonly address: (brokerName: string) => string | undefined;
  readonly timeoutMs: number;
  readonly logger: Logger;
}

/** Offsets of a clustering group: they live at the broker of their queue, so that any member can go on from them. */
export class RemoteOffsetStore implements OffsetStore {
  readonly #options: RemoteOffsetStoreOptions;
  readonly #entries = new Map<string, Entry>();

  constructor(options: RemoteOffsetStoreOptions) {
    this.#options = options;
  }

  async read(queue: MessageQueue, signal: AbortSignal): Promise<number | undefined> {
    const { calls, group, timeoutMs } = this.#options;
    const offset = await calls.committed(this.#address(queue), group, queue, { timeoutMs, signal });
    if (offset !== undefined) this.#entries.set(queueKey(queue), { queue, offset, confirmed: offset, storing: undefined });
    return offset;
  }

  set(queue: MessageQueue, offset: number): void {
    const entry = this.#entries.get(queueKey(queue));
    if (entry === undefined) this.#entries.set(queueKey(queue), { queue, offset, confirmed: undefined, storing: undefined });
    else entry.offset = offset;
  }

  assume(queue: MessageQueue, offset: number): void {
    this.#entries.set(queueKey(queue), { queue, offset, confirmed: offset, storing: undefined });
  }

  current(queue: MessageQueue): number | undefined {
    return this.#entries.get(queueKey(queue))?.offset;
  }

  async flush(timeoutMs: number): Promise<void> {
    await Promise.all([...this.#entries.values()].map((entry) => this.#store(entry, timeoutMs)));
  }

  async release(queue: MessageQueue, timeoutMs: number): Promise<void> {
    const entry = this.#entries.get(queueKey(queue));
    if (entry === undefined) return;
    this.#entries.delete(queueKey(queue));
    await this.#store(entry, timeoutMs);
  }

  async #store(entry: Entry, timeoutMs: number): Promise<void> {
    while (entry.storing !== undefined) await entry.storing;
    if (entry.offset === entry.confirmed) return;
    entry.storing = this.#commit(entry, timeoutMs).finally(() => {
      entry.storing = undefined;
    });
    await entry.storing;
  }

  async #commit(entry: Entry, timeoutMs: number): Promise<void> {
    const { calls, group, logger } = this.#options;
    const { queue, offset } = entry;
    try {
      await calls.commit(this.#address(queue), group, queue, offset, { timeoutMs });
      entry.confirmed = offset;
    } catch (error) {
      entry.confirmed = undefined;
      logger.warn({ group, ...queue, offset, error }, 'offset was not committed; it is tried again');
    }
  }

  #address(queue: MessageQueue): string {
    const address = this.#options.address(queue.brokerName);
    if (address === undefined) throw new Error(`broker ${queue.brokerName} has no known address`);
    return address;
  }
}
