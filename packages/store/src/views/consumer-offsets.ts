import { pack, unpack } from 'msgpackr';
import { KiteError, type KeyValueBatch, type KeyValueStore, type TimerHandle, type Timers } from '@kitemq/runtime';
import { bodyOf } from '../commit-log/record-format.ts';
import type { ConsumerOffsets } from '../message-store.ts';
import type { LogRecord } from './log-record.ts';
import { OffsetTable, type TopicOffsets } from './offset-table.ts';
import { readUint53, RowKey, RowKeyReader, writeUint53 } from './row-key.ts';
import { SystemTopic } from './system-topics.ts';
import type { SystemLog } from './system-log.ts';
import { KeyPrefix, type View } from './view.ts';

/** Most that a queue id with its offset takes in msgpack, and a group and topic besides their names. */
const offsetBytesMax = 14;
const namesOverheadMax = 32;

/** Longest group or topic name in UTF-8 bytes that fits a row's key. */
export const offsetNameBytesMax = 900;

/** Records of one flush that wait for the disk together. */
const recordsInFlightMax = 16;

/** A snapshot logs so many offsets, and lets others go on until they are durable. */
const snapshotOffsetsAtOnce = 5000;

/** First element of a body. `offsets`: then (group, topic, [queueId, offset, …]) repeated. `remove`: then group or null, topic or null. */
const kindOffsets = 1;
const kindRemove = 2;

const rowsStart = Buffer.of(KeyPrefix.consumerOffset);
const rowsEnd = Buffer.of(KeyPrefix.consumerOffset + 1);

/** Committed consumer offsets. A row per (group, topic, queue). */
export class ConsumerOffsetsView implements View, ConsumerOffsets {
  readonly name = 'consumerOffsets';
  readonly version = 1;
  readonly topics: readonly string[] = [SystemTopic.consumerOffsets];
  readonly #log: SystemLog;
  readonly #timers: Timers;
  readonly #flushIntervalMs: number;
  readonly #table = new OffsetTable();
  /** What commits changed since the last record. */
  readonly #unlogged = new Set<TopicOffsets>();
  #timer: TimerHandle | undefined;
  /** What removals that are on their way into the log took out of the table. */
  readonly #removing: TopicOffsets[][] = [];
  /** Rows that no checkpoint has, by key in latin1; undefined removes. */
  #dirty = new Map<string, number | undefined>();
  #stopped = false;

  constructor(log: SystemLog, timers: Timers, flushIntervalMs: number) {
    this.#log = log;
    this.#timers = timers;
    this.#flushIntervalMs = flushIntervalMs;
  }

  get(group: string, topic: string, queueId: number): number {
    return this.#table.find(group, topic)?.offsets.get(queueId) ?? -1;
  }

  commit(group: string, topic: string, queueId: number, offset: number): void {
    if (!Number.isSafeInteger(offset) || offset < 0) throw new KiteError('KITE_STORE_ARGUMENT', `A consumer offset is an integer from 0 to 2^53-1, not ${offset}`);
    const offsets = this.#table.find(group, topic) ?? this.#obtainChecked(group, topic);
    if (offsets.offsets.get(queueId) === offset) return;
    offsets.offsets.set(queueId, offset);
    offsets.unlogged.add(queueId);
    this.#unlogged.add(offsets);
    this.#arm();
  }

  topicsOf(group: string): string[] {
    return this.#table.topicsOf(group);
  }

  groupsOf(topic: string): string[] {
    return this.#table.groupsOf(topic);
  }

  ofQueue(group: string, topic: string): ReadonlyMap<number, number> {
    return this.#table.find(group, topic)?.offsets ?? new Map<number, number>();
  }

  removeGroup(group: string): Promise<void> {
    return this.#remove(group, null);
  }

  removeTopic(topic: string): Promise<void> {
    return this.#remove(null, topic);
  }

  async flush(): Promise<void> {
    this.#timers.clear(this.#timer);
    this.#timer = undefined;
    try {
      await this.#writeRecords();
    } finally {
      this.#arm();
    }
  }

  /** Ends the flush timer. */
  stop(): void {
    this.#stopped = true;
    this.#timers.clear(this.#timer);
  }

  /**
   * After recovery: an offset beyond the end of its queue belongs to messages that were lost with the power. It is set to the end, and logged,
   * so that the group gets what comes there next. Returns how many there were.
   */
  limit(endOf: (topic: string, queueId: number) => number): number {
    let count = 0;
    for (const offsets of this.#table.all()) {
      for (const [queueId, offset] of offsets.offsets) {
        const end = endOf(offsets.topic, queueId);
        if (offset <= end) continue;
        offsets.offsets.set(queueId, end);
        offsets.unlogged.add(queueId);
        this.#unlogged.add(offsets);
        count++;
      }
    }
    this.#arm();
    return count;
  }

  load(rows: KeyValueStore): void {
    rows.range(rowsStart, rowsEnd, (key, value) => {
      const reader = new RowKeyReader(key);
      const offsets = this.#table.obtain(reader.text(), reader.text());
      offsets.offsets.set(reader.uint32(), readUint53(Buffer.from(value.buffer, value.byteOffset, value.byteLength), 0));
    });
  }

  apply(record: LogRecord): void {
    const body = unpack(bodyOf(record.bytes())) as unknown[];
    if (body[0] === kindRemove) {
      const removed = record.live ? this.#removing.shift() : this.#table.remove(body[1] as string | null, body[2] as string | null);
      for (const { group, topic, offsets } of removed ?? []) for (const queueId of offsets.keys()) this.#dirty.set(rowKey(group, topic, queueId), undefined);
    }
    if (body[0] !== kindOffsets) return;
    for (let index = 1; index + 2 < body.length; index += 3) {
      const [group, topic, pairs] = [body[index] as string, body[index + 1] as string, body[index + 2] as number[]];
      const offsets = record.live ? undefined : this.#table.obtain(group, topic);
      for (let pair = 0; pair + 1 < pairs.length; pair += 2) {
        const queueId = pairs[pair] as number;
        const offset = pairs[pair + 1] as number;
        // A live record repeats what memory has, or is older than it.
        offsets?.offsets.set(queueId, offset);
        this.#dirty.set(rowKey(group, topic, queueId), offset);
      }
    }
  }

  checkpoint(batch: KeyValueBatch): void {
    const value = Buffer.alloc(8);
    for (const [key, offset] of this.#dirty) {
      if (offset === undefined) batch.remove(Buffer.from(key, 'latin1'));
      else {
        writeUint53(value, 0, offset);
        batch.put(Buffer.from(key, 'latin1'), value);
      }
    }
    this.#dirty = new Map();
  }

  checkpointed(): void {}

  /** All offsets as if they had just changed, through the usual records. */
  async snapshot(): Promise<void> {
    let marked = 0;
    for (const offsets of this.#table.all()) {
      for (const queueId of offsets.offsets.keys()) offsets.unlogged.add(queueId);
      this.#unlogged.add(offsets);
      marked += offsets.offsets.size;
      if (marked < snapshotOffsetsAtOnce) continue;
      marked = 0;
      await this.flush();
    }
    await this.flush();
  }

  #obtainChecked(group: string, topic: string): TopicOffsets {
    if (Buffer.byteLength(group) > offsetNameBytesMax || Buffer.byteLength(topic) > offsetNameBytesMax) {
      throw new KiteError('KITE_STORE_ARGUMENT', `Group and topic names are at most ${offsetNameBytesMax} bytes long`);
    }
    return this.#table.obtain(group, topic);
  }

  #arm(): void {
    if (this.#timer !== undefined || this.#stopped || this.#unlogged.size === 0) return;
    this.#timer = this.#timers.setTimeout(() => {
      this.#timer = undefined;
      // What failed stays unlogged and is tried again with the next interval; the store has logged why.
      this.#writeRecords().catch(() => undefined).finally(() => this.#arm());
    }, this.#flushIntervalMs);
  }

  async #writeRecords(): Promise<void> {
    const durable: Promise<void>[] = [];
    while (this.#unlogged.size > 0) {
      const taken: [offsets: TopicOffsets, queueIds: number[]][] = [];
      const body: unknown[] = [kindOffsets];
      let room = this.#log.bodyBytesMax;
      for (const offsets of this.#unlogged) {
        room -= namesOverheadMax + Buffer.byteLength(offsets.group) + Buffer.byteLength(offsets.topic);
        const count = Math.floor(room / offsetBytesMax);
        if (count <= 0) break;
        const queueIds = [...offsets.unlogged].slice(0, count);
        taken.push([offsets, queueIds]);
        body.push(offsets.group, offsets.topic, queueIds.flatMap((queueId) => [queueId, offsets.offsets.get(queueId) as number]));
        room -= queueIds.length * offsetBytesMax;
        for (const queueId of queueIds) offsets.unlogged.delete(queueId);
        if (offsets.unlogged.size === 0) this.#unlogged.delete(offsets);
      }
      durable.push(this.#append(body).catch((error: unknown) => this.#giveBack(taken, error)));
      if (durable.length >= recordsInFlightMax) await Promise.all(durable.splice(0));
    }
    // Also what an earlier interval wrote must be durable when this resolves.
    durable.push(this.#log.flush());
    await Promise.all(durable);
  }

  #giveBack(taken: readonly [TopicOffsets, number[]][], error: unknown): never {
    for (const [offsets, queueIds] of taken) {
      if (this.#table.find(offsets.group, offsets.topic) !== offsets) continue;
      for (const queueId of queueIds) offsets.unlogged.add(queueId);
      this.#unlogged.add(offsets);
    }
    throw error;
  }

  async #append(body: readonly unknown[]): Promise<void> {
    await this.#log.append(SystemTopic.consumerOffsets, pack(body));
  }

  async #remove(group: string | null, topic: string | null): Promise<void> {
    const removed = this.#table.remove(group, topic);
    for (const offsets of removed) this.#unlogged.delete(offsets);
    this.#removing.push(removed);
    try {
      await this.#append([kindRemove, group, topic]);
    } catch (error) {
      const index = this.#removing.indexOf(removed);
      if (index >= 0) this.#removing.splice(index, 1);
      this.#putBack(removed);
      throw error;
    }
  }

  /** Whatever was not committed again since. What of it is in the log is not known here: all of it is logged again. */
  #putBack(removed: readonly TopicOffsets[]): void {
    for (const { group, topic, offsets } of removed) {
      const now = this.#table.obtain(group, topic);
      for (const [queueId, offset] of offsets) {
        if (now.offsets.has(queueId)) continue;
        now.offsets.set(queueId, offset);
        now.unlogged.add(queueId);
      }
      if (now.unlogged.size > 0) this.#unlogged.add(now);
    }
    this.#arm();
  }
}

function rowKey(group: string, topic: string, queueId: number): string {
  return new RowKey(KeyPrefix.consumerOffset).text(group).text(topic).uint32(queueId).bytes().toString('latin1');
}
