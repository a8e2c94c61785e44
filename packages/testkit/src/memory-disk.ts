import { type Clock, type Disk, type DiskFile, type DiskLock, type DiskSpace, type DiskStat, KiteError, type OpenMode } from '@kitemq/runtime';
import { dirname } from 'node:path';
import { MemoryFile, MemoryFileContent } from './memory-file.ts';

/** What the disk says it has: enough for any test. */
const totalBytes = 2 ** 40;

function systemError(code: string, path: string): Error {
  return Object.assign(new Error(`${code}: ${path}`), { code, path });
}

/** A file system in this process's memory. It is as durable as the object: a broker that is stopped and started again finds its data. */
export class MemoryDisk implements Disk {
  readonly #clock: Clock;
  readonly #files = new Map<string, MemoryFileContent>();
  readonly #directories = new Set<string>(['/']);
  readonly #locks = new Map<string, DiskLock>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  openSync(path: string, mode: OpenMode): DiskFile {
    let content = this.#files.get(path);
    if (this.#directories.has(path)) throw systemError('EISDIR', path);
    if (content === undefined) {
      if (mode !== 'create' || !this.#directories.has(dirname(path))) throw systemError('ENOENT', path);
      content = this.#create(path);
    }
    return new MemoryFile(path, content, mode !== 'read', () => this.#clock.now());
  }

  makeDirectorySync(path: string): void {
    if (this.#files.has(path)) throw systemError('EEXIST', path);
    if (this.#directories.has(path)) return;
    this.makeDirectorySync(dirname(path));
    this.#directories.add(path);
  }

  listSync(path: string): string[] {
    const prefix = path === '/' ? '/' : `${path}/`;
    const names = [...this.#files.keys(), ...this.#directories].filter((each) => each.startsWith(prefix) && each.length > prefix.length);
    return [...new Set(names.map((each) => each.slice(prefix.length)).filter((name) => !name.includes('/')))].sort();
  }

  statSync(path: string): DiskStat | undefined {
    if (this.#directories.has(path)) return { size: 0, allocatedBytes: 0, isDirectory: true, modifiedTime: 0 };
    const content = this.#files.get(path);
    return content === undefined ? undefined : { size: content.size, allocatedBytes: content.size, isDirectory: false, modifiedTime: content.modifiedTime };
  }

  readFileSync(path: string): Uint8Array {
    const content = this.#files.get(path);
    if (content === undefined) throw systemError(this.#directories.has(path) ? 'EISDIR' : 'ENOENT', path);
    const bytes = new Uint8Array(content.size);
    content.read(bytes, 0, bytes.length, 0);
    return bytes;
  }

  replaceFileSync(path: string, bytes: Uint8Array): void {
    if (!this.#directories.has(dirname(path))) throw systemError('ENOENT', path);
    if (this.#directories.has(path)) throw systemError('EISDIR', path);
    this.#create(path).write(bytes, 0);
  }

  renameSync(from: string, to: string): void {
    if (this.#directories.has(from)) return this.#renameDirectory(from, to);
    const content = this.#files.get(from);
    if (content === undefined || !this.#directories.has(dirname(to))) throw systemError('ENOENT', from);
    if (this.#directories.has(to)) throw systemError('EISDIR', to);
    this.#files.delete(from);
    this.#files.set(to, content);
  }

  linkSync(from: string, to: string): void {
    const content = this.#files.get(from);
    if (content === undefined) throw systemError(this.#directories.has(from) ? 'EPERM' : 'ENOENT', from);
    if (this.#files.has(to) || this.#directories.has(to)) throw systemError('EEXIST', to);
    if (!this.#directories.has(dirname(to))) throw systemError('ENOENT', to);
    this.#files.set(to, content);
  }

  removeSync(path: string): void {
    for (const each of this.#within(path)) {
      this.#files.delete(each);
      this.#directories.delete(each);
    }
  }

  syncDirectorySync(path: string): void {
    if (!this.#directories.has(path)) throw systemError('ENOENT', path);
  }

  spaceSync(_path: string): DiskSpace {
    const used = [...this.#files.values()].reduce((sum, content) => sum + content.size, 0);
    return { totalBytes, freeBytes: Math.max(0, totalBytes - used) };
  }

  lockSync(path: string): DiskLock {
    if (this.#locks.has(path)) {
      throw new KiteError('KITE_DISK_LOCKED', `${path} is locked by another broker of this process`, { retryable: true, details: { path, pid: process.pid } });
    }
    if (!this.#directories.has(dirname(path))) throw systemError('ENOENT', path);
    const lock: DiskLock = {
      release: () => {
        if (this.#locks.get(path) === lock) this.#locks.delete(path);
      },
    };
    this.#locks.set(path, lock);
    return lock;
  }

  lockHolderSync(path: string): number | undefined {
    return this.#locks.has(path) ? process.pid : undefined;
  }

  #create(path: string): MemoryFileContent {
    const content = new MemoryFileContent();
    content.modifiedTime = this.#clock.now();
    this.#files.set(path, content);
    return content;
  }

  #within(path: string): string[] {
    return [...this.#files.keys(), ...this.#directories].filter((each) => each === path || each.startsWith(`${path}/`));
  }

  #renameDirectory(from: string, to: string): void {
    if (this.#files.has(to) || this.listSync(to).length > 0) throw systemError('ENOTEMPTY', to);
    for (const each of this.#within(from)) {
      const moved = to + each.slice(from.length);
      const content = this.#files.get(each);
      if (content === undefined) this.#directories.add(moved);
      else this.#files.set(moved, content);
      this.#files.delete(each);
      this.#directories.delete(each);
    }
  }
}
