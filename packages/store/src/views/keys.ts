import type { KeyValueBatch, KeyValueStore } from '@kitemq/runtime';
import { KeyHasher, type HashSink } from './key-hash.ts';
import { KeyIndex, type KeySource } from './key-index.ts';
import { keyPartEntriesMax, placedKeys, timedKeys, type KeyPart } from './key-part.ts';
import { KeyStage } from './key-stage.ts';
import type { LogRecord } from './log-record.ts';
import type { View } from './view.ts';

/** Where a record is, and since when. */
interface IndexedRecord {
  readonly position: number;
  readonly storeTimestamp: number;
}

/**
 * Where messages are by unique key, KEYS and TAGS. Those that compaction carried over are indexed by themselves: they are as old as they were, so their
 * place in the log says nothing of their time.
 */
export class KeyView implements View, HashSink {
  readonly name = 'keys';
  readonly version = 2;
  readonly topics = undefined;
  readonly #hasher = new KeyHasher(this);
  readonly #stage = new KeyStage();
  readonly #stageHasher = new KeyHasher(this.#stage);
  readonly #appended: KeyIndex;
  readonly #carried: KeyIndex;
  // Where a hash goes.
  #part: KeyPart;
  #position = 0;
  #storeTimestamp = 0;

  constructor(partEntriesMax: number = keyPartEntriesMax) {
    this.#appended = new KeyIndex(placedKeys, partEntriesMax);
    this.#carried = new KeyIndex(timedKeys, partEntriesMax);
    this.#part = this.#appended.partFor(0);
  }

  /** Entries that no checkpoint has. */
  get dirtyEntries(): number {
    return this.#appended.dirtyEntries + this.#carried.dirtyEntries;
  }

  /** Entries in all. */
  get entries(): number {
    return this.#appended.entries + this.#carried.entries;
  }

  load(rows: KeyValueStore): void {
    this.#appended.load(rows);
    this.#carried.load(rows);
  }

  apply(record: LogRecord): void {
    const { position, keyCount } = record;
    if (keyCount < 0) return this.#add(this.#appended, record.block, record.blockOffset, record);
    if (keyCount === 0) return;
    const part = this.#appended.partFor(position);
    for (let count = keyCount; count > 0; count--) part.add(this.#stage.take(), position);
    part.ended(position, record.storeTimestamp);
  }

  /** Indexes a record that was carried over, which lies at `offset`; positions must not fall from call to call. */
  addCarried(bytes: Uint8Array, offset: number, record: IndexedRecord): void {
    this.#add(this.#carried, bytes, offset, record);
  }

  /**
   * Hashes the keys of a record that is being appended: the property string in [start, end), of a topic with this hash. Returns how many there are, for
   * {@link LogRecord.keyCount} when it is applied; -1 when too many wait.
   */
  stage(bytes: Uint8Array, start: number, end: number, topicHash: number): number {
    const stage = this.#stage;
    if (stage.isFull) return -1;
    const before = stage.count;
    this.#stageHasher.hashProperties(bytes, start, end, topicHash);
    return stage.count - before;
  }

  /** The newest staged record did not get into the log. */
  unstage(keyCount: number): void {
    if (keyCount > 0) this.#stage.drop(keyCount);
  }

  addHash(hash: number): void {
    this.#part.add(hash, this.#position, this.#storeTimestamp);
  }

  checkpoint(batch: KeyValueBatch): void {
    this.#appended.checkpoint(batch);
    this.#carried.checkpoint(batch);
  }

  checkpointed(): void {
    this.#appended.checkpointed();
    this.#carried.checkpointed();
  }

  trim(minPosition: number): void {
    this.#appended.trim(minPosition);
    this.#carried.trim(minPosition);
  }

  /** What there is of messages where they were appended, newest first: by log position, and by store time as far as the clock rose. */
  sources(): KeySource[] {
    return this.#appended.sources();
  }

  /** What there is of messages that were carried over, with their store times. */
  carriedSources(): KeySource[] {
    return this.#carried.sources();
  }

  #add(index: KeyIndex, bytes: Uint8Array, offset: number, { position, storeTimestamp }: IndexedRecord): void {
    const part = index.partFor(position);
    const before = part.count;
    this.#part = part;
    this.#position = position;
    this.#storeTimestamp = storeTimestamp;
    this.#hasher.hash(bytes, offset);
    if (part.count !== before) part.ended(position, storeTimestamp);
  }
}
