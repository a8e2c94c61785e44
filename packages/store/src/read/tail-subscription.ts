import { KiteError } from '@kitemq/runtime';
import { ReadStatus, type ArrivalListener, type MessageStore, type ReadResult, type TailQuery } from '../message-store.ts';

const messagesPerRead = 32;
const bytesPerRead = 256 * 1024;

/** The store's methods that subscriptions need. */
export type TailSource = Pick<MessageStore, 'read' | 'maxOffset' | 'onArrival'>;

/** Those who wait for the next message of a queue. Costs nothing while nobody has subscribed. */
export class TailSubscriptions {
  readonly #store: TailSource;
  readonly #waiting = new Map<string, Set<() => void>>();
  #isListening = false;
  #isClosed = false;

  constructor(store: TailSource) {
    this.#store = store;
  }

  /** Ends all subscriptions. */
  close(): void {
    this.#isClosed = true;
    for (const waiters of this.#waiting.values()) for (const wake of waiters) wake();
  }

  /** As `MessageStore.subscribe` says. */
  async *subscribe(query: TailQuery): AsyncGenerator<Uint8Array, void, undefined> {
    const { topic, queueId, signal } = query;
    let offset = query.offset ?? this.#store.maxOffset(topic, queueId);
    while (!this.#isOver(signal)) {
      if (this.#store.maxOffset(topic, queueId) === offset) {
        await this.#arrival(query);
        continue;
      }
      const { status, records, nextBeginOffset } = await this.#read(query, offset);
      // A read that the shutdown ended says nothing.
      if (this.#isOver(signal)) return;
      if (status === ReadStatus.offsetFoundNull && nextBeginOffset <= offset) {
        throw new KiteError('KITE_STORE_UNREADABLE', `Offset ${offset} of ${topic} queue ${queueId} cannot be read; the log says more`, { retryable: true });
      }
      offset = nextBeginOffset;
      for (const record of records) {
        yield record;
        if (this.#isOver(signal)) return;
      }
    }
  }

  #read({ topic, queueId }: TailQuery, offset: number): Promise<ReadResult> {
    const query = { topic, queueId, offset, maxMessages: messagesPerRead, maxBytes: bytesPerRead, matchesTags: undefined, matchesRecord: undefined };
    return new Promise((resolve) => this.#store.read(query, { readDone: resolve }));
  }

  #isOver(signal: AbortSignal | undefined): boolean {
    return this.#isClosed || signal?.aborted === true;
  }

  /** Resolves when something arrives for the topic, or the subscription ends. */
  async #arrival({ topic, signal }: TailQuery): Promise<void> {
    if (!this.#isListening) {
      this.#isListening = true;
      this.#store.onArrival(this.#arrived);
    }
    let waiters = this.#waiting.get(topic);
    if (waiters === undefined) this.#waiting.set(topic, (waiters = new Set()));
    const own = waiters;
    await new Promise<void>((resolve) => {
      const wake = (): void => {
        own.delete(wake);
        if (own.size === 0 && this.#waiting.get(topic) === own) this.#waiting.delete(topic);
        signal?.removeEventListener('abort', wake);
        resolve();
      };
      own.add(wake);
      signal?.addEventListener('abort', wake);
    });
  }

  readonly #arrived: ArrivalListener = (topic) => {
    const waiters = this.#waiting.get(topic);
    if (waiters !== undefined) for (const wake of waiters) wake();
  };
}
