import { physicalOffsetAt, recordSizeAt, storeTimestampAt } from '@kitemq/protocol';
import { KiteError } from '@kitemq/runtime';
import type { CommitLog } from '../commit-log/commit-log.ts';
import { isWholeRecord, recordHeadBytes } from '../commit-log/record-format.ts';
import type { ConsumeQueue } from '../views/consume-queue.ts';
import { entriesPerChunk, entryBytes, entryPosition, entrySize } from '../views/queue-entry.ts';
import type { ColdReader } from './cold-reader.ts';

/** Reads single records, for lookups by place and by time. */
export class RecordReader {
  readonly #log: CommitLog;
  readonly #cold: ColdReader;
  readonly #recordBytesMax: number;

  constructor(log: CommitLog, cold: ColdReader, recordBytesMax: number) {
    this.#log = log;
    this.#cold = cold;
    this.#recordBytesMax = recordBytesMax;
  }

  /** The whole valid record that begins at `position` and ends at or before `end`; undefined when there is none. */
  async recordAt(position: number, end: number): Promise<Buffer | undefined> {
    if (!Number.isSafeInteger(position) || position < this.#log.minPosition || position + recordHeadBytes > end) return undefined;
    const head = await this.#bytes(position, recordHeadBytes, absent);
    if (head === undefined) return undefined;
    const size = recordSizeAt(head, 0);
    if (size < recordHeadBytes || size > this.#recordBytesMax || position + size > end) return undefined;
    const record = await this.#bytes(position, size, absent);
    return record !== undefined && isWholeRecord(record, 0, size, position) ? record : undefined;
  }

  /** Store time (ms) of the queue's message at `offset`; -1 when it is not there. @throws KiteError `KITE_STORE_UNREADABLE` */
  async storeTimeAt(queue: ConsumeQueue, offset: number): Promise<number> {
    const { compacted } = queue;
    if (compacted !== undefined && offset < compacted.boundary) {
      const entry = compacted.find(offset);
      return entry === undefined ? -1 : this.storeTimeOf(entry.position);
    }
    if (offset < queue.minOffset || offset >= queue.visible) return -1;
    const number = Math.floor(offset / entriesPerChunk);
    const chunk = queue.chunk(number);
    const slot = offset - number * entriesPerChunk;
    if (chunk === undefined || (slot + 1) * entryBytes > chunk.length || entrySize(chunk, slot) === 0) return -1;
    return this.storeTimeOf(entryPosition(chunk, slot));
  }

  /** Store time of the record at `position`; -1 when there is none. @throws KiteError `KITE_STORE_UNREADABLE` */
  async storeTimeOf(position: number): Promise<number> {
    const head = await this.#bytes(position, recordHeadBytes, (cause) => {
      throw new KiteError('KITE_STORE_UNREADABLE', `The disk does not give back the record at ${position}; try again, and have a look at the disk`, { cause, retryable: true });
    });
    return head === undefined || physicalOffsetAt(head, 0) !== position ? -1 : storeTimestampAt(head, 0);
  }

  /** The bytes, undefined when they are not in one segment; when they cannot be read, what `failed` says. */
  async #bytes(position: number, length: number, failed: (error: Error) => undefined): Promise<Buffer | undefined> {
    const hot = this.#log.slice(position, length);
    if (hot !== undefined) return hot;
    const segment = this.#log.segmentAt(position);
    if (segment === undefined || position + length > segment.end) return undefined;
    const { error, bytes } = await new Promise<{ error: Error | undefined; bytes: Buffer }>((resolve) => {
      this.#cold.read(position, length, (why, read) => resolve({ error: why, bytes: read }));
    });
    return error === undefined ? bytes : failed(error);
  }
}

const absent = (): undefined => undefined;
