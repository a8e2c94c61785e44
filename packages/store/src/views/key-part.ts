/** What an entry says, and how many go where. In rows it is numbers of 32 bits, in the machine's order (LMDB's files are the machine's too). */
export interface KeyEntryForm {
  /** Tells its rows from others. */
  readonly id: number;
  /** Numbers of an entry. */
  readonly words: number;
  /** Entries of a row: one LMDB page of 4 KiB takes values up to 4072 bytes (measured), their seal included. */
  readonly rowEntries: number;
  /** Entries a bucket gets on average: few enough that nearly every bucket is one row. */
  readonly bucketEntriesMean: number;
}

/** The hash of a key, and the log position of the record. */
export const placedKeys: KeyEntryForm = { id: 0, words: 2, rowEntries: 508, bucketEntriesMean: 420 };

/** The same with the store time, for records whose position does not tell it. */
export const timedKeys: KeyEntryForm = { id: 1, words: 4, rowEntries: 254, bucketEntriesMean: 210 };

export const keyEntryForms: readonly KeyEntryForm[] = [placedKeys, timedKeys];

/** Called with the log position of a record and its store time (ms), which is 0 where entries do not have it. */
export type KeyVisitor = (position: number, storeTimestamp: number) => void;

/** Entries a part takes before it becomes a run: 2 MiB of memory, and some milliseconds to divide them into buckets. */
export const keyPartEntriesMax: number = 1 << 18;

const initialCapacity = 1 << 10;
const two32 = 2 ** 32;

/** Filled in for each row and for each division into buckets: memory asked for again and again makes the collector mark all of it. */
const rowMemory = new Uint32Array(Math.max(...keyEntryForms.map(({ words, rowEntries }) => words * rowEntries)));
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

/** Entries in memory in log order. */
export class KeyPart implements KeyRange {
  readonly form: KeyEntryForm;
  /** Rises with each part; its run gets the same. */
  id: number;
  base: number;
  readonly #entriesMax: number;
  #hashes = new Uint32Array(initialCapacity);
  #positions = new Uint32Array(initialCapacity);
  #times: Float64Array | undefined;
  count = 0;
  lastPosition = 0;
  lastTime = 0;
  timeMin: number = Number.MAX_SAFE_INTEGER;
  timeMax = 0;
  /** Entries that are in rows of the journal. */
  journaled = 0;
  /** A search has it: {@link reuse} would change what it finds. */
  lent = false;

  constructor(form: KeyEntryForm, id: number, base: number, entriesMax: number) {
    this.form = form;
    this.#times = form === timedKeys ? new Float64Array(initialCapacity) : undefined;
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

  /** `storeTimestamp` is kept by timed entries. */
  add(hash: number, position: number, storeTimestamp = 0): void {
    const { count } = this;
    if (count === this.#hashes.length) this.#grow();
    this.#hashes[count] = hash;
    this.#positions[count] = position - this.base;
    if (this.#times !== undefined) this.#times[count] = storeTimestamp;
    this.count = count + 1;
  }

  /** The entries added since the last call are of this record. */
  ended(position: number, storeTimestamp: number): void {
    this.lastPosition = position;
    this.lastTime = storeTimestamp;
    if (storeTimestamp < this.timeMin) this.timeMin = storeTimestamp;
    if (storeTimestamp > this.timeMax) this.timeMax = storeTimestamp;
  }

  /** Visits the entries with this hash, in log order. */
  visit(hash: number, visit: KeyVisitor): void {
    const hashes = this.#hashes;
    const { count } = this;
    for (let index = 0; index < count; index++) if (hashes[index] === hash) visit(this.base + (this.#positions[index] as number), this.#times?.[index] ?? 0);
  }

  forEach(visit: (hash: number, position: number) => void): void {
    for (let index = 0; index < this.count; index++) visit(this.#hashes[index] as number, this.base + (this.#positions[index] as number));
  }

  /** Entries [start, end), as many as a row takes, as a row. Valid until the next call of any part. */
  row(start: number, end: number): Uint8Array {
    const row = rowMemory;
    const { words } = this.form;
    for (let index = start, at = 0; index < end; index++, at += words) this.#write(row, at, index);
    return new Uint8Array(row.buffer, 0, (end - start) * words * 4);
  }

  /** Adds the entries of a row. */
  addRow(row: Uint8Array): void {
    forEntries(this.form, row, (hash, position, storeTimestamp) => this.add(hash, this.base + position, storeTimestamp));
  }

  /** Visits the entries bucket by bucket, inside a bucket in log order, in rows that are valid until the next call of any part. */
  forBuckets(buckets: number, visit: (bucket: number, piece: number, row: Uint8Array) => void): void {
    const { count } = this;
    const hashes = this.#hashes;
    const { words, rowEntries } = this.form;
    const scale = buckets / two32;
    const ends = new Uint32Array(buckets);
    for (let index = 0; index < count; index++) ends[((hashes[index] as number) * scale) | 0]!++;
    for (let bucket = 0, end = 0; bucket < buckets; bucket++) {
      end += ends[bucket] as number;
      ends[bucket] = end;
    }
    if (bucketMemory.length < count * words) bucketMemory = new Uint32Array(count * words);
    const sorted = bucketMemory;
    for (let index = count - 1; index >= 0; index--) {
      this.#write(sorted, --ends[((hashes[index] as number) * scale) | 0]! * words, index);
    }
    // What were ends are starts now.
    for (let bucket = 0; bucket < buckets; bucket++) {
      const end = bucket + 1 < buckets ? (ends[bucket + 1] as number) : count;
      let piece = 0;
      for (let start = ends[bucket] as number; start < end; start += rowEntries) {
        const entries = Math.min(rowEntries, end - start);
        visit(bucket, piece++, new Uint8Array(sorted.buffer, start * words * 4, entries * words * 4));
      }
    }
  }

  #write(target: Uint32Array, at: number, index: number): void {
    target[at] = this.#hashes[index] as number;
    target[at + 1] = this.#positions[index] as number;
    if (this.#times === undefined) return;
    const time = this.#times[index] as number;
    target[at + 2] = time / two32;
    target[at + 3] = time;
  }

  #grow(): void {
    const capacity = this.#hashes.length * 2;
    const hashes = new Uint32Array(capacity);
    const positions = new Uint32Array(capacity);
    hashes.set(this.#hashes);
    positions.set(this.#positions);
    this.#hashes = hashes;
    this.#positions = positions;
    if (this.#times === undefined) return;
    const times = new Float64Array(capacity);
    times.set(this.#times);
    this.#times = times;
  }
}

/** The bucket of a run of `buckets` in which entries with this hash are. */
export function bucketOf(hash: number, buckets: number): number {
  return ((hash * buckets) / two32) | 0;
}

/** Visits the entries of a row; positions are relative to the base of its part. Returns how many there are. */
export function forEntries({ words }: KeyEntryForm, row: Uint8Array, visit: (hash: number, position: number, storeTimestamp: number) => void): number {
  // A copy: it may lie anywhere in memory.
  const numbers = new Uint32Array(row.length >>> 2);
  new Uint8Array(numbers.buffer).set(row.subarray(0, numbers.byteLength));
  const count = Math.floor(numbers.length / words);
  for (let index = 0, at = 0; index < count; index++, at += words) {
    const storeTimestamp = words === 2 ? 0 : (numbers[at + 2] as number) * two32 + (numbers[at + 3] as number);
    visit(numbers[at] as number, numbers[at + 1] as number, storeTimestamp);
  }
  return count;
}
