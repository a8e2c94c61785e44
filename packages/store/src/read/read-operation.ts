import type { Logger } from '@kitemq/runtime';
import { ReadStatus, type ReadCompletion, type ReadQuery, type ReadResult } from '../message-store.ts';
import { isWholeRecord } from '../commit-log/record-format.ts';
import type { CommitLog } from '../commit-log/commit-log.ts';
import { BlockCache, blockBytes } from './block-cache.ts';
import type { ColdReader } from './cold-reader.ts';
import type { ScratchBuffers } from './scratch-buffers.ts';

/** Where records come from that are not in memory. */
export interface ColdSources {
  readonly log: CommitLog;
  readonly cold: ColdReader;
  readonly blocks: BlockCache;
  /** Memory for the answers of transient reads. */
  readonly scratch: ScratchBuffers;
  readonly logger: Logger;
}

const awaited: Uint8Array = new Uint8Array(0);
const empty: Buffer = Buffer.alloc(0);

/** Cold records `first` to `last` that come from one place: a shared block, or (a single record) a read of its own. */
interface ColdPart {
  /** Position of the block; -1 for a single record. */
  readonly block: number;
  readonly first: number;
  last: number;
}

/** One read: what was found in memory, and what is still to come from disk. */
export class ReadOperation {
  /** Of the query, which belongs to the caller and may be changed as soon as `read` returned. */
  readonly #topic: string;
  readonly #queueId: number;
  readonly #offset: number;
  readonly #matchesRecord: ReadQuery['matchesRecord'];
  readonly #transient: boolean;
  readonly #completion: ReadCompletion;
  readonly #records: Uint8Array[] = [];
  /** Of the records that are on disk: index in `#records`, position, size. */
  readonly #coldIndexes: number[] = [];
  readonly #coldPositions: number[] = [];
  readonly #coldSizes: number[] = [];
  #coldBytes = 0;
  /** All that came from disk, one record behind the other. Blocks are shared and used again, so that nothing is kept of them. */
  #copied: Buffer = empty;
  #outstanding = 0;
  #error: Error | undefined;
  byteCount = 0;
  nextBeginOffset: number;
  minOffset = 0;
  maxOffset = 0;
  /** Some wanted record was deleted with its segment. */
  removing = false;

  constructor(query: ReadQuery, completion: ReadCompletion) {
    this.#topic = query.topic;
    this.#queueId = query.queueId;
    this.#offset = query.offset;
    this.#matchesRecord = query.matchesRecord;
    this.#transient = query.transient === true;
    this.#completion = completion;
    this.nextBeginOffset = query.offset;
  }

  get count(): number {
    return this.#records.length;
  }

  addHot(record: Uint8Array): void {
    this.#records.push(record);
    this.byteCount += record.length;
  }

  addCold(position: number, size: number): void {
    this.#coldIndexes.push(this.#records.length);
    this.#coldPositions.push(position);
    this.#coldSizes.push(size);
    this.#coldBytes += size;
    this.#records.push(awaited);
    this.byteCount += size;
  }

  /** Answers, at once when nothing is on disk. */
  finish(sources: ColdSources): void {
    if (this.#coldIndexes.length === 0) return this.#answer();
    const parts = this.#parts(sources);
    this.#copied = this.#transient ? sources.scratch.take(this.#coldBytes) : Buffer.allocUnsafeSlow(this.#coldBytes);
    // One more than there are, so that parts which are there at once do not end the operation before the others have begun.
    this.#outstanding = parts.length + 1;
    for (const part of parts) this.#fetch(part, sources);
    this.#partDone(undefined, sources);
  }

  #fetch(part: ColdPart, sources: ColdSources): void {
    const first = this.#coldPositions[part.first] as number;
    const end = (this.#coldPositions[part.last] as number) + (this.#coldSizes[part.last] as number);
    const segment = sources.log.segmentAt(first);
    if (segment === undefined) return this.#partDone(new Error(`no segment holds position ${first}`), sources);
    if (part.block < 0) {
      sources.cold.read(first, end - first, (error, bytes) => {
        if (error === undefined) this.#fill(part, bytes, first, sources.logger);
        this.#partDone(error, sources);
      });
      return;
    }
    sources.blocks.get(segment, part.block, end, (error, block) => {
      if (block !== undefined) this.#fill(part, block.bytes, block.start, sources.logger);
      this.#partDone(error, sources);
    });
  }

  #partDone(error: Error | undefined, sources: ColdSources): void {
    this.#error ??= error;
    if (--this.#outstanding > 0) return;
    if (this.#error === undefined) this.#answerFromDisk();
    else {
      sources.logger.error({ error: this.#error, topic: this.#topic, queueId: this.#queueId, offset: this.#offset }, 'reading messages from disk failed');
      this.#completion.readDone(this.#result(ReadStatus.offsetFoundNull, this.#offset, []));
    }
    if (this.#transient) sources.scratch.giveBack(this.#copied);
  }

  /** Records that share a block with the one before them come from the block; so do those whose block is there anyway. */
  #parts(sources: ColdSources): ColdPart[] {
    const parts: ColdPart[] = [];
    for (const [index, position] of this.#coldPositions.entries()) {
      const block = blockOf(sources.log, position, this.#coldSizes[index] as number);
      const part = parts.at(-1);
      if (part !== undefined && block >= 0 && part.block === block) part.last = index;
      else parts.push({ block, first: index, last: index });
    }
    return parts.map((part) => (part.last > part.first || sources.blocks.has(part.block) ? part : { ...part, block: -1 }));
  }

  #fill(part: ColdPart, bytes: Buffer, start: number, logger: Logger): void {
    let target = 0;
    for (let index = 0; index < part.first; index++) target += this.#coldSizes[index] as number;
    for (let index = part.first; index <= part.last; index++) {
      const position = this.#coldPositions[index] as number;
      const size = this.#coldSizes[index] as number;
      const offset = position - start;
      if (isWholeRecord(bytes, offset, size, position)) {
        bytes.copy(this.#copied, target, offset, offset + size);
        this.#records[this.#coldIndexes[index] as number] = this.#copied.subarray(target, target + size);
      } else logger.error({ topic: this.#topic, queueId: this.#queueId, position }, 'a stored record is damaged and is left out');
      target += size;
    }
  }

  /** Drops what is damaged or does not match; records in memory have been matched already. */
  #answerFromDisk(): void {
    const matchesRecord = this.#matchesRecord;
    const cold = new Set(this.#coldIndexes);
    const kept = this.#records.filter((record, index) => record !== awaited && (matchesRecord === undefined || !cold.has(index) || matchesRecord(record)));
    if (kept.length < this.#records.length) {
      this.#records.length = 0;
      this.byteCount = 0;
      for (const record of kept) this.addHot(record);
    }
    this.#answer();
  }

  #answer(): void {
    let status: ReadStatus = ReadStatus.found;
    if (this.#records.length === 0) status = this.removing ? ReadStatus.messageWasRemoving : ReadStatus.noMatchedMessage;
    this.#completion.readDone(this.#result(status, this.nextBeginOffset, this.#records));
  }

  #result(status: ReadStatus, nextBeginOffset: number, records: readonly Uint8Array[]): ReadResult {
    const { minOffset, maxOffset } = this;
    return { status, nextBeginOffset, minOffset, maxOffset, records, messageCount: records.length, byteCount: records.length === 0 ? 0 : this.byteCount, transient: this.#transient && this.#coldIndexes.length > 0 };
  }
}

/** Start of the block that has the whole record; -1 when it reaches into the next one. */
function blockOf(log: CommitLog, position: number, size: number): number {
  const segment = log.segmentAt(position);
  if (segment === undefined) return -1;
  const start = BlockCache.startOf(segment, position);
  return position + size <= start + blockBytes ? start : -1;
}
