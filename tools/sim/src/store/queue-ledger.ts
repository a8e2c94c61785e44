import { check } from '../check.ts';

/** What happened to a message (or an inner batch) as far as its sender knows. */
export interface Sent {
  readonly id: number;
  readonly length: number;
  /** Offsets it takes. */
  readonly count: number;
  /** How often its topic had been removed when it was sent … */
  readonly sentTo: number;
  /** … and counting only what was not taken back: no messages of two generations are in a queue, except where a power cut took a removal and left what came behind it. */
  generation: number;
  /** Where the store said that it is, when it said so. */
  queueOffset: number;
  physicalOffset: number;
  storeTimestamp: number;
  /** `flushed`: survives everything; `written`: survives a killed process; `no`: not acknowledged, it may be there or not. */
  promised: 'flushed' | 'written' | 'no';
}

export type Place = Pick<Sent, 'queueOffset' | 'physicalOffset' | 'storeTimestamp' | 'promised'>;

/** A message as a reader found it. */
export interface Found {
  readonly id: number;
  readonly length: number;
  readonly count: number;
  readonly queueOffset: number;
  readonly physicalOffset: number;
  /** Log position behind it. */
  readonly end: number;
}

/** How the removal of a topic ended. */
export interface Removal {
  durable(): void;
  /** Nothing of it is in the log: the queue is what it was, and what was sent meanwhile belongs to it. */
  refused(): void;
}

/** Which promises a crash leaves. */
export interface Survival {
  promised(promised: 'flushed' | 'written', physicalOffset: number): boolean;
  seen(physicalOffset: number): boolean;
  readonly trims: boolean;
}

/** What was sent to one queue, and what was promised: kept outside of the simulated process. */
export class QueueLedger {
  readonly topic: string;
  readonly queueId: number;
  acknowledged = 0;
  /** The queue was seen to begin and end here. */
  minOffset = 0;
  maxOffset = 0;
  /** A part of the log is gone, and messages with it. */
  hasHoles = false;
  /** Messages that only queries by key may find any more: those of the removed topic, and what was torn off from the new one. */
  readonly leftOver: Set<number> = new Set();
  readonly #sent: Map<number, Sent> = new Map();
  /** Found by a reader and hence not allowed to vanish, by queue offset. */
  #seen: Map<number, Found> = new Map();
  /** Removals of the topic that were asked for, and those that are known to be durable. */
  #generation = 0;
  #removals = 0;

  constructor(topic: string, queueId: number) {
    this.topic = topic;
    this.queueId = queueId;
  }

  get name(): string {
    return `${this.topic}/${this.queueId}`;
  }

  get generation(): number {
    return this.#generation;
  }

  sending(id: number, length: number, count = 1): void {
    this.#sent.set(id, { id, length, count, sentTo: this.#generation, generation: this.#generation, queueOffset: -1, physicalOffset: -1, storeTimestamp: -1, promised: 'no' });
  }

  stored(id: number, place: Place): void {
    const sent = this.#sent.get(id);
    // Its topic was removed meanwhile.
    if (sent === undefined) return;
    Object.assign(sent, place);
    this.acknowledged++;
  }

  /** A reader found them: they stay. */
  saw(found: readonly Found[]): void {
    for (const each of found) {
      const sent = this.#checkSent(each);
      check(sent.generation === this.#generation || this.#removals < this.#generation, () => `${this.name}: message ${each.id} at offset ${each.queueOffset} was sent before the topic was removed`);
      if (sent.generation === this.#generation) this.#seen.set(each.queueOffset, each);
    }
  }

  /** Offsets never go back: those that were shown to somebody, and that no power cut took. */
  lookAtEnds(minOffset: number, maxOffset: number): void {
    check(minOffset <= maxOffset, () => `${this.name} begins at ${minOffset} and ends at ${maxOffset}`);
    // A removal that nobody knows the end of may be in the log or not: a store that failed shows the queue again, and the next start may find the removal.
    const isKnown = this.#removals === this.#generation;
    check(!isKnown || minOffset >= this.minOffset, () => `${this.name} begins at ${minOffset}, and began at ${this.minOffset} before`);
    check(!isKnown || maxOffset >= this.maxOffset, () => `${this.name} ends at ${maxOffset}, and ended at ${this.maxOffset} before`);
    this.minOffset = minOffset;
    this.maxOffset = maxOffset;
  }

  /** Messages that were acknowledged, in no order. */
  *promised(): Iterable<Sent> {
    for (const sent of this.#sent.values()) if (sent.promised !== 'no') yield sent;
  }

  /** What readers must get now; `written`: also of what the disk has not confirmed. */
  visible(written: boolean): Sent[] {
    return Array.from(this.promised()).filter(({ promised, generation }) => generation === this.#generation && (written || promised === 'flushed'));
  }

  /** Offsets that were taken at most since the topic was removed. */
  get offsetsSent(): number {
    let offsets = 0;
    for (const { generation, count } of this.#sent.values()) if (generation === this.#generation) offsets += count;
    return offsets;
  }

  /** Bytes at most that the queue's messages take which were sent after this one (or before it, and not acknowledged). */
  bytesBehind(other: Sent, overhead: number): number {
    let bytes = 0;
    for (const sent of this.#sent.values()) if (sent.promised === 'no' || sent.physicalOffset > other.physicalOffset) bytes += sent.length + overhead;
    return bytes;
  }

  /** Its topic is being removed: what is sent from now on belongs to a new one, which begins at 0. */
  removing(): Removal {
    const { minOffset, maxOffset } = this;
    const generation = ++this.#generation;
    this.minOffset = this.maxOffset = 0;
    return {
      durable: () => {
        this.#removals = generation;
        this.#forgetRemoved();
      },
      refused: () => {
        this.#generation = generation - 1;
        for (const sent of this.#sent.values()) sent.generation = Math.min(sent.generation, generation - 1);
        this.minOffset = Math.max(minOffset, this.minOffset);
        this.maxOffset = Math.max(maxOffset, this.maxOffset);
      },
    };
  }

  /**
   * Compares what readers find in the whole queue, in their order, with what was promised. Offsets are dense; only where a power cut
   * took messages that were never acknowledged may some be missing (`gaps`).
   */
  verify(found: readonly Found[], gaps: boolean): void {
    this.#settleRemovals(found, gaps);
    const byOffset = new Map<number, Found>();
    let last: Sent | undefined;
    let next = this.minOffset;
    for (const each of found) {
      const { id, queueOffset, count } = each;
      const sent = this.#checkSent(each);
      // Of an inner batch some may have been trimmed.
      const isNext = byOffset.size === 0 ? queueOffset <= next && next < queueOffset + count : queueOffset === next;
      check(isNext || ((gaps || this.hasHoles) && queueOffset > next), () => `${this.name}: offset ${next} is followed by ${queueOffset}`);
      const isLater = last === undefined || id > last.id || (gaps && sent.sentTo < last.sentTo);
      check(isLater, () => `${this.name}: message ${id} at offset ${queueOffset} comes after message ${last?.id}: out of order, or twice`);
      byOffset.set(queueOffset, each);
      last = sent;
      next = queueOffset + count;
    }
    for (const sent of this.promised()) {
      check(sent.queueOffset < this.maxOffset, () => `${this.name} ends at ${this.maxOffset}, and message ${sent.id} was acknowledged at offset ${sent.queueOffset}`);
      if (sent.queueOffset >= this.minOffset) this.verifyPromise(sent, byOffset.get(sent.queueOffset));
    }
    for (const seen of this.#seen.values()) {
      if (seen.queueOffset < this.minOffset) continue;
      const now = byOffset.get(seen.queueOffset);
      check(now?.id === seen.id, () => `${this.name}: message ${seen.id} at offset ${seen.queueOffset} was there for readers, and is not any more (now: ${now?.id ?? 'nothing'})`);
    }
    this.#seen = byOffset;
  }

  verifyPromise(sent: Sent, found: Found | undefined): void {
    const text = `${this.name}: message ${sent.id} was acknowledged at offset ${sent.queueOffset}`;
    check(found !== undefined, () => `${text} and is lost`);
    check(found.id === sent.id, () => `${text}, where message ${found.id} is now`);
    check(found.physicalOffset === sent.physicalOffset, () => `${text}, log position ${sent.physicalOffset}, and is at ${found.physicalOffset} now`);
  }

  /** A crash came in which only part of the promises holds. */
  crashed(survival: Survival): void {
    // What was only seen may have been lost.
    this.maxOffset = 0;
    if (!survival.trims) this.minOffset = 0;
    for (const sent of this.promised()) if (!survival.promised(sent.promised as 'flushed' | 'written', sent.physicalOffset)) sent.promised = 'no';
    for (const [offset, { physicalOffset }] of this.#seen) if (!survival.seen(physicalOffset)) this.#seen.delete(offset);
  }

  /** Somebody took this part of the log away. Returns how many messages were in it. */
  lost(from: number, until: number): number {
    let count = 0;
    for (const [offset, { id, physicalOffset, end }] of this.#seen) {
      if (end <= from || physicalOffset >= until) continue;
      this.#sent.get(id)!.promised = 'no';
      this.#seen.delete(offset);
      count++;
    }
    if (count > 0) this.hasHoles = true;
    return count;
  }

  #checkSent({ id, queueOffset, length, count }: Found): Sent {
    const sent = this.#sent.get(id);
    check(sent !== undefined && sent.length === length && sent.count === count, () => `${this.name}: message ${id} at offset ${queueOffset} was never sent to this queue`);
    return sent;
  }

  /** A crash came before a removal was answered: what is found tells whether it is in the log. */
  #settleRemovals(found: readonly Found[], gaps: boolean): void {
    if (this.#removals === this.#generation) return;
    const generations = found.map((each) => this.#checkSent(each).generation);
    const kept = Array.from(this.promised()).filter(({ queueOffset }) => queueOffset >= this.minOffset);
    const oldest = generations.length > 0 ? Math.min(...generations) : kept.every(({ generation }) => generation < this.#generation) ? this.#generation : this.#removals;
    // What survived of a torn end of the log may lack the removal.
    check(gaps || generations.every((each) => each === oldest), () => `${this.name}: messages of the removed topic and of the new one are found in one queue`);
    this.#removals = oldest;
    this.#forgetRemoved();
    this.#removals = this.#generation;
    const ids = new Set(found.map(({ id }) => id));
    for (const sent of this.#sent.values()) {
      if (sent.generation > oldest && !ids.has(sent.id)) this.leftOver.add(sent.id);
      sent.generation = this.#generation;
    }
  }

  #forgetRemoved(): void {
    for (const [offset, { id }] of this.#seen) if (this.#sent.get(id)!.generation < this.#removals) this.#seen.delete(offset);
    for (const [id, { generation }] of this.#sent) {
      if (generation >= this.#removals) continue;
      this.#sent.delete(id);
      this.leftOver.add(id);
    }
  }
}
