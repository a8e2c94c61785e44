import { recordSizeAt } from '@kitemq/protocol';

const noMemory: ArrayBufferLike = new ArrayBuffer(0);

/** What a transient read gives: views of the blocks, one for records that lie one behind the other. */
export class BorrowedPieces {
  readonly list: Uint8Array[] = [];
  #bytes: Buffer | undefined;
  /** Of `#bytes`: what a typed array is asked for these takes as long as making a view. */
  #memory: ArrayBufferLike = noMemory;
  #memoryOffset = 0;
  /** The piece that is growing (end -1: none). */
  #start = 0;
  #end = -1;

  add(bytes: Buffer, offset: number, size: number): void {
    if (offset !== this.#end || bytes !== this.#bytes) {
      this.end();
      if (bytes !== this.#bytes) {
        this.#bytes = bytes;
        this.#memory = bytes.buffer;
        this.#memoryOffset = bytes.byteOffset;
      }
      this.#start = offset;
    }
    this.#end = offset + size;
  }

  addRecord(record: Uint8Array): void {
    this.end();
    this.list.push(record);
  }

  end(): void {
    if (this.#end < 0) return;
    this.list.push(new Uint8Array(this.#memory, this.#memoryOffset + this.#start, this.#end - this.#start));
    this.#end = -1;
  }
}

/** What other reads give: a copy, one view per record. */
export class OwnPieces {
  readonly list: Uint8Array[] = [];
  readonly #memory: Buffer;
  #filled = 0;

  constructor(bytes: number) {
    this.#memory = Buffer.allocUnsafeSlow(bytes);
  }

  add(bytes: Buffer, offset: number, size: number): void {
    const start = this.#filled;
    this.#filled += bytes.copy(this.#memory, start, offset, offset + size);
    this.list.push(this.#memory.subarray(start, this.#filled));
  }

  addRecord(record: Uint8Array): void {
    this.list.push(record);
  }

  end(): void {}
}

/** Records in pieces of one or more. */
export function countIn(pieces: readonly Uint8Array[]): number {
  let count = 0;
  for (const piece of pieces) for (let at = 0; at < piece.length; at += recordSizeAt(piece, at)) count++;
  return count;
}
