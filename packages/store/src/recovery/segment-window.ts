import type { DiskFile } from '@kitemq/runtime';

/** So much of a file is read at a time. */
const windowBytes = 4 * 1024 * 1024;
/** What is left of a window is put in front of the next one when it is no longer than this; records are rarely larger. */
const headroomBytes = 256 * 1024;

/** A part of a file in memory that moves along it. Read synchronously where it has to be, ahead where {@link SegmentWindow.advance} is called in time. */
export class SegmentWindow {
  readonly #file: DiskFile;
  readonly #fileLength: number;
  /** Byte `at` of the file is `buffer[at - origin]`, for `from` ≤ `at` < `end`. */
  buffer: Buffer;
  #origin: number;
  #from: number;
  #end: number;
  /** Memory for what is read ahead, of the same layout, and the read under way into it. */
  #spare: Buffer | undefined;
  #ahead: { readonly start: number; readonly length: number; readonly done: Promise<void> } | undefined;

  constructor(file: DiskFile, from: number, fileLength: number) {
    this.#file = file;
    this.#fileLength = fileLength;
    this.#origin = this.#from = this.#end = from;
    this.buffer = Buffer.allocUnsafeSlow(Math.min(headroomBytes + windowBytes, Math.max(64, fileLength - from)));
  }

  /** Where in {@link buffer} file bytes [at, at + length) are; -1 when the file ends before. */
  offsetOf(at: number, length: number): number {
    if (at >= this.#from && at + length <= this.#end) return at - this.#origin;
    if (at + length > this.#fileLength) return -1;
    return this.#read(at, length) ? at - this.#origin : -1;
  }

  isRunningOut(at: number): boolean {
    return this.#end < this.#fileLength && this.#end - at <= headroomBytes;
  }

  async advance(at: number): Promise<void> {
    if (this.#ahead !== undefined && this.#ahead.start === this.#end && at >= this.#from && at <= this.#end && this.#end - at <= headroomBytes) {
      const { start, length, done } = this.#ahead;
      this.#ahead = undefined;
      await done;
      const next = this.#spare as Buffer;
      this.buffer.copy(next, headroomBytes - (start - at), at - this.#origin, start - this.#origin);
      this.#spare = this.buffer.length === next.length ? this.buffer : undefined;
      this.buffer = next;
      this.#origin = start - headroomBytes;
      this.#from = at;
      this.#end = start + length;
    } else {
      // The read that nobody wants any more owns its memory until it ends.
      if (this.#ahead !== undefined) this.#spare = undefined;
      this.#ahead = undefined;
      this.offsetOf(at, Math.min(headroomBytes + 1, this.#fileLength - at));
    }
    this.#readAhead();
  }

  #readAhead(): void {
    const start = this.#end;
    const length = Math.min(windowBytes, this.#fileLength - start);
    if (length <= 0) return;
    const target = (this.#spare ??= Buffer.allocUnsafeSlow(headroomBytes + windowBytes));
    const done = new Promise<void>((resolve, reject) => {
      this.#file.read(target, headroomBytes, length, start, (error, bytesRead) => {
        if (error === undefined && bytesRead === length) resolve();
        else reject(error ?? new Error(`${this.#file.path} became shorter while it was read`));
      });
    });
    // Whoever takes it over hears of a failure; when nobody does, nothing has failed.
    done.catch(() => undefined);
    this.#ahead = { start, length, done };
  }

  #read(at: number, length: number): boolean {
    const size = Math.min(this.#fileLength - at, Math.max(length, Math.min(windowBytes, this.buffer.length)));
    const target = size > this.buffer.length ? Buffer.allocUnsafeSlow(size) : this.buffer;
    const kept = at >= this.#from && at < this.#end ? this.#end - at : 0;
    if (kept > 0) this.buffer.copy(target, 0, at - this.#origin, this.#end - this.#origin);
    const read = size > kept ? this.#file.readSync(target, kept, size - kept, at + kept) : 0;
    this.buffer = target;
    this.#origin = this.#from = at;
    this.#end = at + kept + read;
    return length <= kept + read;
  }
}
