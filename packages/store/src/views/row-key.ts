const two32 = 2 ** 32;

/** Writes keys of checkpoint rows: a prefix byte, texts with their length first (so that no name can imitate another), numbers big-endian. */
export class RowKey {
  readonly #parts: Buffer[] = [];

  constructor(prefix: number) {
    this.#parts.push(Buffer.of(prefix));
  }

  text(value: string): this {
    const bytes = Buffer.from(value, 'utf8');
    this.#parts.push(Buffer.of(bytes.length >>> 8, bytes.length & 0xff), bytes);
    return this;
  }

  uint32(value: number): this {
    this.#parts.push(Buffer.of(value >>> 24, (value >>> 16) & 0xff, (value >>> 8) & 0xff, value & 0xff));
    return this;
  }

  bytes(): Buffer {
    return Buffer.concat(this.#parts);
  }
}

/** Reads what {@link RowKey} wrote. */
export class RowKeyReader {
  readonly #key: Buffer;
  #at = 1;

  constructor(key: Uint8Array) {
    this.#key = Buffer.from(key.buffer, key.byteOffset, key.byteLength);
  }

  text(): string {
    const length = this.#key.readUInt16BE(this.#at);
    this.#at += 2 + length;
    return this.#key.toString('utf8', this.#at - length, this.#at);
  }

  uint32(): number {
    this.#at += 4;
    return this.#key.readUInt32BE(this.#at - 4);
  }
}

/** An integer in [0, 2^53) as 8 bytes, big-endian. */
export function writeUint53(target: Buffer, offset: number, value: number): void {
  target.writeUInt32BE(Math.floor(value / two32), offset);
  target.writeUInt32BE(value % two32, offset + 4);
}

export function readUint53(source: Buffer, offset: number): number {
  return source.readUInt32BE(offset) * two32 + source.readUInt32BE(offset + 4);
}

/** An unsigned 32-bit integer, big-endian, wherever it stands; without the view that Buffer's methods need. */
export function uint32At(bytes: Uint8Array, at: number): number {
  return (bytes[at] as number) * 0x1_00_00_00 + (((bytes[at + 1] as number) << 16) | ((bytes[at + 2] as number) << 8) | (bytes[at + 3] as number));
}

/** As {@link readUint53}, of any bytes. */
export function uint53At(bytes: Uint8Array, at: number): number {
  return uint32At(bytes, at) * two32 + uint32At(bytes, at + 4);
}
