import { OrderedByteMap } from '@kitemq/runtime';
import type { Incarnation } from '../core/incarnation.ts';
import type { SimulatedRandom } from '../core/simulated-random.ts';

export type Change = (map: OrderedByteMap) => void;

/** A commit on its way. */
export interface QueuedCommit {
  readonly owner: Incarnation;
  readonly change: Change;
}

/** What a key-value store leaves on a disk: a durable state, and the commits since, of which a power cut leaves a prefix. */
export class KeyValueImage {
  /** What readers see. */
  current: OrderedByteMap = new OrderedByteMap();
  /** Opening fails, as when the files are damaged, until the directory is removed. */
  unreadable = false;
  /** Called but not applied. */
  queued: QueuedCommit[] = [];
  /** Commits called so far, and commits applied so far. */
  called = 0;
  applied = 0;
  #durable: OrderedByteMap = new OrderedByteMap();
  #durableCount = 0;
  #unflushed: Change[] = [];

  enqueue(commit: QueuedCommit): void {
    this.called++;
    this.queued.push(commit);
  }

  /** Applies the oldest queued commit. */
  applyNext(): void {
    const commit = this.queued.shift();
    if (commit === undefined) return;
    commit.change(this.current);
    this.#unflushed.push(commit.change);
    this.applied++;
  }

  /** The first `count` commits are durable from now on. */
  flushed(count: number): void {
    const through = Math.min(count, this.applied) - this.#durableCount;
    for (const change of this.#unflushed.splice(0, Math.max(0, through))) {
      change(this.#durable);
      this.#durableCount++;
    }
  }

  processDied(owner: Incarnation): void {
    this.queued = this.queued.filter((commit) => commit.owner !== owner);
    this.called = this.applied + this.queued.length;
  }

  powerCut(random: SimulatedRandom): void {
    const survive = random.below(this.#unflushed.length + 1);
    for (const change of this.#unflushed.slice(0, survive)) change(this.#durable);
    this.#unflushed = [];
    this.queued = [];
    this.current = new OrderedByteMap(this.#durable);
    this.#durableCount += survive;
    this.applied = this.#durableCount;
    this.called = this.#durableCount;
  }
}
