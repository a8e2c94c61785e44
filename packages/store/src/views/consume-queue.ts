import type { CompactedQueue } from '../compaction/compacted-queue.ts';
import { firstOffsetAt } from './first-offset.ts';
import { entriesPerChunk, entryBytes, entrySize, writePlace, writeTagsCode } from './queue-entry.ts';
import type { TopicQueues } from './topic-queues.ts';

/** What a queue needs of the view that has it. */
export interface QueueOwner {
  /** Where the log begins: messages before it are gone. */
  readonly logBegin: number;
  /** Reads the stored chunk; undefined when there is none. */
  loadChunk(queue: ConsumeQueue, chunk: number): Uint8Array | undefined;
  /** A stored chunk that has to be there is not. */
  chunkMissing(queue: ConsumeQueue, chunk: number): void;
  /** The queue's smallest offset was `before`, and is larger now. */
  minOffsetMoved(queue: ConsumeQueue, before: number): void;
}

const firstChunkEntries = 4;

/** For chunks on their way into a checkpoint. */
const scratch: Buffer = Buffer.alloc(entriesPerChunk * entryBytes);

/**
 * One queue: where its messages are in the log. Chunks live in the checkpoint; in memory is what no checkpoint has yet, so that what all queues
 * take together depends on the messages since the last one, not on the number of queues. Who reads the chunk being filled has it in memory whole.
 */
export class ConsumeQueue {
  readonly topicQueues: TopicQueues;
  readonly queueId: number;
  /** Names its chunks in the checkpoint; -1 until its first record was applied. */
  id = -1;
  /** The offset the next appended message gets. */
  next = 0;
  /** The first offset consumers cannot see yet. */
  visible = 0;
  /** Set while it has something no checkpoint has. */
  dirty = false;
  /** What readers get of its beginning, when it is compacted. */
  compacted: CompactedQueue | undefined = undefined;
  readonly #owner: QueueOwner;
  #minOffset = 0;
  /** The log began here when the smallest offset was looked for last. */
  #trimmedTo = 0;
  /** The chunk being filled, from slot {@link #openFrom} on: what is before is in the checkpoint. */
  #open: Buffer | undefined;
  #openNumber = -1;
  #openFrom = 0;
  /** Offset of the last entry that came after blanks. */
  #suspect = -1;
  /** Most queues have none, and an empty map costs more than the rest of a queue. */
  #full: Map<number, Buffer> | undefined;

  constructor(topicQueues: TopicQueues, queueId: number, owner: QueueOwner) {
    this.topicQueues = topicQueues;
    this.queueId = queueId;
    this.#owner = owner;
  }

  /** Smallest offset whose message is still there (or was lost with a damaged part of the log). It follows the log's beginning when it is asked for. */
  get minOffset(): number {
    const { logBegin } = this.#owner;
    if (this.#trimmedTo < logBegin) {
      this.#trimmedTo = logBegin;
      this.trim(firstOffsetAt(this, this.#minOffset, logBegin));
    }
    return this.#minOffset;
  }

  /** Sets where the queue, which has no messages in memory yet, begins: as a checkpoint says, or at its first message. */
  begin(minOffset: number, visible: number): void {
    this.#minOffset = minOffset;
    this.visible = visible;
  }

  /** Forgets the messages before `minOffset`, and what was lost right behind them: else it would depend on when somebody asks whether the queue begins there. */
  trimTo(minOffset: number): void {
    if (minOffset > this.#minOffset) this.trim(firstOffsetAt(this, Math.min(minOffset, this.visible), this.#owner.logBegin));
  }

  /** Forgets the messages before `minOffset`. */
  trim(minOffset: number): void {
    const before = this.#minOffset;
    if (minOffset <= before) return;
    this.#minOffset = Math.min(minOffset, this.visible);
    const first = Math.floor(this.#minOffset / entriesPerChunk);
    for (const number of this.#full?.keys() ?? []) if (number < first) this.#full?.delete(number);
    if (this.#full?.size === 0) this.#full = undefined;
    this.#owner.minOffsetMoved(this, before);
  }

  /** Adds the entry at offset `visible`. */
  add(position: number, size: number, tagsCode: number): void {
    const offset = this.visible;
    const number = Math.floor(offset / entriesPerChunk);
    const slot = offset - number * entriesPerChunk;
    const chunk = this.#chunkForWriting(number, slot);
    const index = slot - this.#openFrom;
    writePlace(chunk, index, position, size);
    writeTagsCode(chunk, index, tagsCode);
    this.visible = offset + 1;
    if (slot === entriesPerChunk - 1) {
      this.#keepFull(number, this.#wholeOpen());
      this.#forgetOpen();
    }
  }

  /** Puts an entry where a blank is, or one that came after a gap and may have had a wrong offset; false when there is another. */
  replace(offset: number, entry: { readonly position: number; readonly size: number; readonly tagsCode: number }): boolean {
    if (offset < this.minOffset) return false;
    const number = Math.floor(offset / entriesPerChunk);
    let chunk = this.chunk(number);
    const slot = offset - number * entriesPerChunk;
    if (chunk === undefined || (slot + 1) * entryBytes > chunk.length) return false;
    if (entrySize(chunk, slot) !== 0 && offset !== this.#suspect) return false;
    if (chunk !== this.#open && this.#full?.has(number) !== true) {
      chunk = Buffer.from(chunk);
      if (Math.floor(this.visible / entriesPerChunk) > number) this.#keepFull(number, chunk);
      else {
        this.#open = chunk;
        this.#openNumber = number;
        this.#openFrom = 0;
      }
    }
    writePlace(chunk, slot, entry.position, entry.size);
    writeTagsCode(chunk, slot, entry.tagsCode);
    if (offset === this.#suspect) this.#suspect = -1;
    return true;
  }

  /** Adds blank entries up to `offset`: those messages were lost with a damaged part of the log. */
  addBlanks(offset: number): void {
    while (this.visible < offset) this.add(0, 0, 0);
    this.#suspect = offset;
  }

  /** The chunk's entries from its first on (perhaps fewer than a full chunk); undefined when it cannot be found. Valid until the next turn. */
  chunk(number: number): Buffer | undefined {
    if (number === this.#openNumber) return this.#wholeOpen();
    const full = this.#full?.get(number);
    if (full !== undefined) return full;
    const stored = this.#owner.loadChunk(this, number);
    if (stored !== undefined) return Buffer.from(stored.buffer, stored.byteOffset, stored.byteLength);
    if ((number + 1) * entriesPerChunk > this.#minOffset && number * entriesPerChunk < this.visible) this.#owner.chunkMissing(this, number);
    return undefined;
  }

  /** Visits what a checkpoint has to store: full chunks and the used part of the open one. Entries are valid during the call. */
  forDirtyChunks(visit: (number: number, entries: Uint8Array) => void): void {
    if (this.#full !== undefined) for (const [number, chunk] of this.#full) visit(number, chunk);
    if (this.#open !== undefined) visit(this.#openNumber, this.#copyOpen(scratch).subarray(0, this.#openSlots * entryBytes));
  }

  /**
   * The checkpoint has everything before offset `visible`: memory for it is given back. Of a queue that got more meanwhile the chunk being filled
   * stays, which saves reading it for the next checkpoint, unless `isOneOfMany`.
   */
  stored(visible: number, isOneOfMany: boolean): void {
    const number = Math.floor(visible / entriesPerChunk);
    for (const full of this.#full?.keys() ?? []) if (full < number) this.#full?.delete(full);
    if (this.#full?.size === 0) this.#full = undefined;
    if (this.visible === visible) this.#forgetOpen();
    else if (isOneOfMany && this.#openNumber === number) this.#keepOpenFrom(visible - number * entriesPerChunk);
  }

  /** Slots of the open chunk that are filled, those in the checkpoint included. */
  get #openSlots(): number {
    return this.visible - this.#openNumber * entriesPerChunk;
  }

  #forgetOpen(): void {
    this.#open = undefined;
    this.#openNumber = -1;
    this.#openFrom = 0;
  }

  #keepOpenFrom(slot: number): void {
    if (this.#open === undefined || slot <= this.#openFrom) return;
    const start = (slot - this.#openFrom) * entryBytes;
    const kept = this.#open.subarray(start, (this.#openSlots - this.#openFrom) * entryBytes);
    this.#open = Buffer.allocUnsafe(Math.max(firstChunkEntries * entryBytes, kept.length));
    this.#open.set(kept);
    this.#openFrom = slot;
  }

  /** The open chunk from its first slot on, in memory from now on. */
  #wholeOpen(): Buffer | undefined {
    if (this.#openFrom > 0) {
      this.#open = this.#copyOpen(Buffer.allocUnsafe(Math.min(entriesPerChunk, this.#openSlots + firstChunkEntries) * entryBytes));
      this.#openFrom = 0;
    }
    return this.#open;
  }

  /** Puts the open chunk together from the checkpoint and from memory. */
  #copyOpen(target: Buffer): Buffer {
    const before = this.#openFrom * entryBytes;
    const stored = before === 0 ? undefined : this.#owner.loadChunk(this, this.#openNumber);
    const known = Math.min(before, stored?.length ?? 0);
    if (stored !== undefined) target.set(stored.subarray(0, known));
    target.fill(0, known, before);
    target.set((this.#open as Buffer).subarray(0, (this.#openSlots - this.#openFrom) * entryBytes), before);
    return target;
  }

  #keepFull(number: number, chunk: Buffer | undefined): void {
    if (chunk === undefined) return;
    this.#full ??= new Map();
    this.#full.set(number, chunk);
  }

  #chunkForWriting(number: number, slot: number): Buffer {
    let chunk = this.#open;
    if (chunk === undefined || this.#openNumber !== number) {
      chunk = Buffer.allocUnsafe(firstChunkEntries * entryBytes);
      this.#openNumber = number;
      this.#openFrom = slot;
    } else if ((slot - this.#openFrom) * entryBytes >= chunk.length) {
      const larger = Buffer.allocUnsafe(Math.min((entriesPerChunk - this.#openFrom) * entryBytes, chunk.length * 4));
      larger.set(chunk);
      chunk = larger;
    }
    this.#open = chunk;
    return chunk;
  }
}
