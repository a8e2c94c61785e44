/** Gets the digest; undefined when the digester has failed. */
export type DigestDone = (digest: Uint8Array | undefined) => void;

/** Tells whether much memory is the same as it was, off the event loop. Digests are comparable within a process only. */
export interface Digester {
  /** False while it is not there yet, or not any more: then do without. Asking makes it start. */
  readonly ready: boolean;
  /** The digest of the first `length` bytes of `memory`, which lies in a SharedArrayBuffer and is left as it is until `done`. Call it only when {@link ready}. */
  digest(memory: Buffer, length: number, done: DigestDone): void;
}
