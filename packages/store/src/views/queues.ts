import { unpack } from 'msgpackr';
import { RecordLimits } from '@kitemq/protocol';
import type { KeyValueBatch, Logger } from '@kitemq/runtime';
import { bodyOf } from '../commit-log/record-format.ts';
import { ChunkCache } from './chunk-cache.ts';
import type { ConsumeQueue, QueueOwner } from './consume-queue.ts';
import type { LogRecord } from './log-record.ts';
import { readQueueCommand, type QueueState } from './queue-commands.ts';
import { entriesPerChunk } from './queue-entry.ts';
import { logQueueStates } from './queue-states.ts';
import { RowKey, RowKeyReader, uint32At, uint53At, writeUint53 } from './row-key.ts';
import type { SystemLog } from './system-log.ts';
import { SystemTopic } from './system-topics.ts';
import type { TopicQueues } from './topic-queues.ts';
import { TopicTable } from './topic-table.ts';
import { KeyPrefix, type View, type ViewRows } from './view.ts';

const rowBytes = 20;
/** With messages in more queues than this between two checkpoints, only what is new of the chunks being filled stays in memory (else up to 4 060 bytes each). */
const wholeChunksMax = 4096;
/** Prefix, length of the topic, queue id. */
const keyBytesBesideTopic = 7;

/** A larger gap in a queue's offsets than this, beyond what lost log bytes explain, is taken for a wrong offset. */
const gapSlack = 1024;

/** Queues whose smallest offset is looked for in one turn of the event loop. */
const settledPerTurn = 200;

/** A record that stands where its queue began again. */
interface NewBeginning {
  readonly position: number;
  readonly size: number;
  readonly tagsCode: number;
  readonly count: number;
}

/**
 * The consume queues. Rows: one per queue (topic, queue id → number, min and next offset), one per chunk (queue number, chunk number → entries).
 * A topic that was removed and written again gets new queue numbers, so old chunks can never show up in it.
 */
export class QueueView implements View, QueueOwner {
  readonly name = 'queues';
  readonly version = 1;
  readonly topics = undefined;
  readonly #logger: Logger;
  readonly #topics: TopicTable;
  readonly #chunkKey: Buffer = Buffer.alloc(9, KeyPrefix.queueChunk);
  readonly #rowKey: Buffer = Buffer.alloc(keyBytesBesideTopic + 255);
  readonly #chunks = new ChunkCache();
  #rows: ViewRows | undefined;
  #nextId = 0;
  /** How many messages a queue can miss: some whose heads are wrong, and those that were in lost parts of the log. */
  #gapMax = gapSlack;
  #mayBeginLate = false;
  /** Queues whose last record had offset 0 again: of a topic that Apache deleted and made again, or a damaged head. The next record tells. */
  readonly #beginnings = new Map<ConsumeQueue, NewBeginning>();
  #dirty: ConsumeQueue[] = [];
  /** Of queues whose smallest offset moved: the first chunk that the rows may still have. */
  readonly #trimmedFrom = new Map<ConsumeQueue, number>();
  #removedIds: number[] = [];
  #removedRows: Buffer[] = [];
  #capturedQueues: ConsumeQueue[] = [];
  #capturedVisible: number[] = [];
  /** Entries that no checkpoint has. */
  dirtyEntries = 0;
  logBegin = 0;

  constructor(logger: Logger, viewsOf: (topic: string) => readonly View[]) {
    this.#logger = logger;
    this.#topics = new TopicTable(this, viewsOf);
  }

  has(topic: string): boolean {
    return this.#topics.has(topic);
  }

  find(topic: string, queueId: number): ConsumeQueue | undefined {
    return this.#topics.find(topic, queueId);
  }

  /** The queue that a record means while it is applied: what is being removed is still there at that place of the log. */
  findApplied(topic: string, queueId: number): ConsumeQueue | undefined {
    return this.#topics.findApplied(topic, queueId);
  }

  /** False when its topic was removed, or is being removed: whoever holds it may do nothing for it any more. */
  isCurrent(queue: ConsumeQueue): boolean {
    return this.find(queue.topicQueues.topic, queue.queueId) === queue;
  }

  /** The queue, made if it is new. */
  obtain(topic: string, queueId: number): ConsumeQueue {
    return this.#topics.obtainQueue(this.#topics.obtain(topic), queueId);
  }

  /** Queues consumers can see, of one topic or of all that are not the store's own. */
  list(topic?: string): Iterable<ConsumeQueue> {
    return this.#topics.list(topic);
  }

  /** Takes the topic's queues out of sight while the command that removes them is on its way; what is appended next begins at 0. */
  detach(topic: string): void {
    this.#topics.detach(topic);
  }

  /** The command did not get into the log: the queues come back. */
  reattach(topic: string): void {
    this.#topics.reattach(topic);
  }

  /** True while the command that removes the topic's queues is on its way. */
  isBeingRemoved(topic: string): boolean {
    return this.#topics.isBeingRemoved(topic);
  }

  /** The queue has had a message at `offset`, whatever else the log still has of it. */
  endsBehind(queue: ConsumeQueue, offset: number): void {
    if (queue.visible <= offset) this.#applyBegin(queue, offset + 1);
  }

  load(rows: ViewRows): void {
    this.#rows = rows;
    // 100 000 of them in one turn: nothing is made per row but the queue. Those of a topic follow each other.
    let topicQueues: TopicQueues | undefined;
    rows.range(Buffer.of(KeyPrefix.queue), Buffer.of(KeyPrefix.queue + 1), (key, row) => {
      if (topicQueues === undefined || !isOfTopic(key, topicQueues.bytes)) topicQueues = this.#topics.obtain(new RowKeyReader(key).text());
      const queue = this.#topics.obtainQueue(topicQueues, uint32At(key, key.length - 4));
      queue.id = uint32At(row, 0);
      queue.begin(uint53At(row, 4), uint53At(row, 12));
      queue.next = queue.visible;
      this.#nextId = Math.max(this.#nextId, queue.id + 1);
    });
  }

  apply(record: LogRecord): void {
    if (record.topic === SystemTopic.queues) this.#applyCommand(record);
    if (record.queueOffset < 0) return;
    let queue = record.queue ?? this.obtain(record.topic, record.queueId);
    if (this.#beginnings.size > 0) queue = this.#begunAgain(queue, record);
    if (queue.id < 0) queue.id = this.#nextId++;
    if (!this.#place(queue, record)) return;
    this.dirtyEntries += record.count;
    this.#markDirty(queue);
  }

  checkpoint(batch: KeyValueBatch): void {
    for (const key of this.#removedRows) batch.remove(key);
    for (const id of this.#removedIds) batch.removeRange(new RowKey(KeyPrefix.queueChunk).uint32(id).bytes(), new RowKey(KeyPrefix.queueChunk).uint32(id + 1).bytes());
    this.#removedRows = [];
    this.#removedIds = [];
    const row = Buffer.alloc(rowBytes);
    for (const queue of this.#dirty) {
      row.writeUInt32BE(queue.id, 0);
      // Asking may move it, which changes what there is to store.
      writeUint53(row, 4, queue.minOffset);
      writeUint53(row, 12, queue.visible);
      batch.put(this.#queueKey(queue), row);
      queue.forDirtyChunks((number, entries) => {
        this.#chunks.remove(queue.id, number);
        batch.put(this.#keyOfChunk(queue.id, number), entries);
      });
      queue.dirty = false;
      this.#capturedVisible.push(queue.visible);
    }
    for (const [queue, from] of this.#trimmedFrom) {
      const end = Math.floor(queue.minOffset / entriesPerChunk);
      if (from < end) batch.removeRange(Buffer.from(this.#keyOfChunk(queue.id, from)), this.#keyOfChunk(queue.id, end));
    }
    this.#trimmedFrom.clear();
    this.#capturedQueues = this.#dirty;
    this.#dirty = [];
    this.dirtyEntries = 0;
  }

  checkpointed(): void {
    const areMany = this.#capturedQueues.length > wholeChunksMax;
    for (const [index, queue] of this.#capturedQueues.entries()) queue.stored(this.#capturedVisible[index] as number, areMany);
    this.#capturedQueues = [];
    this.#capturedVisible = [];
  }

  trim(minPosition: number): void {
    this.logBegin = Math.max(this.logBegin, minPosition);
  }

  /** Moves the smallest offsets of all queues to where the log begins; yields now and then, because with many queues it takes a while. */
  *settleMinOffsets(): Iterable<void> {
    let count = 0;
    for (const queue of this.#topics.all()) {
      void queue.minOffset;
      if (++count % settledPerTurn === 0) yield;
    }
  }

  /** Queues of a topic whose removal is on its way are left out; should that be refused meanwhile, once more with them. */
  async snapshot(log: SystemLog): Promise<void> {
    let refused: number;
    do {
      refused = this.#topics.refusedRemovals;
      await logQueueStates(log, this.list(), (queue) => this.isCurrent(queue));
      await log.flush();
    } while (this.#topics.refusedRemovals !== refused);
  }

  /** Recovery found that so many log bytes are lost: queues may miss the messages that were in them. */
  allowLost(bytes: number): void {
    this.#gapMax += Math.ceil(bytes / RecordLimits.recordBytesMin);
  }

  /** The log's beginning was deleted: queues may begin at any offset. */
  allowLateBegin(): void {
    this.#mayBeginLate = true;
  }

  /**
   * Puts the record at its offset in the queue. Anything but the next offset means that a part of the log is damaged (a head has no checksum, so
   * also this record's offset or an earlier record's topic may be wrong); then no other record may suffer for it. False when it cannot be placed.
   */
  #place(queue: ConsumeQueue, record: LogRecord): boolean {
    const { queueOffset, position, size, tagsCode, count } = record;
    if (queueOffset !== queue.visible) {
      if (this.#mayBeginLate && isEmpty(queue) && queue.visible < queueOffset) queue.begin(queueOffset, queueOffset);
      else {
        const { topic, queueId } = record;
        this.#logger.error({ topic, queueId, queueOffset, expected: queue.visible, position }, 'the offsets of a queue have a gap or a repetition');
        if (queueOffset < queue.visible) {
          if (queue.replace(queueOffset, { position, size, tagsCode })) return true;
          if (queueOffset === 0 && !record.live) this.#beginnings.set(queue, { position, size, tagsCode, count });
          return false;
        }
        if (queueOffset - queue.visible > this.#gapMax) return false;
        queue.addBlanks(queueOffset);
      }
    }
    // Every offset of an inner batch leads to the record that has them all.
    for (let taken = 0; taken < count; taken++) queue.add(position, size, tagsCode);
    return true;
  }

  #markDirty(queue: ConsumeQueue): void {
    if (queue.next < queue.visible) queue.next = queue.visible;
    if (queue.dirty) return;
    queue.dirty = true;
    this.#dirty.push(queue);
  }

  /** The queue that the record belongs to, which is a new one when the record goes on from offset 0. */
  #begunAgain(queue: ConsumeQueue, record: LogRecord): ConsumeQueue {
    const beginning = this.#beginnings.get(queue);
    if (beginning === undefined || record.queueOffset === 0) return queue;
    if (record.queueOffset === beginning.count) return this.#renew(queue, beginning);
    this.#beginnings.delete(queue);
    return queue;
  }

  /** The queue begins again. */
  #renew(queue: ConsumeQueue, beginning: NewBeginning): ConsumeQueue {
    const { topicQueues, queueId } = queue;
    this.#forget(queue);
    const renewed = this.obtain(topicQueues.topic, queueId);
    renewed.id = this.#nextId++;
    for (let taken = 0; taken < beginning.count; taken++) renewed.add(beginning.position, beginning.size, beginning.tagsCode);
    this.#markDirty(renewed);
    return renewed;
  }

  #forget(queue: ConsumeQueue): void {
    this.#beginnings.delete(queue);
    const { topicQueues, queueId } = queue;
    this.#logger.info({ topic: topicQueues.topic, queueId, before: queue.visible }, 'what a queue had belonged to a deleted topic; it begins at offset 0');
    if (queue.id >= 0) {
      this.#removedIds.push(queue.id);
      this.#removedRows.push(Buffer.from(this.#queueKey(queue)));
    }
    this.#dirty = this.#dirty.filter((dirty) => dirty !== queue);
    topicQueues.queues.delete(queueId);
  }

  loadChunk(queue: ConsumeQueue, number: number): Uint8Array | undefined {
    if (queue.id < 0) return undefined;
    const kept = this.#chunks.get(queue.id, number);
    if (kept !== undefined) return kept;
    const stored = this.#rows?.get(this.#keyOfChunk(queue.id, number));
    if (stored !== undefined) this.#chunks.add(queue.id, number, stored);
    return stored;
  }

  chunkMissing(queue: ConsumeQueue, number: number): void {
    if (queue.id >= 0 && this.isCurrent(queue)) this.#rows?.noteDamage?.(this.#keyOfChunk(queue.id, number));
  }

  minOffsetMoved(queue: ConsumeQueue, before: number): void {
    // Somebody may still hold a queue of a removed topic: its rows are gone.
    if (queue.id < 0 || !this.isCurrent(queue)) return;
    if (!this.#trimmedFrom.has(queue)) this.#trimmedFrom.set(queue, Math.floor(before / entriesPerChunk));
    this.#markDirty(queue);
  }

  #keyOfChunk(id: number, number: number): Buffer {
    this.#chunkKey.writeUInt32BE(id, 1);
    this.#chunkKey.writeUInt32BE(number, 5);
    return this.#chunkKey;
  }

  /** As {@link RowKey} makes it; valid until the next call. A checkpoint may need 100 000 of them in one turn. */
  #queueKey(queue: ConsumeQueue): Buffer {
    const { bytes } = queue.topicQueues;
    const length = bytes.length + keyBytesBesideTopic;
    const key = length <= this.#rowKey.length ? this.#rowKey : Buffer.allocUnsafe(length);
    key[0] = KeyPrefix.queue;
    key[1] = bytes.length >>> 8;
    key[2] = bytes.length & 0xff;
    key.set(bytes, 3);
    key.writeUInt32BE(queue.queueId, bytes.length + 3);
    return key.subarray(0, length);
  }

  #applyCommand(record: LogRecord): void {
    const command = readQueueCommand(unpack(bodyOf(record.bytes())));
    switch (command?.kind) {
      case 'removeTopic':
        return this.#applyRemoval(command.topic);
      case 'begin':
        return this.#applyBegin(this.obtain(command.topic, command.queueId), command.next);
      case 'renew': {
        const queue = this.find(command.topic, command.queueId);
        const beginning = queue === undefined ? undefined : this.#beginnings.get(queue);
        if (queue !== undefined && beginning !== undefined) this.#renew(queue, beginning);
        return;
      }
      case 'forget': {
        const queue = this.find(command.topic, command.queueId);
        if (queue !== undefined) this.#forget(queue);
        return;
      }
      case 'states':
        for (const state of command.states) this.#applyState(state, record.live);
    }
  }

  #applyBegin(queue: ConsumeQueue, next: number): void {
    if (!isEmpty(queue) || queue.visible >= next) return;
    if (queue.id < 0) queue.id = this.#nextId++;
    queue.begin(next, next);
    this.#markDirty(queue);
  }

  #applyState({ topic, queueId, minOffset, next }: QueueState, live: boolean): void {
    // A topic that was removed since: what the record says is of the queues before.
    const queue = live ? this.findApplied(topic, queueId) : this.obtain(topic, queueId);
    if (queue === undefined) return;
    if (queue.id < 0) {
      queue.id = this.#nextId++;
      queue.begin(next, next);
    } else if (queue.visible < next && isEmpty(queue)) queue.begin(next, next);
    else if (queue.visible < next && next - queue.visible <= this.#gapMax) queue.addBlanks(next);
    queue.trimTo(minOffset);
    if (!live) this.#markDirty(queue);
  }

  #applyRemoval(topic: string): void {
    const topicQueues = this.#topics.remove(topic);
    for (const queue of topicQueues?.queues.values() ?? []) {
      this.#beginnings.delete(queue);
      if (queue.id < 0) continue;
      this.#removedIds.push(queue.id);
      this.#removedRows.push(Buffer.from(this.#queueKey(queue)));
    }
    this.#dirty = this.#dirty.filter((queue) => queue.topicQueues !== topicQueues);
  }
}

/** It has no messages (any more): what comes next may have any offset behind what it had. */
const isEmpty = (queue: ConsumeQueue): boolean => queue.visible === queue.minOffset;

/** True for the row of a queue of this topic. Neighbours differ at their end. */
function isOfTopic(key: Uint8Array, topic: Uint8Array): boolean {
  if (key.length !== topic.length + keyBytesBesideTopic) return false;
  for (let index = topic.length - 1; index >= 0; index--) if (key[index + 3] !== topic[index]) return false;
  return true;
}
