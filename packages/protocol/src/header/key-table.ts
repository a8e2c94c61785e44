const slotCount = 256;

/** The wire names of a table, found from their bytes without making a string. */
export class KeyTable {
  readonly #names: readonly Uint8Array[];
  /** Field + 1, by the one byte of its name. */
  readonly #letters = new Uint8Array(256);
  /** Field + 1, by hash; the next slot when taken. */
  readonly #slots = new Uint8Array(slotCount);

  /** At most 64 names. */
  constructor(names: readonly string[]) {
    this.#names = names.map((name) => Buffer.from(name, 'utf8'));
    for (let index = 0; index < this.#names.length; index++) {
      const name = this.#names[index]!;
      if (name.length === 1) this.#letters[name[0]!] = index + 1;
      let slot = hashOf(name, 0, name.length);
      while (this.#slots[slot] !== 0) slot = (slot + 1) & (slotCount - 1);
      this.#slots[slot] = index + 1;
    }
  }

  /** The index of the name that lies in `[start, end)`, or -1. */
  find(bytes: Uint8Array, start: number, end: number): number {
    const length = end - start;
    if (length === 1) return this.#letters[bytes[start]!]! - 1;
    if (length === 0) return -1;
    for (let slot = hashOf(bytes, start, end); ; slot = (slot + 1) & (slotCount - 1)) {
      const index = this.#slots[slot]! - 1;
      if (index < 0) return -1;
      const name = this.#names[index]!;
      if (name.length === length && isSame(name, bytes, start)) return index;
    }
  }
}

function hashOf(bytes: Uint8Array, start: number, end: number): number {
  const length = end - start;
  return (length * 7 + bytes[start]! + bytes[end - 1]! * 17 + bytes[start + (length >> 1)]! * 5) & (slotCount - 1);
}

function isSame(name: Uint8Array, bytes: Uint8Array, start: number): boolean {
  for (let index = 0; index < name.length; index++) if (name[index] !== bytes[start + index]) return false;
  return true;
}
