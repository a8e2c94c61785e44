/** Changes that become visible, and durable, all together or not at all. Keys and values are copied by the callee before `commit` returns. */
export interface KeyValueBatch {
  /** `isKept`: the value stays as it is until the commit has ended, so that it need not be copied. */
  put(key: Uint8Array, value: Uint8Array, isKept?: boolean): void;
  remove(key: Uint8Array): void;
  /** Removes all keys in [start, end). */
  removeRange(start: Uint8Array, end: Uint8Array): void;
}

/**
 * An ordered map of bytes to bytes with atomic batches: what views checkpoint into. Keys are 1 to 1978 bytes, ordered as unsigned bytes.
 * LMDB behind the store, memory behind the simulator.
 */
export interface KeyValueStore {
  /** The value, or undefined. A fresh copy or a stable view: it does not change later. */
  get(key: Uint8Array): Uint8Array | undefined;
  /** Visits the entries in [start, end) in order until `visit` returns false. Arguments are valid only during the call. */
  range(start: Uint8Array, end: Uint8Array, visit: (key: Uint8Array, value: Uint8Array) => boolean | void): void;
  /** Fills a batch and applies it atomically, off the event loop where it can; reads see it when `done` is called. Batches apply in call order. */
  commit(fill: (batch: KeyValueBatch) => void, done: (error: Error | undefined) => void): void;
  /** As `commit`, before returning. For start-up and rebuild, when no `commit` is running: LMDB's refuses then (`KITE_VIEWS_BUSY`). */
  commitSync(fill: (batch: KeyValueBatch) => void): void;
  /** Calls back when everything committed so far is durable. */
  flush(done: (error: Error | undefined) => void): void;
  /** Bytes on disk, for `stat`. */
  sizeSync(): number;
  close(): Promise<void>;
}

/** Opens (creates) a store in the directory `path`. @throws KiteError `KITE_VIEWS_UNREADABLE` when what is there cannot be used. */
export type OpenKeyValueStore = (path: string) => KeyValueStore;
