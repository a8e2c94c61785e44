import { pack } from 'msgpackr';
import { KiteError, type DiskLock, type OpenKeyValueStore } from '@kitemq/runtime';
import { encodeHost } from '@kitemq/protocol';
import * as contract from './message-store.ts';
import { TailSubscriptions } from './read/tail-subscription.ts';
import { offsetByTime } from './read/time-search.ts';
import type { RecoveryReport } from './recovery-report.ts';
import { lockStore, startUp, storePaths } from './recovery/start-up.ts';
import { startError } from './store-errors.ts';
import { resolveOptions, type ResolvedStoreOptions, type StoreOptions } from './store-options.ts';
import { assembleParts, recordOverheadMin, type OpenParts, type PartsOwner } from './store-parts.ts';
import { createViews, type StoreViews } from './store-views.ts';
import { LogRecord } from './views/log-record.ts';
import { queueBeginCommand, queueForgetCommand, queueRenewCommand, removeTopicCommand } from './views/queue-commands.ts';
import type { SystemLog } from './views/system-log.ts';
import { isStoreTopic, SystemTopic } from './views/system-topics.ts';

/** Bodies of the store's own records, where there is a choice. */
const ownBodyBytesUsual: number = 256 * 1024;

/** The storage engine: a commit log in Apache's layout, and views folded from it. See {@link contract.MessageStore}. */
export class LogStore implements contract.MessageStore {
  readonly #options: ResolvedStoreOptions;
  readonly #listeners: contract.ArrivalListener[] = [];
  readonly #trimListeners: contract.TrimListener[] = [];
  readonly #systemLog: SystemLog;
  readonly #tails: TailSubscriptions = new TailSubscriptions(this);
  #views: StoreViews;
  #parts: OpenParts | undefined;
  #starting: Promise<RecoveryReport> | undefined;
  #stopping: Promise<void> | undefined;
  #failure: Error | undefined;

  constructor(options: StoreOptions) {
    this.#options = resolveOptions(options);
    this.#systemLog = {
      bodyBytesMax: Math.min(ownBodyBytesUsual, this.#options.segmentBytes - recordOverheadMin),
      append: (topic, body) => this.#appendSystem(topic, body),
      flush: () => {
        const { commit, log } = this.#open();
        return new Promise((resolve, reject) => commit.whenFlushed(log.appended, (error) => (error === undefined ? resolve() : reject(error))));
      },
    };
    this.#views = this.#createViews();
  }

  start(): Promise<RecoveryReport> {
    this.#starting ??= this.#start();
    return this.#starting;
  }

  shutdown(): Promise<void> {
    this.#stopping ??= this.#shutdown();
    return this.#stopping;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.shutdown();
  }

  append(message: contract.MessageToAppend, completion: contract.AppendCompletion): contract.AppendStatus {
    return this.#parts === undefined ? contract.AppendStatus.unavailable : this.#parts.appender.append(message, completion);
  }

  appendBatch(messages: readonly contract.MessageToAppend[], completion: contract.AppendCompletion): contract.AppendStatus {
    return this.#parts === undefined ? contract.AppendStatus.unavailable : this.#parts.appender.appendBatch(messages, completion);
  }

  read(query: contract.ReadQuery, completion: contract.ReadCompletion): void {
    this.#open().reader.read(query, completion);
  }

  async recordAt(physicalOffset: number): Promise<Uint8Array | undefined> {
    const { records, commit } = this.#open();
    return records.recordAt(physicalOffset, commit.visible);
  }

  async queryByKey(query: contract.KeyQuery): Promise<contract.KeyQueryResult> {
    const { keys } = this.#open();
    return keys === undefined ? { records: [], lastPosition: -1, lastTime: 0 } : keys.query(query);
  }

  subscribe(query: contract.TailQuery): AsyncIterable<Uint8Array> {
    return this.#tails.subscribe(query);
  }

  minOffset(topic: string, queueId: number): number {
    const queue = this.#views.queues.find(topic, queueId);
    return queue?.compacted?.minOffset ?? queue?.minOffset ?? 0;
  }

  maxOffset(topic: string, queueId: number, committed = true): number {
    const queue = this.#views.queues.find(topic, queueId);
    if (queue === undefined) return 0;
    return committed ? queue.visible : queue.next;
  }

  async offsetByTime(topic: string, queueId: number, timestamp: number, boundary: contract.TimeBoundary): Promise<number> {
    const queue = this.#views.queues.find(topic, queueId);
    return queue === undefined ? 0 : offsetByTime(queue, this.#open().records, timestamp, boundary);
  }

  async storeTimeAt(topic: string, queueId: number, offset: number): Promise<number> {
    const queue = this.#views.queues.find(topic, queueId);
    return queue === undefined ? -1 : this.#open().records.storeTimeAt(queue, offset);
  }

  async earliestStoreTime(topic?: string, queueId?: number): Promise<number> {
    if (topic !== undefined && queueId !== undefined) return this.storeTimeAt(topic, queueId, this.minOffset(topic, queueId));
    const { records, log, commit } = this.#open();
    return log.minPosition >= commit.visible ? -1 : records.storeTimeOf(log.minPosition);
  }

  *queues(topic?: string): Iterable<contract.QueueId> {
    for (const queue of this.#views.queues.list(topic)) yield { topic: queue.topicQueues.topic, queueId: queue.queueId };
  }

  async removeTopic(topic: string): Promise<void> {
    if (isStoreTopic(topic)) throw new KiteError('KITE_STORE_ARGUMENT', `${topic} holds the store's own records and cannot be removed`);
    const { queues } = this.#views;
    // An earlier removal may be on its way: it is done when that is durable.
    if (!queues.has(topic)) return this.#systemLog.flush();
    const { removedTopics } = this.#open().appender;
    queues.detach(topic);
    removedTopics.add(topic);
    try {
      await this.#appendSystem(SystemTopic.queues, pack(removeTopicCommand(topic)), {
        undo: () => {
          queues.reattach(topic);
          removedTopics.delete(topic);
        },
      });
    } finally {
      removedTopics.delete(topic);
    }
  }

  /** Logs that the queue, of which the log has no messages, goes on at offset `next`; resolves when that is durable. */
  async beginQueue(topic: string, queueId: number, next: number): Promise<void> {
    return this.#appendSystem(SystemTopic.queues, pack(queueBeginCommand(topic, queueId, next)));
  }

  /** Logs that the queue began again with its last record, when that had offset 0: see {@link queueRenewCommand}. */
  async renewQueue(topic: string, queueId: number): Promise<void> {
    return this.#appendSystem(SystemTopic.queues, pack(queueRenewCommand(topic, queueId)));
  }

  compact(): Promise<void> {
    return this.#open().compactor.compact();
  }

  /** Logs that what the log has of the queue belongs to a topic that was deleted: it is empty and begins at 0. */
  async forgetQueue(topic: string, queueId: number): Promise<void> {
    return this.#appendSystem(SystemTopic.queues, pack(queueForgetCommand(topic, queueId)));
  }

  get settings(): contract.Settings {
    return this.#views.settings;
  }

  get consumerOffsets(): contract.ConsumerOffsets {
    return this.#views.consumerOffsets;
  }

  clean(policy: contract.RetentionPolicy): Promise<contract.CleanReport> {
    return this.#open().cleaner.run(policy);
  }

  beforeTrim(listener: contract.TrimListener): void {
    this.#trimListeners.push(listener);
  }

  onArrival(listener: contract.ArrivalListener): void {
    this.#listeners.push(listener);
  }

  get minPosition(): number {
    return this.#parts?.log.minPosition ?? 0;
  }

  get maxPosition(): number {
    return this.#parts?.log.written ?? 0;
  }

  get flushedPosition(): number {
    return this.#parts?.log.flushed ?? 0;
  }

  get failure(): Error | undefined {
    return this.#failure;
  }

  async #start(): Promise<RecoveryReport> {
    const options = this.#options;
    let lock: DiskLock | undefined;
    try {
      const storeHost = encodeHost(options.storeHost.address, options.storeHost.port);
      lock = lockStore(options);
      // LMDB is native code: those who bring another checkpoint store must not need it.
      const openKeyValue: OpenKeyValueStore = options.openKeyValue ?? (await import('./checkpoint/lmdb-key-value.ts')).lmdbKeyValueStores(options.runtime.disk);
      const started = await startUp({ options, openKeyValue, createViews: () => this.#createViews(), isStopped: () => this.#stopping !== undefined });
      this.#views = started.views;
      this.#parts = assembleParts(this.#owner(), lock, started, storeHost);
      this.#parts.checkpointer.applied();
      this.#parts.compactor.start();
      // Else the log would still have the old ones after the next crash, when the queues have grown beyond them: messages would be skipped.
      if (started.offsetsLimited) await this.#views.consumerOffsets.flush();
      return started.report;
    } catch (error) {
      if (this.#parts !== undefined) await this.#abandon(this.#parts);
      lock?.release();
      throw startError(options.path, error);
    }
  }

  #owner(): PartsOwner {
    return {
      options: this.#options,
      systemLog: this.#systemLog,
      trimListeners: this.#trimListeners,
      open: () => this.#open(),
      announce: (record) => this.#announce(record),
      failed: (error) => this.#failed(error),
      append: (topic, body, place) => this.#appendSystem(topic, body, { place }),
    };
  }

  #announce(record: LogRecord): void {
    for (const listener of this.#listeners) {
      try {
        listener(record.topic, record.queueId, record.queueOffset, record.tagsCode);
      } catch (error) {
        this.#options.logger.error({ error, topic: record.topic }, 'an arrival listener threw');
      }
    }
  }

  #failed(error: Error): void {
    this.#failure = error;
    this.#open().appender.refusal = contract.AppendStatus.unavailable;
    this.#options.logger.error({ error }, 'the store failed: what is durable can still be read; check the disk, then restart');
  }

  async #shutdown(): Promise<void> {
    await this.#starting?.catch(() => undefined);
    const parts = this.#parts;
    if (parts === undefined) return;
    const { disk } = this.#options.runtime;
    this.#tails.close();
    this.#views.consumerOffsets.stop();
    parts.appender.isClosing = true;
    await parts.compactor.stop();
    await this.#lastOffsets(parts);
    parts.appender.refusal = contract.AppendStatus.unavailable;
    parts.space.stop();
    await parts.cleaner.stop();
    const flushError = await new Promise<Error | undefined>((resolve) => parts.commit.whenFlushed(parts.log.appended, resolve));
    parts.commit.stop();
    await parts.checkpointer.stop();
    let isClean = flushError === undefined;
    try {
      if (isClean) await parts.checkpointer.finish();
    } catch (error) {
      isClean = false;
      this.#options.logger.warn({ error }, 'the last checkpoint could not be written; the next start replays the log');
    }
    parts.cold.stop();
    await parts.rows.close().catch(() => undefined);
    try {
      parts.log.close(isClean);
      if (isClean) {
        disk.removeSync(storePaths(this.#options.path).abort);
        disk.syncDirectorySync(this.#options.path);
      }
    } catch (error) {
      this.#options.logger.warn({ error }, 'the store could not be closed in order; the next start looks at it more closely');
    }
    this.#parts = undefined;
    parts.lock.release();
  }

  /** Ends a start that failed when everything was open already. */
  async #abandon(parts: OpenParts): Promise<void> {
    this.#parts = undefined;
    this.#views.consumerOffsets.stop();
    parts.space.stop();
    await parts.compactor.stop();
    await parts.checkpointer.stop();
    parts.commit.stop();
    parts.cold.stop();
    await parts.rows.close().catch(() => undefined);
    parts.log.close(false);
  }

  #createViews(): StoreViews {
    return createViews(this.#options, this.#systemLog);
  }

  /** Logs the consumer offsets that are not in the log yet; messages that wait for the disk go first, so that there is room. */
  async #lastOffsets({ commit, log }: OpenParts): Promise<void> {
    try {
      await new Promise<Error | undefined>((resolve) => commit.whenFlushed(log.appended, resolve));
      await this.#views.consumerOffsets.flush();
    } catch (error) {
      this.#options.logger.warn({ error }, 'the last consumer offsets could not be logged: their groups get some messages again');
    }
  }

  /**
   * Appends one of the store's own records; resolves when it is durable and applied. A refusal is thrown at once. When it does not get into the log,
   * `undo` is called before anybody else can append.
   */
  #appendSystem(topic: string, body: Uint8Array, { place, undo }: { place?: ((bodyPosition: number) => void) | undefined; undo?: () => void } = {}): Promise<void> {
    const { appender, commit, log } = this.#open();
    const status = appender.appendOwn(topic, body, place);
    if (status !== contract.AppendStatus.accepted) {
      undo?.();
      throw this.#refused(status);
    }
    return new Promise((resolve, reject) => {
      commit.whenFlushed(log.appended, (error) => {
        if (error === undefined) return resolve();
        undo?.();
        reject(error);
      });
    });
  }

  #refused(status: contract.AppendStatus): KiteError {
    switch (status) {
      case contract.AppendStatus.diskFull:
        return new KiteError('KITE_STORE_NO_SPACE', `The disk that holds ${this.#options.path} is full; free some space and try again`, { retryable: true });
      case contract.AppendStatus.busy:
        return new KiteError('KITE_STORE_BUSY', 'Too much is waiting for the disk; try again', { retryable: true });
      case contract.AppendStatus.messageIllegal:
        return new KiteError('KITE_STORE_ARGUMENT', 'The value is too large for a record of the log');
      default:
        return new KiteError('KITE_STORE_UNAVAILABLE', 'The store is not open', { cause: this.#failure });
    }
  }

  #open(): OpenParts {
    if (this.#parts === undefined) throw new KiteError('KITE_STORE_UNAVAILABLE', 'The store is not open: call start() first, and nothing after shutdown()');
    return this.#parts;
  }
}

/** A store in the folder `options.path`, not started yet. @throws KiteError `KITE_STORE_OPTIONS` */
export function openStore(options: StoreOptions): contract.MessageStore {
  return new LogStore(options);
}
