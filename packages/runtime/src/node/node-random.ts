import { randomBytes } from 'node:crypto';
import type { Random } from '../random.ts';
import { Sfc32 } from '../sfc32.ts';

/** `uint32`, `below` and `float` come from a fast generator seeded by the system; `bytes` are the system's (a CSPRNG). */
export class NodeRandom implements Random {
  readonly #fast: Sfc32;

  constructor() {
    const seed = randomBytes(16);
    this.#fast = new Sfc32(seed.readInt32LE(0), seed.readInt32LE(4), seed.readInt32LE(8), seed.readInt32LE(12));
  }

  uint32(): number {
    return this.#fast.uint32();
  }

  below(bound: number): number {
    return this.#fast.below(bound);
  }

  float(): number {
    return this.#fast.float();
  }

  bytes(length: number): Uint8Array {
    return randomBytes(length);
  }
}
