import { check } from '../check.ts';

/** A message as its producer knows it. */
interface Sent {
  readonly id: number;
  readonly producer: number;
  readonly queueId: number;
  /** How often the client may have sent it. */
  readonly triesMax: number;
  /** Undefined: not acknowledged; it may be there or not. */
  queueOffset: number | undefined;
}

/** A message as somebody found it in a queue. */
export interface Stored {
  readonly id: number;
  readonly queueId: number;
  readonly queueOffset: number;
}

/** A committed offset that the broker has answered with, and when. */
interface Committed {
  readonly at: number;
  readonly offset: number;
}

/** What the clients of a cluster know: what was promised to producers, and what consumers got. */
export class ClusterLedger {
  powerCuts = 0;
  readonly #sent: Map<number, Sent> = new Map();
  /** By queue: ids by offset, as consumers got them. */
  readonly #delivered: Map<number, Map<number, number>> = new Map();
  readonly #committed: Map<number, Committed[]> = new Map();
  #lastId = 0;
  #crashedAt = -1;

  get acknowledged(): number {
    return Array.from(this.#sent.values()).filter(({ queueOffset }) => queueOffset !== undefined).length;
  }

  sending(producer: number, queueId: number, triesMax: number): number {
    const id = ++this.#lastId;
    this.#sent.set(id, { id, producer, queueId, triesMax, queueOffset: undefined });
    return id;
  }

  acknowledgedAt(id: number, queueOffset: number): void {
    this.#sent.get(id)!.queueOffset = queueOffset;
  }

  /** A consumer got a message: of what was acknowledged before it in its queue, the group must have got all. */
  delivered({ id, queueId, queueOffset }: Stored): void {
    check(this.#sent.get(id)?.queueId === queueId, () => `message ${id} was delivered from queue ${queueId}, to which it was never sent`);
    const queue = this.#delivered.get(queueId) ?? new Map<number, number>();
    this.#delivered.set(queueId, queue);
    const before = queue.get(queueOffset);
    check(before === undefined || before === id, () => `queue ${queueId}, offset ${queueOffset}: delivered as message ${before}, and as ${id} later`);
    queue.set(queueOffset, id);
    for (const sent of this.#sent.values()) {
      if (sent.queueId !== queueId || sent.queueOffset === undefined || sent.queueOffset >= queueOffset) continue;
      check(queue.has(sent.queueOffset), () => `queue ${queueId}: message ${id} at offset ${queueOffset} was delivered before message ${sent.id} at offset ${sent.queueOffset}`);
    }
  }

  /** True when consumers got everything that was acknowledged. */
  get allDelivered(): boolean {
    return this.missing.length === 0;
  }

  get missing(): string[] {
    return Array.from(this.#sent.values())
      .filter(({ queueId, queueOffset }) => queueOffset !== undefined && !this.#delivered.get(queueId)?.has(queueOffset))
      .map(({ id, queueId, queueOffset }) => `message ${id} at offset ${queueOffset} of queue ${queueId}`);
  }

  /**
   * The broker, asked at `at`, says that the group's committed offset in a queue is this. It never goes back; only when a queue passes
   * from one member to another may the last commits of both come in the wrong order (`passedOn`), and even then it is not forgotten.
   */
  committed(queueId: number, offset: number | undefined, at: number, passedOn: boolean): void {
    // On its way when the broker crashed.
    if (at <= this.#crashedAt) return;
    const known = this.#committed.get(queueId) ?? [];
    this.#committed.set(queueId, known);
    const last = known.at(-1)?.offset ?? -1;
    const now = offset ?? -1;
    check(now >= last || (passedOn && now > 0), () => `queue ${queueId}: the committed offset went from ${last} back to ${offset ?? 'unknown'}`);
    known.push({ at, offset: now });
  }

  /** The broker crashed: commits of the last `flushMs` may be forgotten, older ones not. */
  crashed(at: number, flushMs: number): void {
    this.#crashedAt = at;
    for (const known of this.#committed.values()) {
      const keeps = known.findIndex((each) => each.at > at - flushMs);
      if (keeps >= 0) known.length = keeps;
    }
  }

  /** Compares a whole queue with what was promised and with what consumers got. */
  verifyQueue(queueId: number, stored: readonly Stored[]): void {
    const byOffset = new Map<number, number>();
    const copies = new Map<number, number>();
    let last = -1;
    for (const { id, queueOffset } of stored) {
      const gaps = this.powerCuts > 0;
      check(gaps ? queueOffset > last : queueOffset === last + 1, () => `queue ${queueId}: offset ${last} is followed by ${queueOffset}`);
      last = queueOffset;
      const sent = this.#sent.get(id);
      check(sent?.queueId === queueId, () => `queue ${queueId} has message ${id} at offset ${queueOffset}, which was never sent to it`);
      copies.set(id, (copies.get(id) ?? 0) + 1);
      check(copies.get(id)! <= sent.triesMax, () => `queue ${queueId} has ${copies.get(id)} copies of message ${id}, which was sent at most ${sent.triesMax} times`);
      byOffset.set(queueOffset, id);
    }
    const ends = new Map<number, number>();
    for (const sent of this.#sent.values()) {
      if (sent.queueId !== queueId || sent.queueOffset === undefined) continue;
      const found = byOffset.get(sent.queueOffset);
      check(found === sent.id, () => `queue ${queueId}: message ${sent.id} was acknowledged at offset ${sent.queueOffset}, where there is ${found === undefined ? 'nothing' : `message ${found}`}`);
      const end = ends.get(sent.producer) ?? -1;
      check(sent.queueOffset > end, () => `queue ${queueId}: message ${sent.id} was sent after another one by the same producer, and stored before it`);
      ends.set(sent.producer, sent.queueOffset);
    }
    for (const [queueOffset, id] of this.#delivered.get(queueId) ?? []) {
      check(byOffset.get(queueOffset) === id, () => `queue ${queueId}: message ${id} was delivered from offset ${queueOffset}, and is not there any more`);
    }
  }
}
