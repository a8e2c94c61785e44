/** Called when an asynchronous disk operation ended. `error` is undefined on success. */
export type DiskCallback = (error: Error | undefined) => void;

/** Called when an asynchronous read ended; `bytesRead` is short only at the end of the file. */
export type ReadCallback = (error: Error | undefined, bytesRead: number) => void;

/**
 * An open file. Writes go to the operating system's cache (they survive a killed process);
 * only `datasync` makes them survive a power cut. Positions and lengths are bytes.
 * Every method throws (or calls back with) an `Error` whose `code` is the system's (`ENOSPC`, `EIO`, …).
 */
export interface DiskFile {
  readonly path: string;
  /** Reads into `target[targetOffset, targetOffset + length)`; returns how many bytes, short only at the end of the file. */
  readSync(target: Uint8Array, targetOffset: number, length: number, position: number): number;
  /** As `readSync`, off the event loop. `target` belongs to the disk until the callback. */
  read(target: Uint8Array, targetOffset: number, length: number, position: number, done: ReadCallback): void;
  /** Writes all of `source[sourceOffset, sourceOffset + length)` at `position`, or throws having written a prefix. */
  writeSync(source: Uint8Array, sourceOffset: number, length: number, position: number): void;
  /** Makes all completed writes of this file durable, off the event loop. After an error nothing may be assumed about them. */
  datasync(done: DiskCallback): void;
  datasyncSync(): void;
  /** Sets the file's length: cuts it, or extends it with a hole of zeros. */
  truncateSync(length: number): void;
  sizeSync(): number;
  closeSync(): void;
  /** As `closeSync`, off the event loop: for files that were removed while open, whose space is given back now. */
  closeInBackground(): void;
}

export interface DiskStat {
  readonly size: number;
  /** What it takes on the disk: less than `size` when it has holes. */
  readonly allocatedBytes: number;
  readonly isDirectory: boolean;
  /** Milliseconds since the epoch. */
  readonly modifiedTime: number;
}

export interface DiskSpace {
  readonly totalBytes: number;
  readonly freeBytes: number;
}

/** An exclusive claim on a path; ends with the process at the latest. */
export interface DiskLock {
  release(): void;
}

/** How to open: `read` an existing file, `write` an existing one (read and write), or `create` it if absent (read and write, never truncates). */
export type OpenMode = 'read' | 'write' | 'create';

/** A file system. Paths are absolute. Directory entries are durable only after `syncDirectorySync` of their directory. */
export interface Disk {
  openSync(path: string, mode: OpenMode): DiskFile;
  /** Creates the directory and its parents; harmless when it exists. */
  makeDirectorySync(path: string): void;
  /** Names in the directory, sorted; empty when it does not exist. */
  listSync(path: string): string[];
  /** Undefined when there is nothing at `path`. */
  statSync(path: string): DiskStat | undefined;
  readFileSync(path: string): Uint8Array;
  /** Replaces the file's content so that after a crash it is either the old or the new one, durably the new one on return. */
  replaceFileSync(path: string, content: Uint8Array): void;
  renameSync(from: string, to: string): void;
  /**
   * Gives the file `from` a second name (a hard link): no bytes are copied, a change through one name shows through both.
   * Fails with `EEXIST` when there is something at `to`, with `EXDEV`, `EPERM` or the like where the file system cannot do it.
   */
  linkSync(from: string, to: string): void;
  /** Removes a file or a directory with all that is in it; harmless when absent. */
  removeSync(path: string): void;
  /** Makes creations, renames and removals in the directory durable. */
  syncDirectorySync(path: string): void;
  /** Size and free space of the file system that holds `path`. */
  spaceSync(path: string): DiskSpace;
  /**
   * Takes the exclusive lock at `path`.
   * @throws KiteError `KITE_DISK_LOCKED` when another live process (or another holder in this one) has it; `details.pid` says who.
   */
  lockSync(path: string): DiskLock;
  /** The process that holds the lock at `path`; undefined when nobody alive does. Changes nothing. */
  lockHolderSync(path: string): number | undefined;
}
