/** Reads looked back at. */
const placesKept = 64;

/** Where the last reads of the log were: tells whether readers come along behind a place, which will soon ask for the same bytes. */
export class ReaderPlaces {
  readonly #places: Float64Array = new Float64Array(placesKept).fill(-Infinity);
  readonly #readers: Float64Array = new Float64Array(placesKept);
  #next = 0;

  /** `reader` (what reads a queue of that number) reads at this log position. */
  note(reader: number, position: number): void {
    this.#places[this.#next] = position;
    this.#readers[this.#next] = reader;
    this.#next = (this.#next + 1) % placesKept;
  }

  /** True when one of the last reads, of another reader than `except`, was in [start, end). */
  hasIn(start: number, end: number, except: number = NaN): boolean {
    const places = this.#places;
    for (let index = 0; index < placesKept; index++) {
      const place = places[index] as number;
      if (place >= start && place < end && this.#readers[index] !== except) return true;
    }
    return false;
  }
}
