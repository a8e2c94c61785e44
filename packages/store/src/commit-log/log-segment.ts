import type { Disk, DiskCallback, DiskFile } from '@kitemq/runtime';
import { type ClosableSegment, type OpenSegments, openSegmentsOf } from './open-segments.ts';
import { segmentName } from './segment-name.ts';

/**
 * How far a segment's file is extended (with a hole) at a time. Writing inside the file's length saves the journal commit that a
 * growing file costs at each fdatasync (p50 of 1 KiB: 72 µs inside, 148 µs growing, 89 µs zero-filled; 2-core VM, ext4), and a step
 * keeps what has to be checked for forgotten bytes after a crash small.
 */
export const extensionStepBytes: number = 16 * 1024 * 1024;

/** One file of the commit log. Opened when it is used, and closed when many others were used since. */
export class LogSegment implements ClosableSegment {
  /** Log position of the first byte, and of the first byte after the segment when it is full. */
  readonly start: number;
  /** Set by recovery when the filler on disk says otherwise than the configuration. */
  end: number;
  readonly path: string;
  readonly #disk: Disk;
  readonly #directory: string;
  readonly #open: OpenSegments;
  #file: DiskFile | undefined;
  #fileLength = -1;
  /** Writes so far, and how many of them fdatasync has confirmed. */
  #writes = 0;
  #synced = 0;

  constructor(disk: Disk, directory: string, range: { readonly start: number; readonly end: number }) {
    this.start = range.start;
    this.end = range.end;
    this.path = `${directory}/${segmentName(range.start)}`;
    this.#disk = disk;
    this.#directory = directory;
    this.#open = openSegmentsOf(disk);
  }

  /** The open file, for reads. Not to be kept: it may be closed when another segment is used. */
  get file(): DiskFile {
    this.#file ??= this.#disk.openSync(this.path, 'write');
    this.#open.used(this);
    return this.#file;
  }

  get isClosable(): boolean {
    return this.#synced === this.#writes;
  }

  release(): void {
    this.#file?.closeSync();
    this.#file = undefined;
  }

  /** Length of the file as far as it is known here; -1 before the first {@link prepare}. */
  get fileLength(): number {
    return this.#fileLength;
  }

  /** Makes the file exist and reach at least to log position `until`, so that writes up to there do not grow it. */
  prepare(until: number): void {
    const length = until - this.start;
    if (this.#fileLength < 0) this.#create();
    if (length <= this.#fileLength) return;
    const steps = Math.ceil(length / extensionStepBytes) * extensionStepBytes;
    this.#extend(Math.min(steps, this.end - this.start));
  }

  /** Gives the file the full length that Apache's segments have. */
  seal(): void {
    if (this.#fileLength < 0) this.#create();
    if (this.#fileLength < this.end - this.start) this.#extend(this.end - this.start);
  }

  write(source: Uint8Array, offset: number, length: number, position: number): void {
    this.#writes++;
    this.file.writeSync(source, offset, length, position - this.start);
  }

  /** Makes what is written by now durable, off the event loop. After an error nothing may be assumed about it. */
  datasync(done: DiskCallback): void {
    const writes = this.#writes;
    this.file.datasync((error) => {
      if (error === undefined) this.#synced = Math.max(this.#synced, writes);
      done(error);
    });
  }

  datasyncSync(): void {
    this.file.datasyncSync();
  }

  /** Cuts everything from log position `position` on, so that no stale bytes can be taken for records later. */
  cut(position: number): void {
    if (this.#fileLength < 0) this.#create();
    const length = position - this.start;
    if (this.file.sizeSync() > length) this.file.truncateSync(length);
    this.#fileLength = this.file.sizeSync();
  }

  /** Removes the file of a segment that was begun in vain. */
  discard(): void {
    const wasMade = this.#file !== undefined || this.#disk.statSync(this.path) !== undefined;
    this.close();
    if (!wasMade) return;
    this.#disk.removeSync(this.path);
    this.#disk.syncDirectorySync(this.#directory);
  }

  /** Removes the file's name. The file stays open and can be read. */
  unlink(): void {
    this.#file ??= this.#disk.openSync(this.path, 'write');
    this.#open.closed(this);
    this.#disk.removeSync(this.path);
  }

  /** Reads under way go on; the space of an unlinked file comes back when the last has ended, off the event loop. */
  closeInBackground(): void {
    this.#file?.closeInBackground();
    this.#file = undefined;
    this.#open.closed(this);
  }

  close(): void {
    this.release();
    this.#open.closed(this);
    this.#fileLength = -1;
  }

  #create(): void {
    if (this.#file === undefined) {
      const isNew = this.#disk.statSync(this.path) === undefined;
      this.#file = this.#disk.openSync(this.path, 'create');
      if (isNew) this.#disk.syncDirectorySync(this.#directory);
    }
    this.#fileLength = this.file.sizeSync();
  }

  #extend(length: number): void {
    this.file.truncateSync(length);
    this.#fileLength = length;
  }
}
