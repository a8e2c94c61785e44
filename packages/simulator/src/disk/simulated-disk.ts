import { posix } from 'node:path';
import type { Clock, Disk, DiskFile, DiskLock, DiskSpace, DiskStat, OpenMode } from '@kitemq/runtime';
import { KiteError } from '@kitemq/runtime';
import type { ProcessContext } from '../core/process-context.ts';
import { FileNode } from './file-node.ts';
import type { MachineDisk } from './machine-disk.ts';
import { DirectoryNode } from './name-space.ts';
import { SimulatedFile } from './simulated-file.ts';
import { systemError } from './system-error.ts';

const normal = (path: string): string => {
  const normalised = posix.normalize(path);
  return normalised.length > 1 && normalised.endsWith('/') ? normalised.slice(0, -1) : normalised;
};

/** A machine's disk as one life of a process sees it. */
export class SimulatedDisk implements Disk {
  readonly #context: ProcessContext;
  readonly #clock: Clock;

  constructor(context: ProcessContext, clock: Clock) {
    this.#context = context;
    this.#clock = clock;
  }

  openSync(path: string, mode: OpenMode): DiskFile {
    const at = normal(path);
    this.#context.checkAlive();
    let node: FileNode | DirectoryNode | undefined = this.#names.entries.get(at);
    if (node instanceof DirectoryNode) throw systemError('EISDIR', 'open', path);
    if (node === undefined) {
      if (mode !== 'create') throw systemError('ENOENT', 'open', path);
      this.#checkParent(at, 'open');
      const created = new FileNode();
      created.modifiedTime = this.#clock.now();
      this.#context.change(() => this.#names.add(at, created));
      node = created;
    }
    return new SimulatedFile(at, node, mode !== 'read', { context: this.#context, clock: this.#clock });
  }

  makeDirectorySync(path: string): void {
    this.#context.checkAlive();
    const at = normal(path);
    const existing = this.#names.entries.get(at);
    if (existing instanceof DirectoryNode) return;
    if (existing !== undefined) throw systemError('ENOTDIR', 'mkdir', path);
    this.makeDirectorySync(posix.dirname(at));
    this.#context.change(() => this.#names.add(at, new DirectoryNode()));
  }

  listSync(path: string): string[] {
    this.#context.checkAlive();
    return this.#names.names(normal(path));
  }

  statSync(path: string): DiskStat | undefined {
    this.#context.checkAlive();
    const node = this.#names.entries.get(normal(path));
    if (node === undefined) return undefined;
    if (!(node instanceof FileNode)) return { size: 0, allocatedBytes: 0, isDirectory: true, modifiedTime: 0 };
    return { size: node.cache.size, allocatedBytes: node.allocatedEnd, isDirectory: false, modifiedTime: node.modifiedTime };
  }

  readFileSync(path: string): Uint8Array {
    const file = this.openSync(path, 'read');
    const bytes = Buffer.alloc(file.sizeSync());
    file.readSync(bytes, 0, bytes.length, 0);
    return bytes;
  }

  replaceFileSync(path: string, content: Uint8Array): void {
    const at = normal(path);
    const temporary = `${at}.tmp`;
    const file = this.openSync(temporary, 'create');
    file.truncateSync(0);
    file.writeSync(content, 0, content.length, 0);
    file.datasyncSync();
    file.closeSync();
    this.renameSync(temporary, at);
    this.syncDirectorySync(posix.dirname(at));
  }

  renameSync(from: string, to: string): void {
    this.#context.checkAlive();
    const source = normal(from);
    const target = normal(to);
    if (!this.#names.entries.has(source)) throw systemError('ENOENT', 'rename', from);
    this.#mayFail('rename', from);
    this.#checkParent(target, 'rename');
    const replaced = this.#names.entries.get(target);
    this.#context.change(() => {
      this.#names.rename(source, target);
      this.#machine.renameKeyValues(source, target);
      if (replaced instanceof FileNode && source !== target) this.#free(replaced);
    });
  }

  linkSync(from: string, to: string): void {
    this.#context.checkAlive();
    const target = normal(to);
    const node = this.#names.entries.get(normal(from));
    if (!(node instanceof FileNode)) throw systemError(node === undefined ? 'ENOENT' : 'EPERM', 'link', from);
    if (this.#names.entries.has(target)) throw systemError('EEXIST', 'link', to);
    this.#checkParent(target, 'link');
    this.#context.change(() => this.#names.add(target, node));
  }

  removeSync(path: string): void {
    this.#context.checkAlive();
    const at = normal(path);
    // What is below goes first, each entry a change of its own, as the system call by system call that it is.
    for (const each of this.#names.under(at).sort().reverse()) {
      const node = this.#names.entries.get(each);
      this.#context.change(() => {
        this.#names.remove(each);
        if (node instanceof FileNode) this.#free(node);
        else this.#machine.keyValues.delete(each);
      });
    }
  }

  syncDirectorySync(path: string): void {
    this.#context.checkAlive();
    const at = normal(path);
    if (!(this.#names.entries.get(at) instanceof DirectoryNode)) throw systemError('ENOENT', 'open', path);
    this.#mayFail('fsync', path);
    this.#context.change(() => this.#names.sync(at));
  }

  spaceSync(_path: string): DiskSpace {
    this.#context.checkAlive();
    const { totalBytes, usedBytes } = this.#machine;
    return { totalBytes, freeBytes: Math.max(0, totalBytes - usedBytes) };
  }

  lockSync(path: string): DiskLock {
    this.#context.checkAlive();
    const at = normal(path);
    const { locks } = this.#machine;
    const holder = locks.get(at);
    if (holder !== undefined) {
      const message = `${at} is locked by process ${holder.owner.processId}; stop it first, or use another directory`;
      throw new KiteError('KITE_DISK_LOCKED', message, { retryable: true, details: { path: at, pid: holder.owner.processId } });
    }
    this.#checkParent(at, 'open');
    const claim = { owner: this.#context.incarnation };
    locks.set(at, claim);
    return {
      release: (): void => {
        if (locks.get(at) === claim) locks.delete(at);
      },
    };
  }

  lockHolderSync(path: string): number | undefined {
    this.#context.checkAlive();
    return this.#machine.locks.get(normal(path))?.owner.processId;
  }

  get #machine(): MachineDisk {
    return this.#context.machine;
  }

  get #names(): MachineDisk['names'] {
    return this.#context.machine.names;
  }

  #mayFail(call: string, path: string): void {
    const { faults, random } = this.#machine;
    if (random.chance(faults.failEntryProbability)) throw systemError('EIO', call, path);
  }

  #free(file: FileNode): void {
    // Another name of the file keeps its bytes.
    for (const entry of this.#names.entries.values()) if (entry === file) return;
    this.#machine.usedBytes -= file.allocatedEnd;
    file.allocatedEnd = 0;
  }

  #checkParent(path: string, call: string): void {
    if (!(this.#names.entries.get(posix.dirname(path)) instanceof DirectoryNode)) throw systemError('ENOENT', call, path);
  }
}
