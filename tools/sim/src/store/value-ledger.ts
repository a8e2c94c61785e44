import { check } from '../check.ts';

interface Written<T> {
  readonly number: number;
  readonly value: T;
}

/** How what was written up to some moment ended. */
export interface Mark {
  durable(): void;
  /** The last of it is not in the log and never will be. */
  refused(): void;
}

/** What was written to a single place (a consumer offset, a setting): the last value known to be durable, and all since. */
export class ValueLedger<T> {
  readonly #name: string;
  #durable: Written<T>;
  #since: Written<T>[] = [];
  #number = 0;
  readonly #refused: Set<number> = new Set();

  constructor(name: string, initial: T) {
    this.#name = name;
    this.#durable = { number: 0, value: initial };
  }

  get last(): T {
    return (this.#since.at(-1) ?? this.#durable).value;
  }

  /** Nothing is on its way. */
  get settled(): boolean {
    return this.#since.length === 0;
  }

  /** What a restart may find. */
  get possible(): readonly T[] {
    return [this.#durable, ...this.#since].map(({ value }) => value);
  }

  wrote(value: T): void {
    this.#since.push({ number: ++this.#number, value });
  }

  /** For later: what was written up to now. */
  markNow(): Mark {
    const mark = this.#number;
    return {
      durable: (): void => {
        // What came back with the refusal was not written by then.
        if (this.#refused.has(mark)) return;
        for (let next = this.#since[0]; next !== undefined && next.number <= mark; next = this.#since[0]) {
          this.#durable = next;
          this.#since.shift();
        }
      },
      refused: (): void => {
        this.#refused.add(mark);
        this.#since = this.#since.filter(({ number }) => number !== mark);
      },
    };
  }

  /** What readers get is what was written last, of what was not refused: what a restart would find, once nothing is on its way. */
  look(found: T): void {
    check(found === this.last, () => `${this.#name} is ${String(found)}, and ${String(this.last)} was written last`);
  }

  /** After a restart: the value must be the durable one or a later one (or the one that the store may fall back to); it is the one from now on. */
  verify(found: T, clean: boolean, fallback?: T): void {
    const allowed = clean ? [this.last] : [...this.possible];
    if (fallback !== undefined && !clean) allowed.push(fallback);
    check(allowed.includes(found), () => `${this.#name} is ${String(found)} after the restart, not one of ${allowed.map(String).join(', ')}`);
    this.#durable = { number: ++this.#number, value: found };
    this.#since = [];
  }
}
