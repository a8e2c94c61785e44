import type { Logger } from '@kitemq/runtime';
import type { CommitLog } from '../commit-log/commit-log.ts';
import { ReadStatus, type ReadCompletion, type ReadQuery } from '../message-store.ts';
import type { ConsumeQueue } from '../views/consume-queue.ts';
import { entriesPerChunk, entryBytes, entryPosition, entrySize, entryTagsCode } from '../views/queue-entry.ts';
import type { QueueView } from '../views/queues.ts';
import { BlockCache } from './block-cache.ts';
import type { ColdReader } from './cold-reader.ts';
import { ReadOperation, type ColdSources } from './read-operation.ts';

/** Entries looked at in one read, unless the query says otherwise (Apache: 16000 bytes of 20). */
export const scanMaxDefault = 800;

/** Answers reads by queue offset: from the tail in memory without a copy, else from disk. */
export class MessageReader {
  readonly #log: CommitLog;
  readonly #queues: QueueView;
  readonly #sources: ColdSources;

  constructor(parts: { readonly log: CommitLog; readonly queues: QueueView; readonly cold: ColdReader; readonly logger: Logger }) {
    this.#log = parts.log;
    this.#queues = parts.queues;
    const { log, cold, logger } = parts;
    this.#sources = { log, cold, logger, blocks: new BlockCache(log, cold) };
  }

  read(query: ReadQuery, completion: ReadCompletion): void {
    const queue = this.#queues.find(query.topic, query.queueId);
    const refused = queue === undefined || queue.id < 0 ? refuse(ReadStatus.noMatchedLogicQueue, 0, undefined) : check(queue, query.offset);
    if (refused !== undefined || queue === undefined) return completion.readDone(refused ?? refuse(ReadStatus.noMatchedLogicQueue, 0, undefined));
    const operation = new ReadOperation(query, completion);
    operation.minOffset = queue.minOffset;
    operation.maxOffset = queue.visible;
    if (!this.#collect(queue, query, operation)) return completion.readDone(refuse(ReadStatus.offsetFoundNull, Math.min(queue.visible, nextChunk(query.offset)), queue));
    operation.finish(this.#sources);
  }

  /** Looks at entries and notes the wanted records; false when the first entry cannot be found. */
  #collect(queue: ConsumeQueue, query: ReadQuery, operation: ReadOperation): boolean {
    const { matchesTags, matchesRecord, maxMessages, maxBytes } = query;
    const scanEnd = Math.min(queue.visible, query.offset + Math.max(query.scanMax ?? scanMaxDefault, maxMessages));
    let offset = query.offset;
    let number = -1;
    let chunk: Buffer | undefined;
    let lastPosition = -1;
    for (; offset < scanEnd; offset++) {
      const wanted = Math.floor(offset / entriesPerChunk);
      if (wanted !== number) {
        chunk = queue.chunk(wanted);
        number = wanted;
      }
      const slot = offset - number * entriesPerChunk;
      if (chunk === undefined || (slot + 1) * entryBytes > chunk.length) {
        if (offset === query.offset) return false;
        break;
      }
      const size = entrySize(chunk, slot);
      // A blank: lost with a damaged part of the log.
      if (size === 0) continue;
      const position = entryPosition(chunk, slot);
      // All offsets of an inner batch lead to one record; the client takes it apart.
      if (position === lastPosition) continue;
      if (operation.count >= maxMessages) break;
      if (matchesTags !== undefined && !matchesTags(entryTagsCode(chunk, slot))) continue;
      if (operation.count > 0 && operation.byteCount + size > maxBytes) break;
      lastPosition = position;
      const record = this.#log.slice(position, size);
      if (record === undefined) {
        if (position >= this.#log.minPosition) operation.addCold(position, size);
        else operation.removing = true;
      } else if (matchesRecord === undefined || matchesRecord(record)) operation.addHot(record);
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

const nextChunk = (offset: number): number => (Math.floor(offset / entriesPerChunk) + 1) * entriesPerChunk;

function refuse(status: ReadStatus, nextBeginOffset: number, queue: ConsumeQueue | undefined): Refusal {
  return { status, nextBeginOffset, minOffset: queue?.minOffset ?? 0, maxOffset: queue?.visible ?? 0, records: [], messageCount: 0, byteCount: 0 };
}

/** What Apache answers before it looks at entries; undefined when there is something to look at. */
function check(queue: ConsumeQueue, offset: number): Refusal | undefined {
  const { minOffset, visible } = queue;
  if (visible === 0) return refuse(ReadStatus.noMessageInQueue, 0, queue);
  if (offset < minOffset) return refuse(ReadStatus.offsetTooSmall, minOffset, queue);
  if (offset === visible) return refuse(ReadStatus.offsetOverflowOne, offset, queue);
  if (offset > visible) return refuse(ReadStatus.offsetOverflowBadly, visible, queue);
  return undefined;
}
