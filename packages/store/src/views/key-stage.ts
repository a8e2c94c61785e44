import type { HashSink } from './key-hash.ts';

/** Hashes that wait; more are made again when their record is applied. */
const stagedMax: number = 1 << 20;

const initialCapacity = 1 << 10;

/**
 * Hashes of records that were appended and are not visible yet, in log order. They are made while the record is still in the processor's cache:
 * reading it again later costs more than hashing it.
 */
export class KeyStage implements HashSink {
  #hashes = new Uint32Array(initialCapacity);
  #first = 0;
  #count = 0;

  get count(): number {
    return this.#count;
  }

  get isFull(): boolean {
    return this.#count >= stagedMax;
  }

  addHash(hash: number): void {
    if (this.#count === this.#hashes.length) this.#grow();
    this.#hashes[(this.#first + this.#count++) & (this.#hashes.length - 1)] = hash;
  }

  /** The oldest hash; it is gone then. There must be one. */
  take(): number {
    const hash = this.#hashes[this.#first] as number;
    this.#first = (this.#first + 1) & (this.#hashes.length - 1);
    this.#count--;
    return hash;
  }

  /** Forgets the newest hashes: their record did not get into the log. */
  drop(count: number): void {
    this.#count -= count;
  }

  #grow(): void {
    const { length } = this.#hashes;
    const hashes = new Uint32Array(length * 2);
    for (let index = 0; index < this.#count; index++) hashes[index] = this.#hashes[(this.#first + index) & (length - 1)] as number;
    this.#hashes = hashes;
    this.#first = 0;
  }
}
