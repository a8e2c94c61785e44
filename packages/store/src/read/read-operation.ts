import { KiteError, type Logger } from '@kitemq/runtime';
import { isWholeRecord } from '../commit-log/record-format.ts';
import type { CommitLog } from '../commit-log/commit-log.ts';
import type { TailSlab } from '../commit-log/tail-slabs.ts';
import { ReadStatus, type ReadCompletion, type ReadQuery, type ReadResult } from '../message-store.ts';
import { BorrowedPieces, countIn, OwnPieces } from './answer-pieces.ts';
import { BlockCache } from './block-cache.ts';
import { isUnreadable, type ColdReader } from './cold-reader.ts';
import { blockBytes, overlapBytes, type LogBlock } from './log-block.ts';
import type { UnreadableRecords } from './unreadable-records.ts';
import { isWholeInBlock } from './verified-records.ts';

/** A transient answer from memory that is longer than this is not transient: copying it would cost its reader more than new memory costs the log. */
const copiedBytesMax: number = 384 * 1024;

/** Where records come from that are not in memory. */
export interface ColdSources {
  readonly log: CommitLog;
  readonly cold: ColdReader;
  readonly blocks: BlockCache;
  readonly unreadable: UnreadableRecords;
  readonly logger: Logger;
}

/** A block is read for a reader that wants at least so much of it; what lies further apart is cheaper read record by record. */
const blockShareMin: number = blockBytes / 64;

/** Cold records `first` to `last` that come from one place: a shared block, or (a single record) a read of its own. */
interface ColdPart {
  /** Position of the block; -1 for a single record (too long for what blocks have in common, or alone in its block). */
  block: number;
  readonly first: number;
  last: number;
  bytes: number;
  /** Log position behind the last byte of all of them: those of a compacted queue are not in the log's order. */
  end: number;
  /** The block, or what was read for a single record, once it is there. */
  source: LogBlock | undefined;
  single: Buffer | undefined;
  /** Why the disk does not give a single record back. */
  error: Error | undefined;
}

/** One read: what was found in memory, and what is still to come from disk. */
export class ReadOperation {
  /** Of the query, which belongs to the caller and may be changed as soon as `read` returned. */
  readonly #topic: string;
  readonly #queueId: number;
  readonly #offset: number;
  readonly #reader: number;
  readonly #matchesRecord: ReadQuery['matchesRecord'];
  #transient: boolean;
  readonly #completion: ReadCompletion;
  /** Records in memory (of a transient read: pieces of one or more); empty places for those on disk until these are there. */
  #records: Uint8Array[] = [];
  /** Of a transient read: slabs that pieces are in, and the piece that is growing (end -1: none). */
  readonly #hotSlabs: TailSlab[] = [];
  #hotSlab: TailSlab | undefined;
  #hotStart = 0;
  #hotEnd = -1;
  /** Of the records that are on disk: index in `#records`, queue offset, position, size. */
  readonly #coldIndexes: number[] = [];
  readonly #coldOffsets: number[] = [];
  readonly #coldPositions: number[] = [];
  readonly #coldSizes: number[] = [];
  #parts: ColdPart[] = [];
  #outstanding = 0;
  #error: Error | undefined;
  /** Records collected, of which those in `#records` may be fewer: a piece can hold several. */
  count = 0;
  byteCount = 0;
  nextBeginOffset: number;
  minOffset = 0;
  maxOffset = 0;
  /** Some wanted record was deleted with its segment. */
  removing = false;

  /** `reader`: number of the queue that is read. */
  constructor(query: ReadQuery, completion: ReadCompletion, reader: number) {
    this.#reader = reader;
    this.#topic = query.topic;
    this.#queueId = query.queueId;
    this.#offset = query.offset;
    this.#matchesRecord = query.matchesRecord;
    this.#transient = query.transient === true;
    this.#completion = completion;
    this.nextBeginOffset = query.offset;
  }

  /** Takes the record if it matches. */
  addHot(slab: TailSlab, offset: number, size: number): void {
    const matchesRecord = this.#matchesRecord;
    if (!this.#transient) {
      const record = slab.buffer.subarray(offset, offset + size);
      if (matchesRecord !== undefined && !matchesRecord(record)) return;
      slab.isShared = true;
      this.#records.push(record);
    } else {
      if (matchesRecord !== undefined && !matchesRecord(slab.buffer.subarray(offset, offset + size))) return;
      if (slab !== this.#hotSlab || offset !== this.#hotEnd) this.#beginHotPiece(slab, offset);
      this.#hotEnd = offset + size;
    }
    this.count++;
    this.byteCount += size;
  }

  #beginHotPiece(slab: TailSlab, offset: number): void {
    this.#endHotPiece();
    if (slab !== this.#hotSlab) this.#hotSlabs.push(slab);
    this.#hotSlab = slab;
    this.#hotStart = offset;
  }

  /** Records that lie one behind the other in memory are one piece. */
  #endHotPiece(): void {
    const slab = this.#hotSlab;
    if (slab === undefined || this.#hotEnd < 0) return;
    this.#records.push(new Uint8Array(slab.buffer.buffer, slab.buffer.byteOffset + this.#hotStart, this.#hotEnd - this.#hotStart));
    this.#hotEnd = -1;
  }

  /** The pieces are looked at later than in this turn, or by somebody unknown: their memory must not be used for what is appended. */
  #shareHotSlabs(): void {
    for (const slab of this.#hotSlabs) slab.isShared = true;
  }

  addCold(offset: number, position: number, size: number): void {
    this.#endHotPiece();
    this.#coldIndexes.push(this.#records.length);
    this.#coldOffsets.push(offset);
    this.#coldPositions.push(position);
    this.#coldSizes.push(size);
    this.#records.push(awaited);
    this.count++;
    this.byteCount += size;
  }

  /** Answers, at once when nothing has to be read from disk. */
  finish(sources: ColdSources): void {
    this.#endHotPiece();
    if (this.#coldIndexes.length === 0) return this.#answer();
    this.#shareHotSlabs();
    this.#divide(sources);
    const parts = this.#parts;
    // One more than there are, so that parts which are there at once do not end the operation before the others have begun.
    this.#outstanding = parts.length + 1;
    for (let index = 0; index < parts.length; index++) this.#fetch(parts[index] as ColdPart, sources);
    this.#partDone(undefined, sources);
  }

  /** Records that are dense in a block come from the block; so do those whose block is there anyway. */
  #divide({ log, blocks }: ColdSources): void {
    const positions = this.#coldPositions;
    const sizes = this.#coldSizes;
    const parts: ColdPart[] = [];
    let open: ColdPart | undefined;
    let blockEnd = -1;
    let segmentEnd = -1;
    for (let index = 0; index < positions.length; index++) {
      const position = positions[index] as number;
      const size = sizes[index] as number;
      // Nearly always in the block of the one before.
      if (open !== undefined && position >= open.block && position < blockEnd && size <= overlapBytes && position + size <= segmentEnd) {
        open.last = index;
        open.bytes += size;
        if (position + size > open.end) open.end = position + size;
        continue;
      }
      const segment = log.segmentAt(position);
      segmentEnd = segment?.end ?? -1;
      // What is in no file, or only partly, is not in a block either.
      const block = segment === undefined || size > overlapBytes || position + size > segmentEnd ? -1 : BlockCache.startOf(segment, position);
      const part: ColdPart = { block, first: index, last: index, bytes: size, end: position + size, source: undefined, single: undefined, error: undefined };
      parts.push(part);
      open = block < 0 ? undefined : part;
      blockEnd = Math.min(block + blockBytes, segmentEnd);
    }
    this.#parts = parts.some((part) => isTooThin(part, blocks)) ? parts.flatMap((part) => (isTooThin(part, blocks) ? this.#singles(part) : part)) : parts;
  }

  #singles(part: ColdPart): ColdPart[] {
    const singles: ColdPart[] = [];
    for (let index = part.first; index <= part.last; index++) {
      const bytes = this.#coldSizes[index] as number;
      singles.push({ block: -1, first: index, last: index, bytes, end: (this.#coldPositions[index] as number) + bytes, source: undefined, single: undefined, error: undefined });
    }
    return singles;
  }

  #fetch(part: ColdPart, sources: ColdSources): void {
    const { log, cold, blocks } = sources;
    const first = this.#coldPositions[part.first] as number;
    const { end } = part;
    if (part.block < 0) {
      cold.read(first, end - first, (error, bytes) => {
        if (error === undefined) part.single = bytes;
        else if (isUnreadable(error)) part.error = error;
        this.#partDone(part.error === undefined ? error : undefined, sources);
      });
      return;
    }
    const segment = log.segmentAt(first);
    if (segment === undefined) return this.#partDone(new Error(`no segment holds position ${first}`), sources);
    blocks.get(segment, { reader: this.#reader, start: part.block, end }, (error, block) => {
      if (block !== undefined) {
        blocks.hold(block);
        part.source = block;
      }
      if (error !== undefined && isUnreadable(error)) this.#fetchSingles(part, sources);
      else this.#partDone(error, sources);
    });
  }

  /** Something in the block cannot be read: the records that can be are not to suffer for it. */
  #fetchSingles(part: ColdPart, sources: ColdSources): void {
    const singles = this.#singles(part);
    this.#parts = this.#parts.flatMap((each) => (each === part ? singles : each));
    this.#outstanding += singles.length;
    for (const single of singles) this.#fetch(single, sources);
    this.#partDone(undefined, sources);
  }

  #partDone(error: Error | undefined, sources: ColdSources): void {
    this.#error ??= error;
    if (--this.#outstanding > 0) return;
    try {
      if (this.#error === undefined) this.#answerFromDisk(sources);
      else this.#fail(this.#error, sources);
    } finally {
      for (const { block, source, bytes } of this.#parts) if (block >= 0 && source !== undefined) sources.blocks.release(source, bytes);
    }
  }

  #fail(error: Error, { log, logger }: ColdSources): void {
    this.#records = [];
    // The segment was deleted while the read waited for its turn: asked again, the reader is told where the queue begins now.
    const isGone = this.#coldPositions.some((position) => position < log.minPosition);
    if (!isGone && !KiteError.is(error, 'KITE_STORE_UNAVAILABLE')) logger.error({ error, topic: this.#topic, queueId: this.#queueId, offset: this.#offset }, 'reading messages from disk failed');
    this.#completion.readDone(this.#result(isGone ? ReadStatus.messageWasRemoving : ReadStatus.offsetFoundNull, this.#offset));
  }

  /** Puts the records together; drops what is damaged or does not match. Records in memory have been matched already. */
  #answerFromDisk(sources: ColdSources): void {
    const { unreadable, logger } = sources;
    const awaiting = this.#records;
    const pieces = this.#transient ? new BorrowedPieces() : new OwnPieces(this.byteCount);
    const matchesRecord = this.#matchesRecord;
    this.#records = pieces.list;
    const end = this.#heldUpAt(sources);
    const damaged: number[] = [];
    let next = 0;
    for (const part of this.#parts) {
      const { source } = part;
      const bytes = source?.bytes ?? part.single;
      const start = source?.start ?? (this.#coldPositions[part.first] as number);
      for (let index = part.first; index <= part.last && index < end; index++) {
        for (const place = this.#coldIndexes[index] as number; next < place; next++) pieces.addRecord(awaiting[next] as Uint8Array);
        next++;
        const position = this.#coldPositions[index] as number;
        const size = this.#coldSizes[index] as number;
        const offset = position - start;
        if (bytes === undefined) {
          this.#leaveOut(size);
          continue;
        }
        unreadable.found(position);
        // Apache's broker does not look; here nothing damaged is handed out, nor stored again with a checksum that fits.
        if (!(source === undefined ? isWholeRecord(bytes, offset, size, position) : isWholeInBlock(source, offset, size))) {
          damaged.push(position);
          this.#leaveOut(size);
        } else if (matchesRecord !== undefined && !matchesRecord(bytes.subarray(offset, offset + size))) this.#leaveOut(size);
        else pieces.add(bytes, offset, size);
      }
    }
    for (const until = this.#coldIndexes[end] ?? awaiting.length; next < until; next++) pieces.addRecord(awaiting[next] as Uint8Array);
    pieces.end();
    if (damaged.length > 0) logger.error({ topic: this.#topic, queueId: this.#queueId, position: damaged[0], count: damaged.length }, 'stored records are damaged or missing and are left out');
    if (end < this.#coldOffsets.length) this.#answerUpTo(this.#coldOffsets[end] as number);
    else this.#answer();
  }

  /** Of the records on disk, index of the first that cannot be read now and may be later: nobody is to miss it. How many there are when there is none. */
  #heldUpAt({ unreadable, logger }: ColdSources): number {
    let heldUp = this.#coldPositions.length;
    for (const { error, first } of this.#parts) {
      if (error === undefined) continue;
      const position = this.#coldPositions[first] as number;
      const place = { error, topic: this.#topic, queueId: this.#queueId, position };
      if (unreadable.isGivenUp(position)) logger.error(place, 'a stored record cannot be read and is left out');
      else if (first < heldUp) {
        heldUp = first;
        logger.error(place, 'a stored record cannot be read; its readers wait for it');
      }
    }
    return heldUp;
  }

  /** Answers with what is before the message at `offset`. */
  #answerUpTo(offset: number): void {
    this.count = countIn(this.#records);
    this.byteCount = this.#records.reduce((sum, { length }) => sum + length, 0);
    this.nextBeginOffset = offset;
    if (offset > this.#offset) this.#answer();
    else this.#completion.readDone(this.#result(ReadStatus.offsetFoundNull, offset));
  }

  #leaveOut(size: number): void {
    this.count--;
    this.byteCount -= size;
  }

  #answer(): void {
    // More than a reader copies gladly: it gets the memory itself.
    const isTooLarge = this.byteCount > copiedBytesMax && this.#coldIndexes.length === 0;
    if (isTooLarge) {
      this.#transient = false;
      this.#shareHotSlabs();
    }
    let status: ReadStatus = ReadStatus.found;
    if (this.count === 0) status = this.removing ? ReadStatus.messageWasRemoving : ReadStatus.noMatchedMessage;
    this.#completion.readDone(this.#result(status, this.nextBeginOffset));
  }

  #result(status: ReadStatus, nextBeginOffset: number): ReadResult {
    const { minOffset, maxOffset } = this;
    const records = this.#records;
    const isEmpty = records.length === 0;
    return { status, nextBeginOffset, minOffset, maxOffset, records, messageCount: isEmpty ? 0 : this.count, byteCount: isEmpty ? 0 : this.byteCount, transient: this.#transient };
  }
}

const awaited: Uint8Array = new Uint8Array(0);

const isTooThin = (part: ColdPart, blocks: BlockCache): boolean => part.block >= 0 && part.bytes < blockShareMin && !blocks.has(part.block);
