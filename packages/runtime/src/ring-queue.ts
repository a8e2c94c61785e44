import { assert } from './errors.ts';

const capacityFirst = 16;

/** A first-in first-out queue on a ring that grows by doubling up to a limit. No allocation while it does not grow. */
export class RingQueue<T> {
  /** How many items it takes at most. */
  readonly limit: number;
  #items: (T | undefined)[];
  #mask: number;
  #head = 0;
  #length = 0;

  constructor(limit: number) {
    assert(Number.isInteger(limit) && limit >= 1, 'a queue needs a limit of at least 1');
    this.limit = limit;
    this.#items = new Array<T | undefined>(capacityFirst);
    this.#mask = capacityFirst - 1;
  }

  get length(): number {
    return this.#length;
  }

  get full(): boolean {
    return this.#length >= this.limit;
  }

  /** Appends; false when the queue is full (the item was not taken). */
  push(item: T): boolean {
    if (this.#length >= this.limit) return false;
    if (this.#length > this.#mask) this.#grow();
    this.#items[(this.#head + this.#length) & this.#mask] = item;
    this.#length++;
    return true;
  }

  /** Removes and returns the oldest item; undefined when empty. */
  shift(): T | undefined {
    if (this.#length === 0) return undefined;
    const item = this.#items[this.#head];
    this.#items[this.#head] = undefined;
    this.#head = (this.#head + 1) & this.#mask;
    this.#length--;
    return item;
  }

  /** The item `index` places behind the oldest, undefined beyond the end. */
  at(index: number): T | undefined {
    return index >= 0 && index < this.#length ? this.#items[(this.#head + index) & this.#mask] : undefined;
  }

  /** The oldest item; undefined when empty. */
  peek(): T | undefined {
    return this.at(0);
  }

  clear(): void {
    this.#items = new Array<T | undefined>(capacityFirst);
    this.#mask = capacityFirst - 1;
    this.#head = 0;
    this.#length = 0;
  }

  #grow(): void {
    const bigger = new Array<T | undefined>(this.#items.length * 2);
    for (let index = 0; index < this.#length; index++) bigger[index] = this.#items[(this.#head + index) & this.#mask];
    this.#items = bigger;
    this.#mask = bigger.length - 1;
    this.#head = 0;
  }
}
