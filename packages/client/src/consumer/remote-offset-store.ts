import type { Logger } from '@kitemq/runtime';
import type { MessageQueue } from '../admin/types.ts';
import type { OffsetCalls } from '../calls/offset-calls.ts';
import { queueKey } from '../route/topic-route.ts';
import type { OffsetStore } from './offset-store.ts';

interface Entry {
  readonly queue: MessageQueue;
  offset: number;
  /** What was sent last, answered or not. */
  sent: number | undefined;
  /** What the broker is known to have. */
  confirmed: number | undefined;
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
    if (offset !== undefined) this.#entries.set(queueKey(queue), { queue, offset, sent: offset, confirmed: offset });
    return offset;
  }

  set(queue: MessageQueue, offset: number): void {
    const entry = this.#entries.get(queueKey(queue));
    if (entry === undefined) this.#entries.set(queueKey(queue), { queue, offset, sent: undefined, confirmed: undefined });
    else entry.offset = offset;
  }

  current(queue: MessageQueue): number | undefined {
    return this.#entries.get(queueKey(queue))?.offset;
  }

  async flush(options: { readonly wait: boolean; readonly timeoutMs: number }): Promise<void> {
    const dirty = [...this.#entries.values()].filter((entry) => entry.offset !== (options.wait ? entry.confirmed : entry.sent));
    await Promise.all(dirty.map((entry) => this.#store(entry, options.wait, options.timeoutMs)));
  }

  async release(queue: MessageQueue, timeoutMs: number): Promise<void> {
    const entry = this.#entries.get(queueKey(queue));
    if (entry === undefined) return;
    this.#entries.delete(queueKey(queue));
    if (entry.offset !== entry.confirmed) await this.#store(entry, true, timeoutMs);
  }

  async #store(entry: Entry, wait: boolean, timeoutMs: number): Promise<void> {
    const { calls, group, logger } = this.#options;
    const { queue, offset } = entry;
    try {
      const commit = wait ? calls.commit : calls.commitOneway;
      await commit.call(calls, this.#address(queue), group, queue, offset, { timeoutMs });
      entry.sent = offset;
      if (wait) entry.confirmed = offset;
    } catch (error) {
      entry.sent = undefined;
      logger.warn({ group, ...queue, offset, error }, 'offset was not committed; it is tried again');
    }
  }

  #address(queue: MessageQueue): string {
    const address = this.#options.address(queue.brokerName);
    if (address === undefined) throw new Error(`broker ${queue.brokerName} has no known address`);
    return address;
  }
}
