/** Where a record is, and since when. */
interface TimedRecord {
  readonly position: number;
  readonly storeTimestamp: number;
}

/** Takes records in any order and gives the newest of them back, newest first. */
export class NewestRecords {
  readonly #countMax: number;
  /** Oldest first while {@link #sorted}. */
  #records: TimedRecord[] = [];
  #sorted = true;

  constructor(countMax: number) {
    this.#countMax = countMax;
  }

  add(position: number, storeTimestamp: number): void {
    this.#records.push({ position, storeTimestamp });
    this.#sorted = false;
    if (this.#records.length >= 2 * this.#countMax) this.#sort();
  }

  /** Log position of the newest, if it is newer than `time`; it is given once. */
  takeNewerThan(time: number): number | undefined {
    if (!this.#sorted) this.#sort();
    const newest = this.#records.at(-1);
    if (newest === undefined || newest.storeTimestamp <= time) return undefined;
    this.#records.pop();
    return newest.position;
  }

  #sort(): void {
    this.#records = this.#records.sort((a, b) => a.storeTimestamp - b.storeTimestamp || a.position - b.position).slice(-this.#countMax);
    this.#sorted = true;
  }
}
