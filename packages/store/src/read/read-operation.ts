import type { Logger } from '@kitemq/runtime';
import { ReadStatus, type ReadCompletion, type ReadQuery, type ReadResult } from '../message-store.ts';
import { isWholeRecord } from '../commit-log/record-format.ts';
import type { ColdReader } from './cold-reader.ts';

/** Records that lie at most this far apart are read in one go: reading over the gap is cheaper than another read. */
const gapBytesMax = 64 * 1024;
/** A single read is not made larger than this by joining records. */
const joinedBytesMax = 1024 * 1024;

const awaited: Uint8Array = new Uint8Array(0);

/** The range of one read from disk: records `first` to `last` of the cold ones. */
interface ColdRange {
  readonly start: number;
  end: number;
  readonly first: number;
  last: number;
}

/** One read: what was found in memory, and what is still to come from disk. */
export class ReadOperation {
  readonly #query: ReadQuery;
  readonly #completion: ReadCompletion;
  readonly #records: Uint8Array[] = [];
  /** Of the records that are on disk: index in `#records`, position, size. */
  readonly #coldIndexes: number[] = [];
  readonly #coldPositions: number[] = [];
  readonly #coldSizes: number[] = [];
  #outstanding = 0;
  #error: Error | undefined;
  byteCount = 0;
  nextBeginOffset: number;
  minOffset = 0;
  maxOffset = 0;
  /** Some wanted record was deleted with its segment. */
  removing = false;

  constructor(query: ReadQuery, completion: ReadCompletion) {
    this.#query = query;
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
    this.#records.push(awaited);
    this.byteCount += size;
  }

  /** Answers, at once when nothing is on disk. */
  finish(cold: ColdReader, segmentEndOf: (position: number) => number, logger: Logger): void {
    if (this.#coldIndexes.length === 0) return this.#answer();
    const ranges = this.#ranges(segmentEndOf);
    this.#outstanding = ranges.length;
    for (const range of ranges) {
      cold.read(range.start, range.end - range.start, (error, bytes) => {
        if (error === undefined) this.#fill(range, bytes, logger);
        else this.#error ??= error;
        if (--this.#outstanding > 0) return;
        if (this.#error === undefined) return this.#answerFromDisk();
        logger.error({ error: this.#error, topic: this.#query.topic, queueId: this.#query.queueId, offset: this.#query.offset }, 'reading messages from disk failed');
        this.#completion.readDone(this.#result(ReadStatus.offsetFoundNull, this.#query.offset, []));
      });
    }
  }

  #ranges(segmentEndOf: (position: number) => number): ColdRange[] {
    const ranges: ColdRange[] = [];
    let range: ColdRange | undefined;
    let segmentEnd = 0;
    for (const [index, position] of this.#coldPositions.entries()) {
      const end = position + (this.#coldSizes[index] as number);
      if (range !== undefined && position >= range.end && position - range.end <= gapBytesMax && end - range.start <= joinedBytesMax && end <= segmentEnd) {
        range.end = end;
        range.last = index;
        continue;
      }
      range = { start: position, end, first: index, last: index };
      segmentEnd = segmentEndOf(position);
      ranges.push(range);
    }
    return ranges;
  }

  #fill(range: ColdRange, bytes: Buffer, logger: Logger): void {
    for (let index = range.first; index <= range.last; index++) {
      const position = this.#coldPositions[index] as number;
      const size = this.#coldSizes[index] as number;
      const offset = position - range.start;
      if (isWholeRecord(bytes, offset, size, position)) this.#records[this.#coldIndexes[index] as number] = bytes.subarray(offset, offset + size);
      else logger.error({ topic: this.#query.topic, queueId: this.#query.queueId, position }, 'a stored record is damaged and is left out');
    }
  }

  /** Drops what is damaged or does not match; records in memory have been matched already. */
  #answerFromDisk(): void {
    const { matchesRecord } = this.#query;
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
    return { status, nextBeginOffset, minOffset, maxOffset, records, messageCount: records.length, byteCount: records.length === 0 ? 0 : this.byteCount };
  }
}
