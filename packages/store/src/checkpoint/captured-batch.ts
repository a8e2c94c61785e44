import type { KeyValueBatch } from '@kitemq/runtime';
import { sealBytes, writeSeal } from './row-seal.ts';

const ChangeKind = { put: 0, remove: 1, removeRange: 2 } as const;

/** Blocks that keys and values are copied into: one allocation for many, and one block for LMDB to look up the address of. */
const slabBytes: number = 256 * 1024;

/** Numbers of a change: kind, slab, offset, length of the first text (key, start), length of the second one behind it (value, end). */
const numbersPerChange = 5;

/** Blocks that are kept for the next checkpoint: those of a busy log with few queues. */
const keptSlabs = 16;

/** Changes kept until they may be committed: what views say now, while the log is not durable up to here yet. Keys and values are copied, and sealed. */
export class CapturedBatch implements KeyValueBatch {
  /** Flat, since a checkpoint can have 100 000 changes. */
  #changes: number[] = [];
  readonly #slabs: Buffer[] = [];
  /** The slab that is being filled, and how far. */
  #slab = 0;
  #filled = 0;
  /** Keys and values in bytes: about what the commit writes. */
  bytes = 0;

  get count(): number {
    return this.#changes.length / numbersPerChange;
  }

  /** Forgets the changes; their memory takes the next ones. Whoever was given them must be done with them. */
  clear(): void {
    this.#changes = [];
    this.#slabs.splice(keptSlabs);
    this.#slab = this.#filled = this.bytes = 0;
  }

  put(key: Uint8Array, value: Uint8Array): void {
    this.#add(ChangeKind.put, key, value, sealBytes);
    this.bytes += key.length + value.length;
  }

  remove(key: Uint8Array): void {
    this.#add(ChangeKind.remove, key, nothing, 0);
  }

  removeRange(start: Uint8Array, end: Uint8Array): void {
    this.#add(ChangeKind.removeRange, start, end, 0);
  }

  /** Repeats the changes, in order. May be called again after a commit that failed. */
  readonly fill = (batch: KeyValueBatch): void => {
    const changes = this.#changes;
    for (let index = 0; index < changes.length; index += numbersPerChange) {
      const slab = this.#slabs[changes[index + 1] as number] as Buffer;
      const start = changes[index + 2] as number;
      const middle = start + (changes[index + 3] as number);
      const first = slab.subarray(start, middle);
      const kind = changes[index];
      if (kind === ChangeKind.remove) {
        batch.remove(first);
        continue;
      }
      const second = slab.subarray(middle, middle + (changes[index + 4] as number));
      if (kind === ChangeKind.put) batch.put(first, second, true);
      else batch.removeRange(first, second);
    }
  };

  #add(kind: number, first: Uint8Array, second: Uint8Array, seal: number): void {
    const length = first.length + second.length;
    const slab = this.#room(length + seal);
    const at = this.#filled;
    slab.set(first, at);
    slab.set(second, at + first.length);
    if (seal > 0) writeSeal(slab, at, at + length);
    this.#changes.push(kind, this.#slab, at, first.length, second.length + seal);
    this.#filled += length + seal;
  }

  /** The slab that has room for `length` bytes behind what is filled. */
  #room(length: number): Buffer {
    for (;;) {
      const slab = this.#slabs[this.#slab];
      if (slab === undefined) {
        const added = Buffer.allocUnsafeSlow(Math.max(slabBytes, length));
        this.#slabs.push(added);
        return added;
      }
      if (this.#filled + length <= slab.length) return slab;
      this.#slab++;
      this.#filled = 0;
    }
  }
}

const nothing: Uint8Array = new Uint8Array(0);
