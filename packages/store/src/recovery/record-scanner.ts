import { RecordMagic, RecordView } from '@kitemq/protocol';
import type { DiskFile } from '@kitemq/runtime';
import { fillerBytes, isWholeRecord } from '../commit-log/record-format.ts';
import { SegmentWindow } from './segment-window.ts';

/** What is at a place in the log. */
export const Scanned = {
  /** A whole valid record: `view`, `buffer`, `offset`, `size`. */
  record: 0,
  /** The filler that ends a segment; `size` is the rest of the segment. */
  filler: 1,
  /** Nothing was ever written here: zeros, or the end of the file. */
  nothing: 2,
  /** Bytes that are no record. */
  broken: 3,
} as const;
export type Scanned = (typeof Scanned)[keyof typeof Scanned];

/** A record that a scanner stands at; valid until it goes on. */
export interface ScannedRecord {
  /** Moved to the record. */
  readonly view: RecordView;
  /** Where its bytes are. */
  readonly buffer: Buffer;
  readonly offset: number;
  readonly size: number;
  /** Log position. */
  readonly position: number;
}

/** What a scanner reads: a segment of the log, or something with the shape of one. */
export interface ScannedSegment {
  /** Log positions. */
  readonly start: number;
  readonly end: number;
  readonly file: DiskFile;
}

/** Reads a segment record by record, verifying each once: lengths, CRC, place, lost sectors. */
export class RecordScanner implements ScannedRecord {
  readonly view: RecordView = new RecordView();
  readonly #segment: ScannedSegment;
  readonly #recordBytesMax: number;
  /** Of the file when the scanner was made: what was added since is not seen. */
  readonly fileLength: number;
  readonly #window: SegmentWindow;
  /** Log position of what the last {@link next} found. */
  position: number;
  offset = 0;
  size = 0;
  #nextPosition: number;

  constructor(segment: ScannedSegment, from: number, recordBytesMax: number) {
    this.#segment = segment;
    this.#recordBytesMax = recordBytesMax;
    this.fileLength = segment.file.sizeSync();
    this.#nextPosition = this.position = from;
    this.#window = new SegmentWindow(segment.file, from - segment.start, this.fileLength);
  }

  get buffer(): Buffer {
    return this.#window.buffer;
  }

  /** True when {@link advance} would spare the next records a wait for the disk. */
  get isRunningOut(): boolean {
    return this.#window.isRunningOut(this.#nextPosition - this.#segment.start);
  }

  /** Takes over what was read ahead, and reads further ahead while the next records are looked at. */
  advance(): Promise<void> {
    return this.#window.advance(this.#nextPosition - this.#segment.start);
  }

  /** Goes on at another position of the segment. */
  seek(position: number): void {
    this.#nextPosition = position;
  }

  next(): Scanned {
    const position = this.#nextPosition;
    const window = this.#window;
    this.position = position;
    this.size = 0;
    const at = position - this.#segment.start;
    let offset = window.offsetOf(at, fillerBytes);
    if (offset < 0) return at >= this.fileLength ? Scanned.nothing : Scanned.broken;
    this.offset = offset;
    const declared = window.buffer.readInt32BE(offset);
    const magic = window.buffer.readInt32BE(offset + 4);
    const room = this.#segment.end - position;
    if (magic === RecordMagic.blank) return this.#filler(declared, room, this.fileLength - at);
    if (declared === 0 && magic === 0) return Scanned.nothing;
    if (declared < fillerBytes || declared > this.#recordBytesMax || declared > room) return Scanned.broken;
    offset = window.offsetOf(at, declared);
    if (offset < 0 || !isWholeRecord(window.buffer, offset, declared, position, this.view)) return Scanned.broken;
    this.offset = offset;
    this.size = declared;
    this.#nextPosition = position + declared;
    return Scanned.record;
  }

  #filler(declared: number, room: number, rest: number): Scanned {
    // A last segment made with another configured size ends where its file ends.
    if (declared !== room && declared !== rest) return Scanned.broken;
    this.size = declared;
    this.#nextPosition = this.position + declared;
    return Scanned.filler;
  }
}
