import { dirname } from 'node:path';
import type { Disk, DiskLock } from '@kitemq/runtime';
import type { ResolvedStoreOptions } from '../store-options.ts';

/** File names in a store's folder, as Apache's where they mean the same. */
export function storePaths(path: string): Readonly<Record<'commitLog' | 'views' | 'lock' | 'abort' | 'quarantine', string>> {
  return { commitLog: `${path}/commitlog`, views: `${path}/views`, lock: `${path}/lock`, abort: `${path}/abort`, quarantine: `${path}/quarantine` };
}

/** Makes the folder and takes its lock. */
export function lockStore(options: ResolvedStoreOptions): DiskLock {
  const { disk } = options.runtime;
  const paths = storePaths(options.path);
  makeDirectoryDurable(disk, paths.commitLog);
  const lock = disk.lockSync(paths.lock);
  try {
    disk.syncDirectorySync(options.path);
  } catch (error) {
    lock.release();
    throw error;
  }
  return lock;
}

/** Makes the directory and its parents so that a power cut does not take one of them with all that is in it. */
function makeDirectoryDurable(disk: Disk, path: string): void {
  const parent = dirname(path);
  if (disk.statSync(path) === undefined) {
    if (parent !== path) makeDirectoryDurable(disk, parent);
    disk.makeDirectorySync(path);
  }
  try {
    // Also when the directory was there: who made it may have died before this.
    disk.syncDirectorySync(parent);
  } catch (error) {
    // A parent that may not be read is not ours; it was there before.
    if ((error as { code?: string }).code !== 'EACCES') throw error;
  }
}

/** What the first checkpoint needs on the disk. */
const newViewsBytesMin = 64 * 1024;

/** LMDB maps the files it makes; where the disk has no room for them the process would end by a signal, so a new store is refused before. */
export function checkRoomForViews(disk: Disk, path: string): void {
  const { freeBytes } = disk.spaceSync(path);
  if (freeBytes < newViewsBytesMin) throw Object.assign(new Error(`only ${freeBytes} bytes are free`), { code: 'ENOSPC', path });
}
