import { decodeRecord, RecordView } from '@kitemq/protocol';
import type { Logger, Runtime, TimerHandle } from '@kitemq/runtime';
import { ReadStatus, type ReadQuery, type ReadResult } from '../message-store.ts';
import type { MessageReader } from '../read/message-reader.ts';
import type { TopicPolicies } from '../topic-policy.ts';
import type { QueueView } from '../views/queues.ts';
import { SystemTopic } from '../views/system-topics.ts';
import { placeCarried } from './carried-records.ts';
import type { CompactedQueue } from './compacted-queue.ts';
import { compactedMessage, type CompactionView } from './compaction-view.ts';
import type { EntryReader } from './entry-reader.ts';
import type { SparseEntry } from './sparse-chunk.ts';

/** Messages and bytes of one step: between steps the event loop does other things. */
const stepMessages = 512;
const stepBytes: number = 1024 * 1024;
/** Entries that are looked at, or read, together when values are carried over. */
const carrySlice = 1024;

export interface CompactorOptions {
  readonly runtime: Pick<Runtime, 'timers'>;
  readonly logger: Logger;
  readonly queues: QueueView;
  readonly view: CompactionView;
  readonly reader: MessageReader;
  readonly entries: EntryReader;
  readonly policies: TopicPolicies;
  /** How often queues are compacted. */
  readonly intervalMs: number;
  /** Bodies up to this size are put together; a larger record has one of its own. */
  readonly bodyBytes: number;
  /** Appends a record whose body is completed by `place`, which gets the log position that the body will have; resolves when it is durable and applied. */
  append(topic: string, body: Buffer, place: (bodyPosition: number) => void): Promise<void>;
  /** Something changed that belongs into a checkpoint. */
  changed(): void;
}

/** A record that is to be carried over. */
interface Carried {
  readonly state: CompactedQueue;
  readonly record: Buffer;
}

/**
 * Compacts the queues of compacted topics: now and then it goes through what came since, and before the log's beginning goes it appends again what is
 * still the latest of its key there. One thing at a time.
 */
export class Compactor {
  readonly #options: CompactorOptions;
  readonly #query: ReadQuery = { topic: '', queueId: 0, offset: 0, maxMessages: stepMessages, maxBytes: stepBytes, matchesTags: undefined, matchesRecord: undefined, scanMax: stepMessages, transient: true };
  readonly #record = new RecordView();
  #last: Promise<void> = Promise.resolve();
  #timer: TimerHandle | undefined;
  #stopped = false;

  constructor(options: CompactorOptions) {
    this.#options = options;
  }

  /** Compacts soon (a start may have lost what had been done) and then at each interval. */
  start(): void {
    this.#arm(0);
  }

  /** Resolves when nothing is under way; nothing begins any more. */
  stop(): Promise<void> {
    this.#stopped = true;
    this.#options.runtime.timers.clear(this.#timer);
    return this.#last;
  }

  /** Compacts all there is now. @throws KiteError when the log cannot be read */
  compact(): Promise<void> {
    return this.#serially(async () => {
      for (const state of this.#toCompact()) await this.#compactQueue(state);
    });
  }

  /**
   * To be awaited before the log loses what is before `position`: compacts, then carries over what is live there. What is between here and the
   * append is not looked at: a value that is superseded then is superseded there as well.
   * @throws KiteError `KITE_STORE_*` when it could not be done; then the log must keep what it has
   */
  carry(position: number): Promise<void> {
    return this.#serially(async () => {
      const states = this.#toCompact();
      for (const state of states) await this.#compactQueue(state);
      const bundle = new Bundle(this.#options);
      for (const state of states) await this.#carryQueue(state, position, bundle);
      await bundle.flush();
    });
  }

  #arm(ms: number): void {
    if (this.#stopped) return;
    this.#timer = this.#options.runtime.timers.setTimeout(() => {
      this.compact()
        .catch((error: unknown) => this.#options.logger.error({ error }, 'compacting failed and will be tried again; nothing is lost, but more is kept'))
        .finally(() => this.#arm(this.#options.intervalMs));
    }, ms);
  }

  #serially(task: () => Promise<void>): Promise<void> {
    const done = this.#last.then(() => (this.#stopped ? undefined : task()));
    this.#last = done.catch(() => undefined);
    return done;
  }

  #toCompact(): CompactedQueue[] {
    const { queues, view, policies } = this.#options;
    const states = new Set(view.states);
    for (const queue of queues.list()) {
      const { topic } = queue.topicQueues;
      if (policies(topic)?.cleanup === 'compact' && !queues.isBeingRemoved(topic)) states.add(view.obtain(queue));
    }
    return [...states];
  }

  async #compactQueue(state: CompactedQueue): Promise<void> {
    const { view, runtime } = this.#options;
    while (!this.#stopped && view.isCurrent(state) && state.boundary < state.queue.visible) {
      if (!(await this.#step(state))) return;
      this.#options.changed();
      await new Promise<void>((resolve) => runtime.timers.setImmediate(resolve));
    }
  }

  /** Takes some messages; false when the queue cannot be read further. */
  #step(state: CompactedQueue): Promise<boolean> {
    const { reader, view, logger } = this.#options;
    const { queue } = state;
    const query = this.#query;
    const offset = state.boundary;
    query.topic = queue.topicQueues.topic;
    query.queueId = queue.queueId;
    query.offset = offset;
    return new Promise((resolve) => {
      reader.read(query, {
        readDone: (result) => {
          if (!view.isCurrent(state)) return resolve(false);
          if (result.status === ReadStatus.offsetFoundNull) logger.warn({ topic: query.topic, queueId: query.queueId, offset }, 'a queue cannot be compacted from here on');
          if (result.nextBeginOffset <= offset) return resolve(false);
          this.#take(state, result);
          state.end = result.nextBeginOffset;
          state.dirty = true;
          resolve(true);
        },
      });
    });
  }

  #take(state: CompactedQueue, result: ReadResult): void {
    const view = this.#record;
    for (const bytes of result.records) {
      for (let at = 0; at < bytes.length; at += view.size) {
        view.moveTo(bytes, at);
        state.compact(compactedMessage(view, view.physicalOffset));
      }
    }
  }

  async #carryQueue(state: CompactedQueue, position: number, bundle: Bundle): Promise<void> {
    const { entries, logger, runtime, view } = this.#options;
    const { topic } = state.queue.topicQueues;
    for (let from = 0; view.isCurrent(state); ) {
      const old: SparseEntry[] = [];
      let seen = 0;
      let next = Number.POSITIVE_INFINITY;
      state.forEach(from, Number.POSITIVE_INFINITY, (entry) => {
        next = entry.offset + 1;
        if (entry.position < position) old.push(entry);
        return ++seen < carrySlice;
      });
      if (seen === 0) return;
      from = next;
      const records: Buffer[] = [];
      await entries.read(old, ({ offset }, record) => {
        if (record !== undefined) records.push(Buffer.from(record));
        else {
          logger.error({ topic, queueId: state.queue.queueId, offset }, 'the latest message of a key is damaged and is not carried over');
          state.lost(offset);
        }
      });
      for (const record of records) await bundle.add({ state, record });
      await new Promise<void>((resolve) => runtime.timers.setImmediate(resolve));
    }
  }
}

/** Collects records of any queues and appends them together. */
class Bundle {
  readonly #options: Pick<CompactorOptions, 'append' | 'bodyBytes' | 'view' | 'logger'>;
  #records: Carried[] = [];
  #bytes = 0;

  constructor(options: Pick<CompactorOptions, 'append' | 'bodyBytes' | 'view' | 'logger'>) {
    this.#options = options;
  }

  async add(carried: Carried): Promise<void> {
    if (this.#bytes + carried.record.length > this.#options.bodyBytes) await this.flush();
    this.#records.push(carried);
    this.#bytes += carried.record.length;
  }

  async flush(): Promise<void> {
    const { view, append, logger } = this.#options;
    const records = this.#records;
    this.#records = [];
    this.#bytes = 0;
    // What is appended now comes before any removal of its topic in the log.
    const current = records.filter(({ state }) => view.isCurrent(state));
    if (current.length === 0) return;
    const body = Buffer.concat(current.map(({ record }) => record));
    try {
      await append(SystemTopic.carried, body, (bodyPosition) => placeCarried(body, bodyPosition));
    } catch (error) {
      if (current.length > 1 || (error as { code?: unknown }).code !== 'KITE_STORE_ARGUMENT') throw error;
      const { topic, queueOffset } = decodeRecord(body);
      logger.error({ topic, queueOffset, bytes: body.length }, 'the latest message of a key nearly fills a log file by itself and cannot be carried over');
    }
  }
}
