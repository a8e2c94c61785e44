import type { KeyValueBatch, KeyValueStore, Logger } from '@kitemq/runtime';
import { packMark, type CheckpointMark } from '../checkpoint/checkpoint-mark.ts';
import type { LogRecord } from './log-record.ts';
import type { SystemLog } from './system-log.ts';
import type { View } from './view.ts';

/** All views of a store. */
export class ViewSet {
  readonly #logger: Logger;
  readonly #views: View[] = [];
  readonly #general: View[] = [];
  readonly #byTopic = new Map<string, View[]>();
  /** The record applied last, for the checkpoint's mark. */
  lastRecord = -1;
  lastStoreTimestamp = 0;
  lastSize = 0;

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  /** Log position behind the record applied last. */
  get position(): number {
    return this.lastRecord < 0 ? 0 : this.lastRecord + this.lastSize;
  }

  add(view: View): void {
    this.#views.push(view);
    if (view.topics === undefined) this.#general.push(view);
    for (const topic of view.topics ?? []) {
      const views = this.#byTopic.get(topic);
      if (views === undefined) this.#byTopic.set(topic, [view]);
      else views.push(view);
    }
  }

  /** Versions by name. */
  get versions(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#views.map((view) => [view.name, view.version]));
  }

  /** The views that want the records of just this topic. */
  readonly viewsOf = (topic: string): readonly View[] => this.#byTopic.get(topic) ?? [];

  /** Takes over a checkpoint; without `mark` the rows must be empty. */
  load(rows: KeyValueStore, mark: CheckpointMark | undefined): void {
    this.lastRecord = mark?.lastRecord ?? -1;
    this.lastStoreTimestamp = mark?.lastStoreTimestamp ?? 0;
    this.lastSize = mark?.lastSize ?? 0;
    for (const view of this.#views) view.load(rows);
  }

  apply(record: LogRecord): void {
    for (const view of this.#general) this.#applyTo(view, record);
    const views = record.queue === undefined ? this.viewsOf(record.topic) : record.queue.topicQueues.views;
    for (const view of views) this.#applyTo(view, record);
    this.lastRecord = record.position;
    this.lastStoreTimestamp = record.storeTimestamp;
    this.lastSize = record.size;
  }

  /** Puts what changed since the last call, and the mark that says up to where. */
  checkpoint(batch: KeyValueBatch): void {
    for (const view of this.#views) view.checkpoint(batch);
    const { position, lastRecord, lastStoreTimestamp, lastSize, versions } = this;
    const mark = packMark({ position, lastRecord, lastStoreTimestamp, lastSize, views: versions });
    batch.put(mark.key, mark.value);
  }

  checkpointed(): void {
    for (const view of this.#views) view.checkpointed();
  }

  /** Tells the views that the log's beginning is gone. */
  trim(minPosition: number): void {
    for (const view of this.#views) view.trim?.(minPosition);
  }

  /** Has every view append again what must outlive the log up to here; resolves when that is durable. */
  async snapshot(log: SystemLog): Promise<void> {
    for (const view of this.#views) await view.snapshot?.(log);
    // What was left out because its removal was on its way: should that fail, this fails too.
    await log.flush();
  }

  #applyTo(view: View, record: LogRecord): void {
    try {
      view.apply(record);
    } catch (error) {
      this.#logger.error({ error, view: view.name, position: record.position, topic: record.topic }, 'a view cannot understand a record and goes on without it');
    }
  }
}
