/** Where the code gets randomness. Not for secrets unless the implementation says so: the Node one is a CSPRNG for `bytes`. */
export interface Random {
  /** An integer in [0, 2^32). */
  uint32(): number;
  /** An integer in [0, bound), bound in [1, 2^32]. */
  below(bound: number): number;
  /** A number in [0, 1). */
  float(): number;
  /** `length` random bytes. */
  bytes(length: number): Uint8Array;
}
