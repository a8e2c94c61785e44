import { check } from '../check.ts';

/** A value that was sent, or (undefined) the removal of its key. */
interface Sent {
  readonly id: number;
  readonly key: string;
  readonly isTombstone: boolean;
  /** How often the topic had been removed when it was sent. */
  readonly generation: number;
  offset: number;
  isAcknowledged: boolean;
}

/** Of the whole topic. */
interface Removal {
  readonly isRemoval: true;
}

/** What a key may have; undefined: nothing yet. */
type Possible = Sent | Removal | undefined;

const isNothing = (possible: Possible): boolean => possible === undefined || 'isRemoval' in possible || possible.isTombstone;

/** A message as a reader found it. */
export interface FoundValue {
  readonly id: number;
  readonly key: string;
  readonly offset: number;
  readonly isTombstone: boolean;
}

/** What was sent to a compacted queue, and what of it must be there: kept outside of the simulated process. */
export class KeyLedger {
  readonly name: string;
  acknowledged = 0;
  readonly #sent: Map<number, Sent> = new Map();
  /** By key: what it may have now, the oldest first; what is before the first is superseded for ever. */
  readonly #possible: Map<string, Possible[]> = new Map();
  #lastAcknowledgedOffset = -1;
  #generation = 0;

  constructor(name: string) {
    this.name = name;
  }

  sending(id: number, key: string, isTombstone: boolean): void {
    const sent = { id, key, isTombstone, generation: this.#generation, offset: -1, isAcknowledged: false };
    this.#sent.set(id, sent);
    const possible = this.#possible.get(key);
    if (possible === undefined) this.#possible.set(key, [undefined, sent]);
    else possible.push(sent);
  }

  /** It survives everything from now on, and nothing sent to the key before it may come back. */
  stored(id: number, offset: number): void {
    const sent = this.#sent.get(id)!;
    sent.offset = offset;
    sent.isAcknowledged = true;
    this.acknowledged++;
    if (sent.generation === this.#generation) this.#lastAcknowledgedOffset = Math.max(this.#lastAcknowledgedOffset, offset);
    const possible = this.#possible.get(sent.key)!;
    possible.splice(0, Math.max(0, possible.indexOf(sent)));
  }

  /** The topic is being removed: each key may have nothing from now on, and has nothing of before when it is done (call what is returned). */
  removing(): () => void {
    const removal: Removal = { isRemoval: true };
    this.#generation++;
    this.#lastAcknowledgedOffset = -1;
    for (const possible of this.#possible.values()) possible.push(removal);
    return () => {
      for (const possible of this.#possible.values()) possible.splice(0, Math.max(0, possible.indexOf(removal)));
    };
  }

  /**
   * Compares all that a reader found, in its order, with what may be there. `restarted`: nothing is on its way any more, so what is there now stays.
   * `compacted`: each key has one message at most.
   */
  verify(found: readonly FoundValue[], maxOffset: number, kind: { readonly restarted: boolean; readonly compacted: boolean }): void {
    const values = new Map<string, FoundValue>();
    const counts = new Map<string, number>();
    let last = -1;
    for (const each of found) {
      const sent = this.#sent.get(each.id);
      check(each.offset > last && each.offset < maxOffset, () => `${this.name}: offset ${last} is followed by ${each.offset}, the end is ${maxOffset}`);
      check(sent !== undefined && sent.key === each.key && sent.isTombstone === each.isTombstone, () => `${this.name}: message ${each.id} with key ${each.key} at ${each.offset} was never sent`);
      check(!sent.isAcknowledged || sent.offset === each.offset, () => `${this.name}: message ${each.id} was acknowledged at offset ${sent.offset} and is at ${each.offset}`);
      last = each.offset;
      values.set(each.key, each);
      counts.set(each.key, (counts.get(each.key) ?? 0) + 1);
    }
    check(maxOffset > this.#lastAcknowledgedOffset, () => `${this.name}: ends at ${maxOffset}, but offset ${this.#lastAcknowledgedOffset} was acknowledged`);
    if (kind.compacted) for (const [key, count] of counts) check(count === 1, () => `${this.name}: key ${key} has ${count} messages after it was compacted`);
    for (const [key, possible] of this.#possible) this.#verifyKey(key, possible, { value: values.get(key), restarted: kind.restarted });
  }

  #verifyKey(key: string, possible: Possible[], seen: { readonly value: FoundValue | undefined; readonly restarted: boolean }): void {
    const { value, restarted } = seen;
    const index = possible.findIndex((each) => (value === undefined || value.isTombstone ? isNothing(each) : each !== undefined && 'id' in each && each.id === value.id));
    check(index >= 0, () => `${this.name}: key ${key} has ${value === undefined ? 'nothing' : `message ${value.id} at ${value.offset}`}, not ${possible.map((each) => describe(each)).join(' or ')}`);
    if (restarted) this.#possible.set(key, [possible[index]]);
  }
}

const describe = (possible: Possible): string => {
  if (possible === undefined || 'isRemoval' in possible) return 'nothing';
  return `${possible.isTombstone ? 'nothing, as said by' : ''} message ${possible.id}${possible.offset < 0 ? '' : ` at ${possible.offset}`}`;
};
