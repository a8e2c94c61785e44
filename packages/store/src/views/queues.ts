import { unpack } from 'msgpackr';
import { RecordLimits } from '@kitemq/protocol';
import type { KeyValueBatch, KeyValueStore, Logger } from '@kitemq/runtime';
import { bodyOf } from '../commit-log/record-format.ts';
import { ConsumeQueue } from './consume-queue.ts';
import type { LogRecord } from './log-record.ts';
import { readUint53, RowKey, RowKeyReader, writeUint53 } from './row-key.ts';
import { isStoreTopic, SystemTopic } from './system-topics.ts';
import { TopicQueues } from './topic-queues.ts';
import { KeyPrefix, type View } from './view.ts';

const rowBytes = 20;

/** A larger gap in a queue's offsets than this, beyond what lost log bytes explain, is taken for a wrong offset. */
const gapSlack = 1024;

/** First element of a command's body. */
const commandRemoveTopic = 1;

/** The body of the record that makes all replays forget a topic's queues. */
export function removeTopicCommand(topic: string): unknown {
  return [commandRemoveTopic, topic];
}

/**
 * The consume queues. Rows: one per queue (topic, queue id → number, min and next offset), one per chunk (queue number, chunk number → entries).
 * A topic that was removed and written again gets new queue numbers, so old chunks can never show up in it.
 */
export class QueueView implements View {
  readonly name = 'queues';
  readonly version = 1;
  readonly topics = undefined;
  readonly #logger: Logger;
  readonly #topics = new Map<string, TopicQueues>();
  readonly #viewsOf: (topic: string) => readonly View[];
  readonly #chunkKey: Buffer = Buffer.alloc(9, KeyPrefix.queueChunk);
  #rows: KeyValueStore | undefined;
  #nextId = 0;
  /** How many messages a queue can miss: some whose heads are wrong, and those that were in lost parts of the log. */
  #gapMax = gapSlack;
  #mayBeginLate = false;
  /** Topics taken out by {@link detach} whose command was not applied yet. */
  readonly #detached = new Map<string, TopicQueues[]>();
  #dirty: ConsumeQueue[] = [];
  #removedIds: number[] = [];
  #removedRows: Buffer[] = [];
  #capturedQueues: ConsumeQueue[] = [];
  #capturedVisible: number[] = [];
  /** Entries that no checkpoint has. */
  dirtyEntries = 0;

  constructor(logger: Logger, viewsOf: (topic: string) => readonly View[]) {
    this.#logger = logger;
    this.#viewsOf = viewsOf;
  }

  has(topic: string): boolean {
    return this.#topics.has(topic);
  }

  find(topic: string, queueId: number): ConsumeQueue | undefined {
    return this.#topics.get(topic)?.queues.get(queueId);
  }

  /** The queue, made if it is new. */
  obtain(topic: string, queueId: number): ConsumeQueue {
    const topicQueues = this.#obtainTopic(topic);
    let queue = topicQueues.queues.get(queueId);
    if (queue === undefined) {
      queue = new ConsumeQueue(topicQueues, queueId, this.#loadChunk);
      topicQueues.queues.set(queueId, queue);
    }
    return queue;
  }

  /** Queues consumers can see, of one topic or of all that are not the store's own. */
  *list(topic?: string): Iterable<ConsumeQueue> {
    const topics = topic === undefined ? this.#topics.values() : [this.#topics.get(topic)];
    for (const topicQueues of topics) {
      if (topicQueues === undefined || (topic === undefined && isStoreTopic(topicQueues.topic))) continue;
      for (const queue of topicQueues.queues.values()) if (queue.id >= 0) yield queue;
    }
  }

  /** Takes the topic's queues out of sight while the command that removes them is on its way; what is appended next begins at 0. */
  detach(topic: string): void {
    const topicQueues = this.#topics.get(topic);
    if (topicQueues === undefined) return;
    this.#topics.delete(topic);
    const list = this.#detached.get(topic);
    if (list === undefined) this.#detached.set(topic, [topicQueues]);
    else list.push(topicQueues);
  }

  /** The command did not get into the log: the queues come back. */
  reattach(topic: string): void {
    const topicQueues = this.#detached.get(topic)?.pop();
    if (topicQueues !== undefined) this.#topics.set(topic, topicQueues);
  }

  load(rows: KeyValueStore): void {
    this.#rows = rows;
    rows.range(Buffer.of(KeyPrefix.queue), Buffer.of(KeyPrefix.queue + 1), (key, value) => {
      const reader = new RowKeyReader(key);
      const queue = this.obtain(reader.text(), reader.uint32());
      const row = Buffer.from(value.buffer, value.byteOffset, value.byteLength);
      queue.id = row.readUInt32BE(0);
      queue.minOffset = readUint53(row, 4);
      queue.next = queue.visible = readUint53(row, 12);
      this.#nextId = Math.max(this.#nextId, queue.id + 1);
    });
  }

  apply(record: LogRecord): void {
    if (record.topic === SystemTopic.queues) this.#applyCommand(record);
    if (record.queueOffset < 0) return;
    const queue = record.queue ?? this.obtain(record.topic, record.queueId);
    if (queue.id < 0) queue.id = this.#nextId++;
    if (!this.#place(queue, record)) return;
    this.dirtyEntries++;
    if (queue.next < queue.visible) queue.next = queue.visible;
    if (!queue.dirty) {
      queue.dirty = true;
      this.#dirty.push(queue);
    }
  }

  checkpoint(batch: KeyValueBatch): void {
    for (const key of this.#removedRows) batch.remove(key);
    for (const id of this.#removedIds) batch.removeRange(new RowKey(KeyPrefix.queueChunk).uint32(id).bytes(), new RowKey(KeyPrefix.queueChunk).uint32(id + 1).bytes());
    this.#removedRows = [];
    this.#removedIds = [];
    const row = Buffer.alloc(rowBytes);
    for (const queue of this.#dirty) {
      row.writeUInt32BE(queue.id, 0);
      writeUint53(row, 4, queue.minOffset);
      writeUint53(row, 12, queue.visible);
      batch.put(this.#queueKey(queue), row);
      queue.forDirtyChunks((number, entries) => batch.put(this.#keyOfChunk(queue.id, number), entries));
      queue.dirty = false;
      this.#capturedVisible.push(queue.visible);
    }
    this.#capturedQueues = this.#dirty;
    this.#dirty = [];
    this.dirtyEntries = 0;
  }

  checkpointed(): void {
    for (const [index, queue] of this.#capturedQueues.entries()) queue.stored(this.#capturedVisible[index] as number);
    this.#capturedQueues = [];
    this.#capturedVisible = [];
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
    const { queueOffset, position, size, tagsCode } = record;
    if (queueOffset !== queue.visible) {
      if (queue.visible === 0 && this.#mayBeginLate) queue.minOffset = queue.visible = queueOffset;
      else {
        const { topic, queueId } = record;
        this.#logger.error({ topic, queueId, queueOffset, expected: queue.visible, position }, 'the offsets of a queue have a gap or a repetition');
        if (queueOffset < queue.visible) return queue.replace(queueOffset, { position, size, tagsCode });
        if (queueOffset - queue.visible > this.#gapMax) return false;
        queue.addBlanks(queueOffset);
      }
    }
    queue.add(position, size, tagsCode);
    return true;
  }

  readonly #loadChunk = (queue: ConsumeQueue, number: number): Uint8Array | undefined => {
    return queue.id < 0 ? undefined : this.#rows?.get(this.#keyOfChunk(queue.id, number));
  };

  #keyOfChunk(id: number, number: number): Buffer {
    this.#chunkKey.writeUInt32BE(id, 1);
    this.#chunkKey.writeUInt32BE(number, 5);
    return this.#chunkKey;
  }

  #queueKey(queue: ConsumeQueue): Buffer {
    return new RowKey(KeyPrefix.queue).text(queue.topicQueues.topic).uint32(queue.queueId).bytes();
  }

  #obtainTopic(topic: string): TopicQueues {
    let topicQueues = this.#topics.get(topic);
    if (topicQueues === undefined) {
      topicQueues = new TopicQueues(topic, this.#viewsOf(topic));
      this.#topics.set(topic, topicQueues);
    }
    return topicQueues;
  }

  #applyCommand(record: LogRecord): void {
    const [command, topic] = unpack(bodyOf(record.bytes())) as [unknown, unknown];
    if (command !== commandRemoveTopic || typeof topic !== 'string') return;
    const detached = this.#detached.get(topic);
    let topicQueues = detached?.shift();
    if (detached?.length === 0) this.#detached.delete(topic);
    if (topicQueues === undefined) {
      topicQueues = this.#topics.get(topic);
      this.#topics.delete(topic);
    }
    for (const queue of topicQueues?.queues.values() ?? []) {
      if (queue.id < 0) continue;
      this.#removedIds.push(queue.id);
      this.#removedRows.push(this.#queueKey(queue));
    }
    this.#dirty = this.#dirty.filter((queue) => queue.topicQueues !== topicQueues);
  }
}
