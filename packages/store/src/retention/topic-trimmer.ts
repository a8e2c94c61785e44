import { KiteError, type Logger, type Timers } from '@kitemq/runtime';
import type { ConsumeQueue } from '../views/consume-queue.ts';
import { entriesPerChunk, entryBytes, entryPosition, entrySize } from '../views/queue-entry.ts';
import type { QueueView } from '../views/queues.ts';
import type { RecordReader } from '../read/record-reader.ts';
import { offsetByTime } from '../read/time-search.ts';
import type { TopicRetention } from './retention-policy.ts';

/** Queue entries looked at in one turn of the event loop. */
const entriesPerTurn = 20_000;

/** What is known of a queue whose topic has a limit; looked at again only when something changed. */
interface QueueSum {
  /** Bytes of the records of offsets [from, until). */
  from: number;
  until: number;
  bytes: number;
  /** Store time of the message at `timeOffset`. */
  timeOffset: number;
  time: number;
}

/** Offsets that a queue shall begin with. */
export type TrimPlan = Map<ConsumeQueue, number>;

/** Finds out what topics have beyond what they may keep. */
export class TopicTrimmer {
  readonly #queues: QueueView;
  readonly #records: RecordReader;
  readonly #timers: Timers;
  readonly #logger: Logger;
  #sums = new Map<ConsumeQueue, QueueSum>();

  constructor(queues: QueueView, records: RecordReader, timers: Timers, logger: Logger) {
    this.#queues = queues;
    this.#records = records;
    this.#timers = timers;
    this.#logger = logger;
  }

  /** Where the queues of these topics have to begin at `now`. */
  async plan(topics: Iterable<TopicRetention>, now: number): Promise<TrimPlan> {
    const plan: TrimPlan = new Map();
    const known = this.#sums;
    this.#sums = new Map();
    for (const { topic, ageMs, bytes } of topics) {
      // What a compacted queue keeps is not a question of age.
      const queues = [...this.#queues.list(topic)].filter((queue) => queue.compacted === undefined);
      for (const queue of queues) this.#sums.set(queue, known.get(queue) ?? { from: 0, until: 0, bytes: 0, timeOffset: -1, time: 0 });
      if (ageMs !== undefined) for (const queue of queues) await this.#planByReadableAge(plan, queue, now - ageMs);
      if (bytes !== undefined) await this.#planByBytes(plan, queues, bytes);
    }
    return plan;
  }

  #turn(): Promise<void> {
    return new Promise((resolve) => void this.#timers.setImmediate(resolve));
  }

  async #planByReadableAge(plan: TrimPlan, queue: ConsumeQueue, limit: number): Promise<void> {
    try {
      await this.#planByAge(plan, queue, limit);
    } catch (error) {
      if (!KiteError.is(error, 'KITE_STORE_UNREADABLE')) throw error;
      const { topicQueues, queueId } = queue;
      this.#logger.warn({ error, topic: topicQueues.topic, queueId }, 'how old the messages of a queue are cannot be read: they are kept until it can');
    }
  }

  /** Messages stored before `limit` go. Store times rise with the offset as far as the clock did. */
  async #planByAge(plan: TrimPlan, queue: ConsumeQueue, limit: number): Promise<void> {
    const sum = this.#sums.get(queue) as QueueSum;
    const { minOffset, visible } = queue;
    if (minOffset >= visible) return;
    if (sum.timeOffset !== minOffset) {
      sum.time = await this.#records.storeTimeAt(queue, minOffset);
      sum.timeOffset = minOffset;
    }
    // A message that cannot be read is kept until those behind it have expired.
    if (sum.time >= limit) return;
    const first = await offsetByTime(queue, this.#records, limit, 'LOWER');
    if (first > minOffset) plan.set(queue, first);
  }

  /** The oldest messages of the topic go, whatever queue they are in, until the rest fits. */
  async #planByBytes(plan: TrimPlan, queues: readonly ConsumeQueue[], limit: number): Promise<void> {
    let excess = -limit;
    for (const queue of queues) excess += await this.#bytesOf(queue, plan.get(queue) ?? queue.minOffset);
    const heads = queues.map((queue) => new QueueHead(queue, plan.get(queue) ?? queue.minOffset));
    for (let left = entriesPerTurn; excess > 0; ) {
      let oldest: QueueHead | undefined;
      for (const head of heads) if (!head.atEnd && (oldest === undefined || head.position < oldest.position)) oldest = head;
      if (oldest === undefined) return;
      excess -= oldest.size;
      left -= oldest.next();
      plan.set(oldest.queue, oldest.offset);
      if (left > 0) continue;
      await this.#turn();
      left = entriesPerTurn;
      for (const head of heads) head.look();
    }
  }

  /** Bytes of the queue's records from `from` on. Only what is new, and what has gone, is looked at. */
  async #bytesOf(queue: ConsumeQueue, from: number): Promise<number> {
    const sum = this.#sums.get(queue) as QueueSum;
    const gone = from < sum.from || from > sum.until ? undefined : sizeOf(queue, sum.from, from);
    // What has gone may not be known any more.
    if (gone === undefined) Object.assign(sum, { from, until: from, bytes: 0 });
    else Object.assign(sum, { from, bytes: sum.bytes - gone });
    while (sum.until < queue.visible) {
      const until = Math.min(queue.visible, sum.until + entriesPerTurn);
      sum.bytes += sizeOf(queue, sum.until, until) ?? 0;
      sum.until = until;
      if (until < queue.visible) await this.#turn();
    }
    return sum.bytes;
  }
}

/** Walks through a queue's records from an offset on, within one turn. */
class QueueHead {
  readonly queue: ConsumeQueue;
  offset: number;
  position = 0;
  size = 0;
  #chunk: Buffer | undefined;
  #number = -1;

  constructor(queue: ConsumeQueue, offset: number) {
    this.queue = queue;
    this.offset = offset;
    this.look();
  }

  get atEnd(): boolean {
    return this.offset >= this.queue.visible;
  }

  /** Goes on to the next record; returns how many offsets this one had. */
  next(): number {
    const { offset, position } = this;
    do {
      this.offset++;
      if (Math.floor(this.offset / entriesPerChunk) === this.#number) this.#read();
      else this.look();
    } while (!this.atEnd && this.position >= 0 && this.position === position);
    return this.offset - offset;
  }

  /** Chunks are valid within a turn only. */
  look(): void {
    this.#number = Math.floor(this.offset / entriesPerChunk);
    this.#chunk = this.queue.chunk(this.#number);
    this.#read();
  }

  #read(): void {
    const slot = this.offset - this.#number * entriesPerChunk;
    const chunk = this.#chunk !== undefined && (slot + 1) * entryBytes <= this.#chunk.length ? this.#chunk : undefined;
    this.size = chunk === undefined ? 0 : entrySize(chunk, slot);
    this.position = chunk === undefined || this.size === 0 ? -1 : entryPosition(chunk, slot);
  }
}

/** Bytes of the records that end at offsets [from, until): an inner batch has many. Undefined when some of the entries cannot be found. */
function sizeOf(queue: ConsumeQueue, from: number, until: number): number | undefined {
  let bytes = 0;
  let position = until < queue.visible ? new QueueHead(queue, until).position : -1;
  for (let offset = until - 1; offset >= from; ) {
    const begin = Math.floor(offset / entriesPerChunk) * entriesPerChunk;
    const chunk = queue.chunk(begin / entriesPerChunk);
    if (chunk === undefined || (offset - begin + 1) * entryBytes > chunk.length) return undefined;
    for (const first = Math.max(from, begin); offset >= first; offset--) {
      const size = entrySize(chunk, offset - begin);
      if (size === 0 || entryPosition(chunk, offset - begin) === position) continue;
      position = entryPosition(chunk, offset - begin);
      bytes += size;
    }
  }
  return bytes;
}
