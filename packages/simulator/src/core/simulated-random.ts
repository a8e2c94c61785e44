import type { Random } from '@kitemq/runtime';
import { Sfc32 } from '@kitemq/runtime';

const mix = (state: number, value: number): number => {
  const product = Math.imul(state ^ value, 0x85ebca6b);
  return Math.imul(product ^ (product >>> 13), 0xc2b2ae35);
};

/** A node of the tree of generators that grows from the seed: each user has its own, so that one more draw here changes nothing there. */
export class SimulatedRandom implements Random {
  readonly #seed: number;
  readonly #path: string;
  readonly #generator: Sfc32;

  constructor(seed: number, path = '') {
    this.#seed = seed;
    this.#path = path;
    let state = mix(0x9e3779b9, seed | 0);
    state = mix(state, Math.floor(seed / 2 ** 32));
    for (let index = 0; index < path.length; index++) state = mix(state, path.charCodeAt(index) + index);
    this.#generator = new Sfc32(state, seed | 0, path.length, mix(state, 0x5bd1e995));
  }

  /** An independent generator; the same name gives the same one. */
  fork(name: string): SimulatedRandom {
    return new SimulatedRandom(this.#seed, `${this.#path}/${name}`);
  }

  uint32(): number {
    return this.#generator.uint32();
  }

  below(bound: number): number {
    return this.#generator.below(bound);
  }

  float(): number {
    return this.#generator.float();
  }

  bytes(length: number): Uint8Array {
    const bytes = new Uint8Array(length);
    for (let index = 0; index < length; index++) bytes[index] = this.#generator.uint32();
    return bytes;
  }

  /** True with the given probability. */
  chance(probability: number): boolean {
    return probability > 0 && this.#generator.float() < probability;
  }

  /** A number in [min, max). */
  between(min: number, max: number): number {
    return min + this.#generator.float() * (max - min);
  }

  /** One of the items. */
  pick<T>(items: readonly T[]): T {
    return items[this.#generator.below(items.length)]!;
  }
}
