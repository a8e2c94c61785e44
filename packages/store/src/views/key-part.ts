/** Bytes of an entry, in memory and in rows: hash and position, 32 bits each, in the machine's order (LMDB's files are the machine's too). */
export const keyEntryBytes = 8;

/** Entries of a row: one LMDB page of 4 KiB takes values up to 4072 bytes (measured). */
export const keyRowEntries = 509;

/** Entries a part takes before it becomes a run: 2 MiB of memory, and some milliseconds to divide them into buckets. */
export const keyPartEntriesMax: number = 1 << 18;

const initialCapacity = 1 << 10;
const two32 = 2 ** 32;

/** Filled in for each row and for each division into buckets: memory asked for again and again makes the collector mark all of it. */
const rowMemory = new Uint32Array(keyRowEntries * 2);
let bucketMemory = new Uint32Array(0);

/** What is known of some entries without looking at them. */
export interface KeyRange {
  /** Log position that those of the entries are relative to. */
  readonly base: number;
  readonly count: number;
  /** Log position and store time (ms) of the newest. */
  readonly lastPosition: number;
  readonly lastTime: number;
  /** Least and greatest store time: a clock may have been set back. */
  readonly timeMin: number;
  readonly timeMax: number;
}

/** Entries in memory in log order: the hash of a key, and where the record is. */
export class KeyPart implements KeyRange {
  /** Rises with each part; its run gets the same. */
  id: number;
  base: number;
  readonly #entriesMax: number;
  #hashes = new Uint32Array(initialCapacity);
  #positions = new Uint32Array(initialCapacity);
  count = 0;
  lastPosition = 0;
  lastTime = 0;
  timeMin: number = Number.MAX_SAFE_INTEGER;
  timeMax = 0;
  /** Entries that are in rows of the journal. */
  journaled = 0;
  /** A search has it: {@link reuse} would change what it finds. */
  lent = false;

  constructor(id: number, base: number, entriesMax: number = keyPartEntriesMax) {
    this.id = id;
    this.base = base;
    this.#entriesMax = entriesMax;
  }

  /** Forgets the entries and becomes another part in the same memory. */
  reuse(id: number, base: number): this {
    this.id = id;
    this.base = base;
    this.count = this.lastPosition = this.lastTime = this.timeMax = this.journaled = 0;
    this.timeMin = Number.MAX_SAFE_INTEGER;
    return this;
  }

  /** False when an entry for a record at `position` needs another part. */
  hasRoomFor(position: number): boolean {
    return this.count < this.#entriesMax && position - this.base < two32;
  }

  add(hash: number, position: number): void {
    const { count } = this;
    if (count === this.#hashes.length) this.#grow();
    this.#hashes[count] = hash;
    this.#positions[count] = position - this.base;
    this.count = count + 1;
  }

  /** The entries added since the last call are of this record. */
  ended(position: number, storeTimestamp: number): void {
    this.lastPosition = position;
    this.lastTime = storeTimestamp;
    if (storeTimestamp < this.timeMin) this.timeMin = storeTimestamp;
    if (storeTimestamp > this.timeMax) this.timeMax = storeTimestamp;
  }

  /** Log positions of the entries with this hash, newest first, each once. */
  find(hash: number): number[] {
    const hashes = this.#hashes;
    const found: number[] = [];
    for (let index = this.count - 1; index >= 0; index--) {
      if (hashes[index] !== hash) continue;
      const position = this.base + (this.#positions[index] as number);
      if (found[found.length - 1] !== position) found.push(position);
    }
    return found;
  }

  /** Entries [start, end), `keyRowEntries` at most, as a row. Valid until the next call of any part. */
  row(start: number, end: number): Uint8Array {
    const row = rowMemory;
    for (let index = start, at = 0; index < end; index++) {
      row[at++] = this.#hashes[index] as number;
      row[at++] = this.#positions[index] as number;
    }
    return new Uint8Array(row.buffer, 0, (end - start) * keyEntryBytes);
  }

  /** Adds the entries of a row. */
  addRow(row: Uint8Array): void {
    const entries = entriesOf(row);
    for (let at = 0; at + 1 < entries.length; at += 2) this.add(entries[at] as number, this.base + (entries[at + 1] as number));
  }

  /** Visits the entries bucket by bucket, inside a bucket in log order, in rows that are valid until the next call of any part. */
  forBuckets(buckets: number, visit: (bucket: number, piece: number, row: Uint8Array) => void): void {
    const { count } = this;
    const hashes = this.#hashes;
    const positions = this.#positions;
    const scale = buckets / two32;
    const ends = new Uint32Array(buckets);
    for (let index = 0; index < count; index++) ends[((hashes[index] as number) * scale) | 0]!++;
    for (let bucket = 0, end = 0; bucket < buckets; bucket++) {
      end += ends[bucket] as number;
      ends[bucket] = end;
    }
    if (bucketMemory.length < count * 2) bucketMemory = new Uint32Array(count * 2);
    const sorted = bucketMemory;
    for (let index = count - 1; index >= 0; index--) {
      const at = --ends[((hashes[index] as number) * scale) | 0]! * 2;
      sorted[at] = hashes[index] as number;
      sorted[at + 1] = positions[index] as number;
    }
    // What were ends are starts now.
    for (let bucket = 0; bucket < buckets; bucket++) {
      const end = bucket + 1 < buckets ? (ends[bucket + 1] as number) : count;
      let piece = 0;
      for (let start = ends[bucket] as number; start < end; start += keyRowEntries) {
        const entries = Math.min(keyRowEntries, end - start);
        visit(bucket, piece++, new Uint8Array(sorted.buffer, start * keyEntryBytes, entries * keyEntryBytes));
      }
    }
  }

  #grow(): void {
    const capacity = this.#hashes.length * 2;
    const hashes = new Uint32Array(capacity);
    const positions = new Uint32Array(capacity);
    hashes.set(this.#hashes);
    positions.set(this.#positions);
    this.#hashes = hashes;
    this.#positions = positions;
  }
}

/** The bucket of a run of `buckets` in which entries with this hash are. */
export function bucketOf(hash: number, buckets: number): number {
  return ((hash * buckets) / two32) | 0;
}

/** The numbers of a row, wherever it lies in memory. */
export function entriesOf(row: Uint8Array): Uint32Array {
  const copy = new Uint32Array(Math.floor(row.length / keyEntryBytes) * 2);
  new Uint8Array(copy.buffer).set(row.subarray(0, copy.byteLength));
  return copy;
}
