import { RecordMagic } from '@kitemq/protocol';
import type { LogSegment } from '../commit-log/log-segment.ts';
import { fillerBytes, isWholeRecord } from '../commit-log/record-format.ts';

const windowBytes = 1024 * 1024;

/** What is at a place in the log. */
export const Scanned = {
  /** A whole valid record: `buffer`, `offset`, `size`. */
  record: 0,
  /** The filler that ends a segment; `size` is the rest of the segment. */
  filler: 1,
  /** Nothing was ever written here: zeros, or the end of the file. */
  nothing: 2,
  /** Bytes that are no record. */
  broken: 3,
} as const;
export type Scanned = (typeof Scanned)[keyof typeof Scanned];

/** Reads a segment record by record, verifying each. */
export class RecordScanner {
  readonly #segment: LogSegment;
  readonly #recordBytesMax: number;
  readonly #fileLength: number;
  #buffer: Buffer;
  /** File offsets of the window in the buffer. */
  #windowStart = 0;
  #windowEnd = 0;
  /** Log position of what the last {@link next} found. */
  position: number;
  offset = 0;
  size = 0;
  #nextPosition: number;

  constructor(segment: LogSegment, from: number, recordBytesMax: number) {
    this.#segment = segment;
    this.#recordBytesMax = recordBytesMax;
    this.#fileLength = segment.file.sizeSync();
    this.#nextPosition = this.position = from;
    this.#windowStart = this.#windowEnd = from - segment.start;
    this.#buffer = Buffer.allocUnsafe(Math.min(windowBytes, Math.max(fillerBytes, this.#fileLength)));
  }

  /** Where the bytes of the record are; valid until the next call. */
  get buffer(): Buffer {
    return this.#buffer;
  }

  /** Goes on at another position of the segment. */
  seek(position: number): void {
    this.#nextPosition = position;
    this.#windowStart = this.#windowEnd = position - this.#segment.start;
  }

  next(): Scanned {
    const position = this.#nextPosition;
    this.position = position;
    this.size = 0;
    const at = position - this.#segment.start;
    if (!this.#have(at, fillerBytes)) return at >= this.#fileLength ? Scanned.nothing : Scanned.broken;
    this.offset = at - this.#windowStart;
    const declared = this.#buffer.readInt32BE(this.offset);
    const magic = this.#buffer.readInt32BE(this.offset + 4);
    const room = this.#segment.end - position;
    if (magic === RecordMagic.blank) {
      // A last segment made with another configured size ends where its file ends.
      if (declared !== room && declared !== this.#fileLength - at) return Scanned.broken;
      this.size = declared;
      this.#nextPosition = position + declared;
      return Scanned.filler;
    }
    if (declared === 0 && magic === 0) return Scanned.nothing;
    if (declared < fillerBytes || declared > this.#recordBytesMax || declared > room || !this.#have(at, declared)) return Scanned.broken;
    this.offset = at - this.#windowStart;
    if (!isWholeRecord(this.#buffer, this.offset, declared, position)) return Scanned.broken;
    this.size = declared;
    this.#nextPosition = position + declared;
    return Scanned.record;
  }

  /** Brings file bytes [at, at + length) into the buffer; false when the file ends before. */
  #have(at: number, length: number): boolean {
    if (at >= this.#windowStart && at + length <= this.#windowEnd) return true;
    if (at + length > this.#fileLength) return false;
    let buffer = this.#buffer;
    if (length > buffer.length) buffer = Buffer.allocUnsafe(length);
    const kept = Math.max(0, this.#windowEnd - at);
    if (kept > 0) this.#buffer.copy(buffer, 0, at - this.#windowStart, this.#windowEnd - this.#windowStart);
    const read = this.#segment.file.readSync(buffer, kept, Math.min(buffer.length - kept, this.#fileLength - at - kept), at + kept);
    this.#buffer = buffer;
    this.#windowStart = at;
    this.#windowEnd = at + kept + read;
    return length <= kept + read;
  }
}
