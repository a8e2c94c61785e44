import type { KeyValueBatch } from '@kitemq/runtime';

type Change =
  | { readonly kind: 'put'; readonly key: Uint8Array; readonly value: Uint8Array }
  | { readonly kind: 'remove'; readonly key: Uint8Array }
  | { readonly kind: 'removeRange'; readonly start: Uint8Array; readonly end: Uint8Array };

/** Changes kept until they may be committed: what views say now, while the log is not durable up to here yet. Keys and values are copied. */
export class CapturedBatch implements KeyValueBatch {
  readonly #changes: Change[] = [];
  /** Keys and values in bytes: about what the commit writes. */
  bytes = 0;

  get count(): number {
    return this.#changes.length;
  }

  put(key: Uint8Array, value: Uint8Array): void {
    this.bytes += key.length + value.length;
    this.#changes.push({ kind: 'put', key: new Uint8Array(key), value: new Uint8Array(value) });
  }

  remove(key: Uint8Array): void {
    this.#changes.push({ kind: 'remove', key: new Uint8Array(key) });
  }

  removeRange(start: Uint8Array, end: Uint8Array): void {
    this.#changes.push({ kind: 'removeRange', start: new Uint8Array(start), end: new Uint8Array(end) });
  }

  /** Repeats the changes, in order. May be called again after a commit that failed. */
  readonly fill = (batch: KeyValueBatch): void => {
    for (const change of this.#changes) {
      if (change.kind === 'put') batch.put(change.key, change.value);
      else if (change.kind === 'remove') batch.remove(change.key);
      else batch.removeRange(change.start, change.end);
    }
  };
}
