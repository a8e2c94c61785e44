import { decodeRecord, RecordView } from '@kitemq/protocol';
import { KiteError, type Logger, type Runtime, type TimerHandle } from '@kitemq/runtime';
import type { ReadQuery, ReadResult } from '../message-store.ts';
import type { MessageReader } from '../read/message-reader.ts';
import type { TopicPolicies } from '../topic-policy.ts';
import type { ConsumeQueue } from '../views/consume-queue.ts';
import { entriesPerChunk, entryBytes, entryPosition, entrySize, entryTagsCode } from '../views/queue-entry.ts';
import type { QueueView } from '../views/queues.ts';
import { SystemTopic } from '../views/system-topics.ts';
import { placeCarried } from './carried-records.ts';
import type { CompactedQueue } from './compacted-queue.ts';
import { compactedMessage, type CompactionView } from './compaction-view.ts';
import type { EntryReader } from './entry-reader.ts';
import type { SparseEntry } from './sparse-chunk.ts';
import { UnreadableValues, type UnreadableValue } from './unreadable-values.ts';

/** Messages and bytes of one step, some 10 µs per message: between steps the event loop does other things. */
const stepMessages = 128;
const stepBytes: number = 1024 * 1024;
/** Entries that are looked at, or read, together when values are carried over. */
const carrySlice = 256;
/** Longest pause between two steps in the background. */
const pauseMsMax = 20;

export interface CompactorOptions {
  readonly runtime: Pick<Runtime, 'clock' | 'timers'>;
  readonly logger: Logger;
  readonly queues: QueueView;
  readonly view: CompactionView;
  readonly reader: MessageReader;
  readonly entries: EntryReader;
  readonly policies: TopicPolicies;
  /** Where the log begins. */
  readonly minPosition: () => number;
  /** How often queues are compacted. */
  readonly intervalMs: number;
  /** Bodies up to this size are put together; a larger record has one of its own. */
  readonly bodyBytes: number;
  /** Appends a record whose body is completed by `place`, which gets the log position that the body will have; resolves when it is durable and applied. */
  append(topic: string, body: Buffer, place: (bodyPosition: number) => void): Promise<void>;
  /** Resolves when everything appended so far is durable. */
  flush(): Promise<void>;
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
  /** A queue was left out because of a removal on its way, which may fail. */
  #leftOut = false;

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
      for (const state of this.#toCompact()) await this.#compactQueue(state, 'now');
    });
  }

  /** The same without haste, and past queues that cannot be read. */
  #compactInBackground(): Promise<void> {
    return this.#serially(async () => {
      for (const state of this.#toCompact()) {
        try {
          await this.#compactQueue(state, 'background');
        } catch (error) {
          this.#checkOpen();
          this.#options.logger.error({ error }, 'a queue could not be compacted, which will be tried again; nothing is lost, but more is kept');
        }
      }
    });
  }

  /**
   * To be awaited before the log loses what is before `position`: compacts, then carries over what is live there. What is between here and the
   * append is not looked at: a value that is superseded then is superseded there as well.
   * @throws KiteError `KITE_STORE_*` when it could not be done; then the log must keep what it has
   * @throws UnreadableValues when all was done that can be
   */
  carry(position: number): Promise<void> {
    return this.#serially(async () => {
      let states: ReadonlySet<CompactedQueue>;
      let bundle: Bundle;
      do {
        this.#leftOut = false;
        states = new Set(this.#toCompact());
        bundle = new Bundle(this.#options, this.#isCurrent);
        await this.#carryQueues(states, position, bundle);
        // What supersedes the values that were left behind must survive as well. And topics that were left out are gone now, or there again.
        await this.#options.flush();
      } while (this.#leftOut || this.#toCompact().some((state) => !states.has(state)));
      bundle.checkComplete();
    });
  }

  async #carryQueues(states: Iterable<CompactedQueue>, position: number, bundle: Bundle): Promise<void> {
    for (const state of states) await this.#compactQueue(state, 'before carrying');
    for (const state of states) await this.#carryQueue(state, position, bundle);
    this.#checkOpen();
    await bundle.flush();
  }

  /** False when nothing may be done for the queue. */
  readonly #isCurrent = (state: CompactedQueue): boolean => {
    const { view, queues } = this.#options;
    if (view.isCurrent(state)) return true;
    if (queues.isBeingRemoved(state.queue.topicQueues.topic)) this.#leftOut = true;
    return false;
  };

  #arm(ms: number): void {
    if (this.#stopped) return;
    this.#timer = this.#options.runtime.timers.setTimeout(() => {
      const again = (): void => this.#arm(this.#options.intervalMs);
      // It fails only when the store is being shut down.
      this.#compactInBackground().then(again, again);
    }, ms);
  }

  /** Whoever waits for what is not going to be done must not take it for done. */
  #checkOpen(): void {
    if (this.#stopped) throw new KiteError('KITE_STORE_UNAVAILABLE', 'The store is being shut down');
  }

  #serially(task: () => Promise<void>): Promise<void> {
    const done = this.#last.then(() => {
      this.#checkOpen();
      return task();
    });
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

  async #compactQueue(state: CompactedQueue, when: 'now' | 'background' | 'before carrying'): Promise<void> {
    const { clock } = this.#options.runtime;
    // What comes meanwhile is for the next time.
    const end = state.queue.visible;
    while (this.#isCurrent(state) && state.boundary < end) {
      this.#checkOpen();
      const began = clock.monotonic();
      await this.#step(state).catch((error: Error) => (when === 'before carrying' ? this.#stepByRecord(state) : Promise.reject(error)));
      this.#options.changed();
      // In the background half of the time is for others, whatever they do with it.
      await this.#pause(when === 'background' ? Math.min(clock.monotonic() - began, pauseMsMax) : 0);
    }
  }

  /** Lets the event loop do other things, for so long at least. */
  #pause(ms: number): Promise<void> {
    const { timers } = this.#options.runtime;
    return new Promise((resolve) => void (ms < 1 ? timers.setImmediate(resolve) : timers.setTimeout(resolve, Math.ceil(ms))));
  }

  /** Takes some messages. @throws KiteError when the queue cannot be read further */
  #step(state: CompactedQueue): Promise<void> {
    const { reader, view } = this.#options;
    const { queue } = state;
    const query = this.#query;
    const offset = state.boundary;
    query.topic = queue.topicQueues.topic;
    query.queueId = queue.queueId;
    query.offset = offset;
    return new Promise((resolve, reject) => {
      reader.read(query, {
        readDone: (result) => {
          if (!view.isCurrent(state)) return resolve();
          if (result.nextBeginOffset <= offset) return reject(new KiteError('KITE_STORE_UNREADABLE', `Queue ${queue.queueId} of ${queue.topicQueues.topic} cannot be read from offset ${offset} on`));
          this.#take(state, result);
          state.end = result.nextBeginOffset;
          state.dirty = true;
          resolve();
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

  /** As {@link #step}, around what cannot be read: that stays. @throws KiteError when nothing can be read now */
  async #stepByRecord(state: CompactedQueue): Promise<void> {
    const { entries, view, logger } = this.#options;
    const { queue } = state;
    const { topic } = queue.topicQueues;
    const end = Math.min(queue.visible, state.boundary + stepMessages);
    const wanted: SparseEntry[] = [];
    for (let offset = state.boundary; offset < end; offset++) {
      const entry = entryOf(queue, offset);
      if (entry !== undefined) wanted.push(entry);
    }
    await entries.read(wanted, (entry, record, error) => {
      if (error !== undefined) state.keep(entry);
      else if (record === undefined) logger.error({ topic, queueId: queue.queueId, offset: entry.offset }, 'a stored record is damaged and is left out');
      else {
        this.#record.moveTo(record, 0);
        state.compact(compactedMessage(this.#record, entry.position));
      }
    });
    if (!view.isCurrent(state)) return;
    state.end = end;
    state.dirty = true;
  }

  /**
   * A tombstone that was carried over once goes when the log's beginning gets there again: by then the log has no copy of what it removes, and readers
   * have had a whole turn of the log to see it.
   */
  #isBuried(state: CompactedQueue, entry: SparseEntry, record: Buffer): boolean {
    this.#record.moveTo(record, 0);
    const message = compactedMessage(this.#record, entry.position);
    if (!message.isTombstone || entryOf(state.queue, entry.offset)?.position === entry.position) return false;
    state.buried(message);
    return true;
  }

  async #carryQueue(state: CompactedQueue, position: number, bundle: Bundle): Promise<void> {
    const { entries, logger } = this.#options;
    const { topic } = state.queue.topicQueues;
    let isComplete = true;
    for (let from = 0; this.#isCurrent(state); ) {
      this.#checkOpen();
      const old: SparseEntry[] = [];
      const gone: number[] = [];
      const minPosition = this.#options.minPosition();
      let seen = 0;
      let next = Number.POSITIVE_INFINITY;
      state.forEach(from, Number.POSITIVE_INFINITY, (entry) => {
        next = entry.offset + 1;
        // A crash may have brought back what had been superseded when its segment went.
        if (entry.position < minPosition) gone.push(entry.offset);
        else if (entry.position < position) old.push(entry);
        return ++seen < carrySlice;
      });
      if (seen === 0) return;
      for (const offset of gone) state.lost(offset);
      from = next;
      const records: Buffer[] = [];
      await entries.read(old, (entry, record, error) => {
        const { offset } = entry;
        if (error !== undefined) {
          isComplete = false;
          bundle.leave({ topic, queueId: state.queue.queueId, offset }, error);
        } else if (record === undefined) {
          logger.error({ topic, queueId: state.queue.queueId, offset }, 'the latest message of a key is damaged and is not carried over');
          state.lost(offset);
          // What was left behind may be what a tombstone removes.
        } else if (!isComplete || !this.#isBuried(state, entry, record)) records.push(Buffer.from(record));
      });
      for (const record of records) await bundle.add({ state, record });
      await this.#pause(0);
    }
  }
}

/** What the queue itself says of the message; undefined when it has none there, or does not know any more. */
function entryOf(queue: ConsumeQueue, offset: number): SparseEntry | undefined {
  const number = Math.floor(offset / entriesPerChunk);
  const slot = offset - number * entriesPerChunk;
  const chunk = offset < queue.minOffset ? undefined : queue.chunk(number);
  if (chunk === undefined || (slot + 1) * entryBytes > chunk.length || entrySize(chunk, slot) === 0) return undefined;
  return { offset, position: entryPosition(chunk, slot), size: entrySize(chunk, slot), tagsCode: entryTagsCode(chunk, slot) };
}

/** Collects records of any queues and appends them together. */
class Bundle {
  readonly #options: Pick<CompactorOptions, 'append' | 'bodyBytes' | 'logger'>;
  readonly #isCurrent: (state: CompactedQueue) => boolean;
  #records: Carried[] = [];
  #bytes = 0;
  #leftCount = 0;
  #left: { readonly value: UnreadableValue; readonly error: Error } | undefined;

  constructor(options: Pick<CompactorOptions, 'append' | 'bodyBytes' | 'logger'>, isCurrent: (state: CompactedQueue) => boolean) {
    this.#options = options;
    this.#isCurrent = isCurrent;
  }

  async add(carried: Carried): Promise<void> {
    if (this.#bytes + carried.record.length > this.#options.bodyBytes) await this.flush();
    this.#records.push(carried);
    this.#bytes += carried.record.length;
  }

  leave(value: UnreadableValue, error: Error): void {
    this.#leftCount++;
    this.#left ??= { value, error };
  }

  /** @throws UnreadableValues when something was left behind */
  checkComplete(): void {
    if (this.#left !== undefined) throw new UnreadableValues(this.#leftCount, this.#left.value, this.#left.error);
  }

  async flush(): Promise<void> {
    const { append, logger } = this.#options;
    const records = this.#records;
    this.#records = [];
    this.#bytes = 0;
    // What is appended now comes before any removal of its topic in the log.
    const current = records.filter(({ state }) => this.#isCurrent(state));
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
