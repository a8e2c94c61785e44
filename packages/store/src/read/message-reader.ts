import type { Clock, Logger, Timers } from '@kitemq/runtime';
import type { CommitLog } from '../commit-log/commit-log.ts';
import { ReadStatus, type ReadCompletion, type ReadQuery } from '../message-store.ts';
import type { CompactedQueue } from '../compaction/compacted-queue.ts';
import type { ConsumeQueue } from '../views/consume-queue.ts';
import { entriesPerChunk, entryBytes, entryPosition, entrySize, entryTagsCode } from '../views/queue-entry.ts';
import type { QueueView } from '../views/queues.ts';
import { BlockCache } from './block-cache.ts';
import type { ColdReader } from './cold-reader.ts';
import type { RecentWrites } from './recent-writes.ts';
import { ReadOperation, type ColdSources } from './read-operation.ts';
import { UnreadableRecords } from './unreadable-records.ts';

/** Entries looked at in one read, unless the query says otherwise (Apache: 16000 bytes of 20). */
export const scanMaxDefault = 800;

/** Answers reads by queue offset: from the tail in memory without a copy, else from disk. */
export class MessageReader {
  readonly #log: CommitLog;
  readonly #queues: QueueView;
  readonly #sources: ColdSources;

  constructor(parts: { readonly log: CommitLog; readonly queues: QueueView; readonly cold: ColdReader; readonly logger: Logger; readonly clock: Clock; readonly timers: Timers; readonly recent: RecentWrites }) {
    this.#log = parts.log;
    this.#queues = parts.queues;
    const { log, cold, logger } = parts;
    this.#sources = { log, cold, logger, blocks: new BlockCache(parts), unreadable: new UnreadableRecords(parts) };
  }

  read(query: ReadQuery, completion: ReadCompletion): void {
    const queue = this.#queues.find(query.topic, query.queueId);
    const refused = queue === undefined || queue.id < 0 ? refuse(ReadStatus.noMatchedLogicQueue, 0, undefined) : check(queue, query.offset);
    if (refused !== undefined || queue === undefined) return completion.readDone(refused ?? refuse(ReadStatus.noMatchedLogicQueue, 0, undefined));
    const operation = new ReadOperation(query, completion, queue.id);
    const { compacted } = queue;
    operation.minOffset = firstOffset(queue);
    operation.maxOffset = queue.visible;
    if (compacted !== undefined && query.offset < compacted.boundary) this.#collectCompacted(compacted, query, operation);
    else if (!this.#collect(queue, query, operation)) return completion.readDone(refuse(ReadStatus.offsetFoundNull, query.offset, queue));
    operation.finish(this.#sources);
  }

  /** Adds the record, from memory or to be read; false when it was deleted with its segment. */
  #take(operation: ReadOperation, offset: number, position: number, size: number): boolean {
    const slab = this.#log.tailHolding(position, size);
    if (slab !== undefined) operation.addHot(slab, position - slab.start, size);
    else if (position < this.#log.minPosition) return false;
    else operation.addCold(offset, position, size);
    return true;
  }

  /** As {@link #collect} for the compacted beginning of a queue, and on behind it: holes cost nothing. */
  #collectCompacted(compacted: CompactedQueue, query: ReadQuery, operation: ReadOperation): void {
    const { matchesTags, maxMessages, maxBytes } = query;
    const { boundary, queue } = compacted;
    let left = Math.max(query.scanMax ?? scanMaxDefault, maxMessages);
    let next = boundary;
    compacted.forEach(query.offset, boundary, ({ offset, position, size, tagsCode }) => {
      const isWanted = matchesTags === undefined || matchesTags(tagsCode);
      if (left-- === 0 || operation.count >= maxMessages || (isWanted && operation.count > 0 && operation.byteCount + size > maxBytes)) {
        next = offset;
        return false;
      }
      if (isWanted) this.#take(operation, offset, position, size);
      return true;
    });
    operation.nextBeginOffset = next;
    if (next === boundary && boundary < queue.visible && operation.count < maxMessages) this.#collect(queue, query, operation, boundary);
  }

  /** Looks at entries from `from` on and notes the wanted records; false when the first entry cannot be found. */
  #collect(queue: ConsumeQueue, query: ReadQuery, operation: ReadOperation, from: number = query.offset): boolean {
    const { matchesTags, maxMessages, maxBytes } = query;
    const scanEnd = Math.min(queue.visible, from + Math.max(query.scanMax ?? scanMaxDefault, maxMessages));
    let offset = from;
    let number = -1;
    let chunk: Buffer | undefined;
    let lastPosition = -1;
    /** Messages that the client gets beyond one per record. */
    let unwrapped = 0;
    for (; offset < scanEnd; offset++) {
      const wanted = Math.floor(offset / entriesPerChunk);
      if (wanted !== number) {
        chunk = queue.chunk(wanted);
        number = wanted;
      }
      const slot = offset - number * entriesPerChunk;
      if (chunk === undefined || (slot + 1) * entryBytes > chunk.length) {
        if (offset === from) return false;
        break;
      }
      const size = entrySize(chunk, slot);
      // A blank: lost with a damaged part of the log.
      if (size === 0) continue;
      const position = entryPosition(chunk, slot);
      // All offsets of an inner batch lead to one record; the client takes it apart.
      if (position === lastPosition) {
        unwrapped++;
        continue;
      }
      if (operation.count + unwrapped >= maxMessages) break;
      if (matchesTags !== undefined && !matchesTags(entryTagsCode(chunk, slot))) continue;
      if (operation.count > 0 && operation.byteCount + size > maxBytes) break;
      lastPosition = position;
      if (!this.#take(operation, offset, position, size)) operation.removing = true;
    }
    operation.nextBeginOffset = offset;
    return true;
  }
}

interface Refusal {
  readonly status: ReadStatus;
  readonly nextBeginOffset: number;
  readonly minOffset: number;
  readonly maxOffset: number;
  readonly records: readonly Uint8Array[];
  readonly messageCount: 0;
  readonly byteCount: 0;
}

/** The smallest offset that readers are told. */
const firstOffset = (queue: ConsumeQueue): number => queue.compacted?.minOffset ?? queue.minOffset;


function refuse(status: ReadStatus, nextBeginOffset: number, queue: ConsumeQueue | undefined): Refusal {
  return { status, nextBeginOffset, minOffset: queue === undefined ? 0 : firstOffset(queue), maxOffset: queue?.visible ?? 0, records: [], messageCount: 0, byteCount: 0 };
}

/** What Apache answers before it looks at entries; undefined when there is something to look at. */
function check(queue: ConsumeQueue, offset: number): Refusal | undefined {
  const { minOffset, visible, compacted } = queue;
  if (visible === 0) return refuse(ReadStatus.noMessageInQueue, 0, queue);
  // A compacted queue has holes, also before its first message: readers get what comes next.
  if (offset < minOffset && compacted === undefined) return refuse(ReadStatus.offsetTooSmall, minOffset, queue);
  if (offset === visible) return refuse(ReadStatus.offsetOverflowOne, offset, queue);
  if (offset > visible) return refuse(ReadStatus.offsetOverflowBadly, visible, queue);
  return undefined;
}
