import { unpack } from 'msgpackr';
import { MessageSysFlag, RecordView, tagsCodeOf } from '@kitemq/protocol';
import type { KeyValueBatch, KeyValueStore } from '@kitemq/runtime';
import { bodyOf } from '../commit-log/record-format.ts';
import type { ConsumeQueue } from '../views/consume-queue.ts';
import type { LogRecord } from '../views/log-record.ts';
import { readQueueCommand } from '../views/queue-commands.ts';
import type { QueueView } from '../views/queues.ts';
import { readUint53, RowKey, RowKeyReader, writeUint53 } from '../views/row-key.ts';
import { SystemTopic } from '../views/system-topics.ts';
import { KeyPrefix, type View } from '../views/view.ts';
import { forCarried } from './carried-records.ts';
import { CompactedQueue, type CompactedMessage, type CompactedQueueRow } from './compacted-queue.ts';
import { CompactionRows } from './compaction-rows.ts';
import { keyDigest } from './message-key.ts';

const rowBytes = 12;

/** What compaction needs to know of a record. */
export function compactedMessage(view: RecordView, position: number): CompactedMessage {
  const { propertiesBytes } = view;
  return {
    offset: view.queueOffset,
    position,
    size: view.size,
    tagsCode: tagsCodeOf(propertiesBytes),
    digest: keyDigest(propertiesBytes),
    isTombstone: view.bodyLength === 0,
  };
}

/**
 * The compacted beginnings of queues. The log says which messages were carried over; up to where a queue is compacted, and what that left, is
 * the work of the compactor, which can be done again at any time: with the views lost, it is.
 *
 * Rows: per queue (topic, queue id → number, end), per chunk of 256 offsets (number, chunk → entries), per key (number, digest → offset).
 */
export class CompactionView implements View {
  readonly name = 'compaction';
  readonly version = 1;
  readonly topics: readonly string[] = [SystemTopic.carried, SystemTopic.queues];
  readonly #queues: QueueView;
  readonly #rows = new CompactionRows();
  readonly #states = new Map<ConsumeQueue, CompactedQueue>();
  #captured: CompactedQueue[] = [];
  #nextId = 0;
  #removedIds: number[] = [];
  #removedRows: Buffer[] = [];

  constructor(queues: QueueView) {
    this.#queues = queues;
  }

  /** Queues that have a compacted beginning. */
  get states(): Iterable<CompactedQueue> {
    return this.#states.values();
  }

  /** What waits for a checkpoint, in entries. */
  get dirtyEntries(): number {
    return this.#rows.dirtyEntries;
  }

  /** The queue's compacted beginning, made if it has none. */
  obtain(queue: ConsumeQueue): CompactedQueue {
    return this.#states.get(queue) ?? this.#add(queue, { id: this.#nextId++, end: 0 });
  }

  /** False when the queue was removed meanwhile: nothing may be done for it any more. */
  isCurrent(state: CompactedQueue): boolean {
    const { queue } = state;
    const { topic } = queue.topicQueues;
    return this.#states.get(queue) === state && this.#queues.find(topic, queue.queueId) === queue && !this.#queues.isBeingRemoved(topic);
  }

  load(rows: KeyValueStore): void {
    this.#rows.rows = rows;
    rows.range(Buffer.of(KeyPrefix.compactedQueue), Buffer.of(KeyPrefix.compactedQueue + 1), (key, value) => {
      const reader = new RowKeyReader(key);
      const queue = this.#queues.obtain(reader.text(), reader.uint32());
      const row = Buffer.from(value.buffer, value.byteOffset, value.byteLength);
      const state = this.#add(queue, { id: row.readUInt32BE(0), end: readUint53(row, 4) });
      state.dirty = false;
      this.#nextId = Math.max(this.#nextId, state.id + 1);
    });
  }

  apply(record: LogRecord): void {
    if (record.topic === SystemTopic.queues) return this.#applyCommand(record);
    const bytes = record.bytes();
    const body = bodyOf(bytes);
    const bodyPosition = record.position + (body.byteOffset - bytes.byteOffset);
    forCarried(body, (view, at) => {
      if ((view.sysFlag & MessageSysFlag.transactionMask) === MessageSysFlag.transactionPrepared) return;
      // Whoever appended it made sure that its queue was there.
      const queue = record.live ? this.#queues.findApplied(view.topic, view.queueId) : this.#queues.obtain(view.topic, view.queueId);
      if (queue === undefined) return;
      this.#queues.endsBehind(queue, view.queueOffset);
      this.obtain(queue).carried(compactedMessage(view, bodyPosition + at));
    });
  }

  checkpoint(batch: KeyValueBatch): void {
    for (const key of this.#removedRows) batch.remove(key);
    for (const id of this.#removedIds) {
      for (const prefix of [KeyPrefix.compactedChunk, KeyPrefix.compactedKey]) batch.removeRange(new RowKey(prefix).uint32(id).bytes(), new RowKey(prefix).uint32(id + 1).bytes());
    }
    this.#removedRows = [];
    this.#removedIds = [];
    this.#rows.dirtyEntries = 0;
    const row = Buffer.alloc(rowBytes);
    for (const state of this.#states.values()) {
      if (!state.dirty) continue;
      row.writeUInt32BE(state.id, 0);
      writeUint53(row, 4, state.end);
      batch.put(rowKey(state.queue), row);
      state.checkpoint(batch);
      this.#captured.push(state);
    }
  }

  checkpointed(): void {
    for (const state of this.#captured) state.checkpointed();
    this.#captured = [];
  }

  #add(queue: ConsumeQueue, row: CompactedQueueRow): CompactedQueue {
    const state = new CompactedQueue(queue, this.#rows, row);
    this.#states.set(queue, state);
    queue.compacted = state;
    return state;
  }

  /** A topic that was removed begins again without anything; so does a queue of it that had been written and compacted again already. */
  #applyCommand(record: LogRecord): void {
    const command = readQueueCommand(unpack(bodyOf(record.bytes())));
    if (command?.kind !== 'removeTopic' && command?.kind !== 'renew') return;
    for (const [queue, state] of this.#states) {
      if (queue.topicQueues.topic !== command.topic || (command.kind === 'renew' && queue.queueId !== command.queueId)) continue;
      this.#removedIds.push(state.id);
      this.#removedRows.push(rowKey(queue));
      this.#states.delete(queue);
      queue.compacted = undefined;
    }
  }
}

const rowKey = (queue: ConsumeQueue): Buffer => new RowKey(KeyPrefix.compactedQueue).text(queue.topicQueues.topic).uint32(queue.queueId).bytes();
