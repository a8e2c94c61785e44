import { check } from '../check.ts';

interface Written<T> {
  readonly number: number;
  readonly value: T;
}

/** What was written to a single place (a consumer offset, a setting): the last value known to be durable, and all since. */
export class ValueLedger<T> {
  readonly #name: string;
  #durable: Written<T>;
  #since: Written<T>[] = [];
  #number = 0;

  constructor(name: string, initial: T) {
    this.#name = name;
    this.#durable = { number: 0, value: initial };
  }

  get last(): T {
    return (this.#since.at(-1) ?? this.#durable).value;
  }

  wrote(value: T): void {
    this.#since.push({ number: ++this.#number, value });
  }

  /** For later: what was written up to now is durable. */
  markNow(): { durable(): void } {
    const mark = this.#number;
    return {
      durable: (): void => {
        for (let next = this.#since[0]; next !== undefined && next.number <= mark; next = this.#since[0]) {
          this.#durable = next;
          this.#since.shift();
        }
      },
    };
  }

  /** After a restart: the value must be the durable one or a later one (or the one that the store may fall back to); it is the one from now on. */
  verify(found: T, clean: boolean, fallback?: T): void {
    const allowed = clean ? [this.last] : [this.#durable, ...this.#since].map(({ value }) => value);
    if (fallback !== undefined && !clean) allowed.push(fallback);
    check(allowed.includes(found), () => `${this.#name} is ${String(found)} after the restart, not one of ${allowed.map(String).join(', ')}`);
    this.#durable = { number: ++this.#number, value: found };
    this.#since = [];
  }
}
