/** Latin-1 text of bytes compares exactly as the bytes do, and makes a cheap map key. */
const textOf = (bytes: Uint8Array): string => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');

/**
 * A map of bytes to bytes, ordered as unsigned bytes: the memory behind in-memory key-value stores.
 * Keys and values are copied in; values handed out are shared and must not be changed.
 */
export class OrderedByteMap {
  readonly #values: Map<string, Uint8Array>;
  #sorted: string[];
  /** New keys wait here, unsorted, until somebody asks for the order. */
  #unsorted: string[] = [];
  #bytes: number;

  constructor(source?: OrderedByteMap) {
    this.#values = source === undefined ? new Map() : new Map(source.#values);
    this.#sorted = source === undefined ? [] : source.#order().slice();
    this.#bytes = source === undefined ? 0 : source.#bytes;
  }

  get size(): number {
    return this.#values.size;
  }

  /** Bytes of all keys and values. */
  get byteLength(): number {
    return this.#bytes;
  }

  get(key: Uint8Array): Uint8Array | undefined {
    return this.#values.get(textOf(key));
  }

  put(key: Uint8Array, value: Uint8Array): void {
    const text = textOf(key);
    const old = this.#values.get(text);
    if (old === undefined) this.#unsorted.push(text);
    this.#bytes += value.length - (old === undefined ? -key.length : old.length);
    this.#values.set(text, new Uint8Array(value));
  }

  remove(key: Uint8Array): void {
    const text = textOf(key);
    const old = this.#values.get(text);
    if (old === undefined) return;
    const sorted = this.#order();
    sorted.splice(this.#lowerBound(text), 1);
    this.#values.delete(text);
    this.#bytes -= old.length + text.length;
  }

  /** Removes the keys in [start, end). */
  removeRange(start: Uint8Array, end: Uint8Array): void {
    this.#order();
    const from = this.#lowerBound(textOf(start));
    const to = this.#lowerBound(textOf(end));
    if (to <= from) return;
    for (const text of this.#sorted.splice(from, to - from)) {
      this.#bytes -= this.#values.get(text)!.length + text.length;
      this.#values.delete(text);
    }
  }

  /** Visits [start, end) in order until `visit` returns false. */
  range(start: Uint8Array, end: Uint8Array, visit: (key: Uint8Array, value: Uint8Array) => boolean | void): void {
    const sorted = this.#order();
    const last = textOf(end);
    for (let at = this.#lowerBound(textOf(start)); at < sorted.length; at++) {
      const text = sorted[at]!;
      if (text >= last) return;
      if (visit(Buffer.from(text, 'latin1'), this.#values.get(text)!) === false) return;
    }
  }

  #order(): string[] {
    if (this.#unsorted.length > 0) {
      this.#sorted = this.#sorted.concat(this.#unsorted).sort((a, b) => (a < b ? -1 : 1));
      this.#unsorted = [];
    }
    return this.#sorted;
  }

  /** Index of the first sorted key that is ≥ `text`. */
  #lowerBound(text: string): number {
    let low = 0;
    let high = this.#sorted.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#sorted[middle]! < text) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
