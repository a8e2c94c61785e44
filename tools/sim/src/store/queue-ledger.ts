import { check } from '../check.ts';

/** What happened to a message as far as its sender knows. */
export interface Sent {
  readonly id: number;
  readonly length: number;
  /** Where the store said that it is, when it said so. */
  queueOffset: number;
  physicalOffset: number;
  storeTimestamp: number;
  /** `flushed`: survives everything; `written`: survives a killed process; `no`: not acknowledged, it may be there or not. */
  promised: 'flushed' | 'written' | 'no';
}

/** A message as a reader found it. */
export interface Found {
  readonly id: number;
  readonly length: number;
  readonly queueOffset: number;
  readonly physicalOffset: number;
}

/** What was sent to one queue, and what was promised: kept outside of the simulated process. */
export class QueueLedger {
  readonly topic: string;
  readonly queueId: number;
  acknowledged = 0;
  /** The queue was seen to begin and end here. */
  minOffset = 0;
  maxOffset = 0;
  readonly #sent: Map<number, Sent> = new Map();
  /** Found by a reader and hence not allowed to vanish, by queue offset. */
  #seen: Found[] = [];

  constructor(topic: string, queueId: number) {
    this.topic = topic;
    this.queueId = queueId;
  }

  get name(): string {
    return `${this.topic}/${this.queueId}`;
  }

  /** How many messages readers have seen. */
  get seen(): number {
    return this.#seen.length;
  }

  sending(id: number, length: number): void {
    this.#sent.set(id, { id, length, queueOffset: -1, physicalOffset: -1, storeTimestamp: -1, promised: 'no' });
  }

  stored(id: number, place: { queueOffset: number; physicalOffset: number; storeTimestamp: number; promised: 'flushed' | 'written' }): void {
    Object.assign(this.#sent.get(id)!, place);
    this.acknowledged++;
  }

  /** Offsets never go back: those that were shown to somebody, and that no power cut took. */
  lookAtEnds(minOffset: number, maxOffset: number): void {
    check(minOffset <= maxOffset, () => `${this.name} begins at ${minOffset} and ends at ${maxOffset}`);
    check(minOffset >= this.minOffset, () => `${this.name} begins at ${minOffset}, and began at ${this.minOffset} before`);
    check(maxOffset >= this.maxOffset, () => `${this.name} ends at ${maxOffset}, and ended at ${this.maxOffset} before`);
    this.minOffset = minOffset;
    this.maxOffset = maxOffset;
  }

  /** Messages that were acknowledged, in no order. */
  *promised(): Iterable<Sent> {
    for (const sent of this.#sent.values()) if (sent.promised !== 'no') yield sent;
  }

  /** Bytes at most that the queue's messages take which were sent after this one (or before it, and not acknowledged). */
  bytesBehind(other: Sent, overhead: number): number {
    let bytes = 0;
    for (const sent of this.#sent.values()) if (sent.promised === 'no' || sent.physicalOffset > other.physicalOffset) bytes += sent.length + overhead;
    return bytes;
  }

  /**
   * Compares what readers find in the whole queue, in their order, with what was promised. Offsets are dense; only where a power cut
   * took messages that were never acknowledged may some be missing (`gaps`).
   */
  verify(found: readonly Found[], gaps: boolean): void {
    const byOffset = new Map<number, Found>();
    let [lastId, lastOffset] = [0, this.minOffset - 1];
    for (const each of found) {
      const { id, queueOffset } = each;
      const sent = this.#sent.get(id);
      check(gaps ? queueOffset > lastOffset : queueOffset === lastOffset + 1, () => `${this.name}: offset ${lastOffset} is followed by ${queueOffset}`);
      check(sent !== undefined && sent.length === each.length, () => `${this.name}: message ${id} at offset ${queueOffset} was never sent to this queue`);
      check(id > lastId, () => `${this.name}: message ${id} at offset ${queueOffset} comes after message ${lastId}: out of order, or twice`);
      byOffset.set(queueOffset, each);
      [lastId, lastOffset] = [id, queueOffset];
    }
    for (const sent of this.#sent.values()) {
      if (sent.promised === 'no') continue;
      check(sent.queueOffset < this.maxOffset, () => `${this.name} ends at ${this.maxOffset}, and message ${sent.id} was acknowledged at offset ${sent.queueOffset}`);
      if (sent.queueOffset >= this.minOffset) this.#verifyPromise(sent, byOffset.get(sent.queueOffset));
    }
    for (const seen of this.#seen) {
      if (seen.queueOffset < this.minOffset) continue;
      const now = byOffset.get(seen.queueOffset);
      check(now?.id === seen.id, () => `${this.name}: message ${seen.id} at offset ${seen.queueOffset} was there for readers, and is not any more (now: ${now?.id ?? 'nothing'})`);
    }
    this.#seen = [...found];
  }

  /** A crash came in which only part of the promises holds. */
  crashed(survives: (promised: 'flushed' | 'written', physicalOffset: number) => boolean, trimsSurvive: boolean): void {
    // What was only seen may have been lost.
    this.maxOffset = 0;
    if (!trimsSurvive) this.minOffset = 0;
    for (const sent of this.#sent.values()) {
      if (sent.promised !== 'no' && !survives(sent.promised, sent.physicalOffset)) sent.promised = 'no';
    }
    const keeps = this.#seen.findIndex((each) => !survives('flushed', each.physicalOffset));
    if (keeps >= 0) this.#seen.length = keeps;
  }

  #verifyPromise(sent: Sent, found: Found | undefined): void {
    const text = `${this.name}: message ${sent.id} was acknowledged at offset ${sent.queueOffset}`;
    check(found !== undefined, () => `${text} and is lost`);
    check(found.id === sent.id, () => `${text}, where message ${found.id} is now`);
    check(found.physicalOffset === sent.physicalOffset, () => `${text}, log position ${sent.physicalOffset}, and is at ${found.physicalOffset} now`);
  }
}
