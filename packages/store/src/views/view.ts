import type { KeyValueBatch, KeyValueStore } from '@kitemq/runtime';
import type { LogRecord } from './log-record.ts';
import type { SystemLog } from './system-log.ts';

/** What checkpoints are read from; it can be told that a row is missing that has to be there. */
export type ViewRows = KeyValueStore & { noteDamage?(key: Uint8Array): void };

/**
 * A fold over the log. The store calls `apply` once for every record, in log order, whether the record was appended here or is replayed at
 * start-up, so what a view holds is a function of the log alone. To add one: implement this, give it a name and a key prefix nobody has,
 * and list it in `create-views.ts`; a store that was checkpointed without it replays its whole log once.
 *
 * - `load` is called once, before any `apply`, with the last checkpoint (empty on a first start).
 * - `apply` must not fail: a record it does not understand is ignored (and logged). It sees records when the promise of the flush mode is kept.
 * - `checkpoint` puts what changed since the last call; the store adds the log position and commits both in one transaction,
 *   never before the log is durable up to there. Until `checkpointed`, reads must still find what was put in memory.
 *   A batch that failed is tried again by the store, before any newer one.
 */
export interface View {
  readonly name: string;
  /** Raised when the meaning of its rows changes: checkpoints of another version are thrown away and rebuilt. */
  readonly version: number;
  /** The topics whose records it wants; undefined for all. */
  readonly topics: readonly string[] | undefined;
  load(rows: ViewRows): void;
  apply(record: LogRecord): void;
  checkpoint(batch: KeyValueBatch): void;
  checkpointed(): void;
  /** The log has nothing before `minPosition` any more: what refers to it may be forgotten, in memory now and in the rows with the next checkpoint. */
  trim?(minPosition: number): void;
  /**
   * Appends again, as ordinary records, all that must outlive the records it came from: after that the log may lose everything that was in it
   * when the call began, and a replay of the rest still gives this state. What a record says is read in the turn in which it is appended, else it could
   * contradict a newer record before it. Called rarely, before the log's first files are deleted.
   */
  snapshot?(log: SystemLog): Promise<void>;
}

/** Records of snapshots are not larger than they must be: each is made in one turn of the event loop. */
export const snapshotBodyBytesMax: number = 32 * 1024;

/** First byte of each view's keys. 0x01 is the store's own row. */
export const KeyPrefix = {
  meta: 0x01,
  queue: 0x10,
  queueChunk: 0x11,
  consumerOffset: 0x20,
  setting: 0x30,
  keyOpen: 0x40,
  keyJournal: 0x41,
  keyRun: 0x42,
  keyBucket: 0x43,
  compactedQueue: 0x50,
  compactedChunk: 0x51,
  compactedKey: 0x52,
} as const;
