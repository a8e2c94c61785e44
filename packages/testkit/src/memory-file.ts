import type { DiskCallback, DiskFile, ReadCallback } from '@kitemq/runtime';

const pageBytes = 64 * 1024;

function systemError(code: string, path: string): Error {
  return Object.assign(new Error(`${code}: ${path}`), { code, path });
}

/** A file's bytes, in pages: a hole costs nothing. */
export class MemoryFileContent {
  readonly #pages = new Map<number, Uint8Array>();
  #size = 0;
  modifiedTime = 0;

  get size(): number {
    return this.#size;
  }

  read(target: Uint8Array, targetOffset: number, length: number, position: number): number {
    const count = Math.max(0, Math.min(length, this.#size - position));
    for (let done = 0; done < count; ) {
      const at = position + done;
      const step = Math.min(count - done, pageBytes - (at % pageBytes));
      const page = this.#pages.get(Math.floor(at / pageBytes));
      const into = target.subarray(targetOffset + done, targetOffset + done + step);
      if (page === undefined) into.fill(0);
      else into.set(page.subarray(at % pageBytes, (at % pageBytes) + step));
      done += step;
    }
    return count;
  }

  write(source: Uint8Array, position: number): void {
    for (let done = 0; done < source.length; ) {
      const at = position + done;
      const step = Math.min(source.length - done, pageBytes - (at % pageBytes));
      const index = Math.floor(at / pageBytes);
      let page = this.#pages.get(index);
      if (page === undefined) this.#pages.set(index, (page = new Uint8Array(pageBytes)));
      page.set(source.subarray(done, done + step), at % pageBytes);
      done += step;
    }
    this.#size = Math.max(this.#size, position + source.length);
  }

  truncate(length: number): void {
    const kept = Math.ceil(length / pageBytes);
    for (const index of this.#pages.keys()) if (index >= kept) this.#pages.delete(index);
    // What is cut off must read as zeros when the file grows again.
    this.#pages.get(Math.floor(length / pageBytes))?.fill(0, length % pageBytes);
    this.#size = length;
  }
}

/** An open file in memory. */
export class MemoryFile implements DiskFile {
  readonly path: string;
  readonly #content: MemoryFileContent;
  readonly #writable: boolean;
  readonly #touch: () => number;
  #closed = false;

  constructor(path: string, content: MemoryFileContent, writable: boolean, touch: () => number) {
    this.path = path;
    this.#content = content;
    this.#writable = writable;
    this.#touch = touch;
  }

  readSync(target: Uint8Array, targetOffset: number, length: number, position: number): number {
    this.#check(false);
    return this.#content.read(target, targetOffset, length, position);
  }

  read(target: Uint8Array, targetOffset: number, length: number, position: number, done: ReadCallback): void {
    this.#check(false);
    queueMicrotask(() => done(undefined, this.#content.read(target, targetOffset, length, position)));
  }

  writeSync(source: Uint8Array, sourceOffset: number, length: number, position: number): void {
    this.#check(true);
    this.#content.write(source.subarray(sourceOffset, sourceOffset + length), position);
    this.#content.modifiedTime = this.#touch();
  }

  datasync(done: DiskCallback): void {
    this.#check(false);
    queueMicrotask(() => done(undefined));
  }

  datasyncSync(): void {
    this.#check(false);
  }

  truncateSync(length: number): void {
    this.#check(true);
    this.#content.truncate(length);
    this.#content.modifiedTime = this.#touch();
  }

  sizeSync(): number {
    this.#check(false);
    return this.#content.size;
  }

  closeSync(): void {
    this.#closed = true;
  }

  closeInBackground(): void {
    this.#closed = true;
  }

  #check(writing: boolean): void {
    if (this.#closed || (writing && !this.#writable)) throw systemError('EBADF', this.path);
  }
}
