import * as fs from 'node:fs';
import { dirname } from 'node:path';
import type { Disk, DiskFile, DiskLock, DiskSpace, DiskStat, OpenMode } from '../disk.ts';
import { NodeDiskFile } from './node-disk-file.ts';
import { lockHolder, takeLock } from './node-disk-lock.ts';

const { O_CREAT, O_RDONLY, O_RDWR } = fs.constants;
const openFlags: Readonly<Record<OpenMode, number>> = { read: O_RDONLY, write: O_RDWR, create: O_RDWR | O_CREAT };

/** What `stat` counts blocks in, on every system. */
const allocationUnit = 512;

const isAbsent = (error: unknown): boolean => (error as NodeJS.ErrnoException).code === 'ENOENT';

/** The machine's file systems. */
export class NodeDisk implements Disk {
  openSync(path: string, mode: OpenMode): DiskFile {
    return new NodeDiskFile(path, fs.openSync(path, openFlags[mode], 0o644));
  }

  makeDirectorySync(path: string): void {
    // Not `recursive`: Node 20 then tries for ever where a file system answers ENOENT to a new name (/proc).
    try {
      fs.mkdirSync(path);
    } catch (error) {
      if (fs.statSync(path, { throwIfNoEntry: false })?.isDirectory() === true) return;
      const parent = dirname(path);
      if (!isAbsent(error) || parent === path || fs.statSync(parent, { throwIfNoEntry: false }) !== undefined) throw error;
      this.makeDirectorySync(parent);
      fs.mkdirSync(path);
    }
  }

  listSync(path: string): string[] {
    try {
      return fs.readdirSync(path).sort();
    } catch (error) {
      if (isAbsent(error)) return [];
      throw error;
    }
  }

  statSync(path: string): DiskStat | undefined {
    const stat = fs.statSync(path, { throwIfNoEntry: false });
    if (stat === undefined) return undefined;
    return { size: stat.size, allocatedBytes: stat.blocks * allocationUnit, isDirectory: stat.isDirectory(), modifiedTime: Math.floor(stat.mtimeMs) };
  }

  readFileSync(path: string): Uint8Array {
    return fs.readFileSync(path);
  }

  replaceFileSync(path: string, content: Uint8Array): void {
    const temporary = `${path}.tmp`;
    const fd = fs.openSync(temporary, 'w', 0o644);
    try {
      let done = 0;
      while (done < content.length) done += fs.writeSync(fd, content, done, content.length - done, done);
      fs.fsyncSync(fd);
    } finally {
      fs.closeSync(fd);
    }
    fs.renameSync(temporary, path);
    this.syncDirectorySync(dirname(path));
  }

  renameSync(from: string, to: string): void {
    fs.renameSync(from, to);
  }

  linkSync(from: string, to: string): void {
    fs.linkSync(from, to);
  }

  removeSync(path: string): void {
    fs.rmSync(path, { recursive: true, force: true });
  }

  syncDirectorySync(path: string): void {
    // Windows cannot open a directory, and its file systems journal the entries themselves.
    if (process.platform === 'win32') return;
    const fd = fs.openSync(path, O_RDONLY);
    try {
      fs.fsyncSync(fd);
    } finally {
      fs.closeSync(fd);
    }
  }

  spaceSync(path: string): DiskSpace {
    let existing = path;
    while (!fs.existsSync(existing) && dirname(existing) !== existing) existing = dirname(existing);
    const space = fs.statfsSync(existing);
    // As df counts: what is reserved for root, or by a quota, is neither used nor free.
    return { totalBytes: space.bsize * (space.blocks - space.bfree + space.bavail), freeBytes: space.bsize * space.bavail };
  }

  lockSync(path: string): DiskLock {
    return takeLock(path);
  }

  lockHolderSync(path: string): number | undefined {
    return lockHolder(path);
  }
}
