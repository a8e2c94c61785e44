import * as fs from 'node:fs';
import type { DiskCallback, DiskFile, ReadCallback } from '../disk.ts';

/** An open file of the machine's file system. */
export class NodeDiskFile implements DiskFile {
  readonly path: string;
  readonly #fd: number;
  #pending = 0;
  #closed = false;
  #inBackground = false;

  constructor(path: string, fd: number) {
    this.path = path;
    this.#fd = fd;
  }

  readSync(target: Uint8Array, targetOffset: number, length: number, position: number): number {
    const fd = this.#open();
    let done = 0;
    while (done < length) {
      const read = fs.readSync(fd, target, targetOffset + done, length - done, position + done);
      if (read === 0) break;
      done += read;
    }
    return done;
  }

  read(target: Uint8Array, targetOffset: number, length: number, position: number, done: ReadCallback): void {
    const fd = this.#open();
    this.#pending++;
    let total = 0;
    const next = (): void => {
      fs.read(fd, target, targetOffset + total, length - total, position + total, (error, bytesRead) => {
        if (error === null) {
          total += bytesRead;
          if (bytesRead > 0 && total < length) return next();
        }
        this.#settled();
        done(error ?? undefined, total);
      });
    };
    next();
  }

  writeSync(source: Uint8Array, sourceOffset: number, length: number, position: number): void {
    const fd = this.#open();
    let done = 0;
    while (done < length) done += fs.writeSync(fd, source, sourceOffset + done, length - done, position + done);
  }

  datasync(done: DiskCallback): void {
    const fd = this.#open();
    this.#pending++;
    fs.fdatasync(fd, (error) => {
      this.#settled();
      done(error ?? undefined);
    });
  }

  datasyncSync(): void {
    fs.fdatasyncSync(this.#open());
  }

  truncateSync(length: number): void {
    fs.ftruncateSync(this.#open(), length);
  }

  sizeSync(): number {
    return fs.fstatSync(this.#open()).size;
  }

  closeSync(): void {
    if (this.#closed) return;
    this.#closed = true;
    if (this.#pending === 0) fs.closeSync(this.#fd);
  }

  closeInBackground(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#inBackground = true;
    if (this.#pending === 0) this.#release();
  }

  #open(): number {
    if (this.#closed) throw Object.assign(new Error(`EBADF: file is closed, '${this.path}'`), { code: 'EBADF' });
    return this.#fd;
  }

  /** The descriptor outlives the operations in flight: its number must not be reused under them. */
  #settled(): void {
    this.#pending--;
    if (this.#closed && this.#pending === 0) this.#release();
  }

  #release(): void {
    // A failed close has given the descriptor back all the same.
    if (this.#inBackground) fs.close(this.#fd, () => undefined);
    else fs.closeSync(this.#fd);
  }
}
