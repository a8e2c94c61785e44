/** Chris Doty-Humphrey's "small fast counting" generator, 128 bits of state: quick, well mixed, not for secrets. */
export class Sfc32 {
  #a: number;
  #b: number;
  #c: number;
  #counter: number;

  /** Any four 32-bit integers; similar seeds give unrelated sequences. */
  constructor(a: number, b: number, c: number, d: number) {
    this.#a = a | 0;
    this.#b = b | 0;
    this.#c = c | 0;
    this.#counter = d | 0;
    for (let round = 0; round < 12; round++) this.uint32();
  }

  /** An integer in [0, 2^32). */
  uint32(): number {
    const result = (((this.#a + this.#b) | 0) + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = (this.#c << 21) | (this.#c >>> 11);
    this.#c = (this.#c + result) | 0;
    return result >>> 0;
  }

  /** An integer in [0, bound), bound in [1, 2^32]; its bias is below 2^-21. */
  below(bound: number): number {
    return Math.floor(this.float() * bound);
  }

  /** A number in [0, 1) with 53 random bits. */
  float(): number {
    return ((this.uint32() >>> 5) * 67_108_864 + (this.uint32() >>> 6)) / 9_007_199_254_740_992;
  }
}
