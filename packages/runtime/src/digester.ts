/** Gets the memory back and the digest of it; both undefined when the digester failed and the memory is lost with it. */
export type DigestDone = (memory: Buffer | undefined, digest: Uint8Array | undefined) => void;

/** Tells whether much memory is the same as it was, off the event loop. Digests are comparable within a process only. */
export interface Digester {
  /** False while it is not there yet, or not any more: then do without. Asking makes it start. */
  readonly ready: boolean;
  /**
   * The digest of the first `length` bytes. `memory` is all of an ArrayBuffer; it is lent: detached until `done` gives it back, by another Buffer.
   * Call it only when {@link ready}.
   */
  digest(memory: Buffer, length: number, done: DigestDone): void;
}
