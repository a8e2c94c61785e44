import { dirname } from 'node:path';
import type { Disk } from './disk.ts';

/** Makes the directory and its missing parents so that they are still there after a power cut. Harmless when it exists. */
export function ensureDirectorySync(disk: Disk, path: string): void {
  const missing: string[] = [];
  for (let each = path; disk.statSync(each) === undefined && dirname(each) !== each; each = dirname(each)) missing.push(each);
  if (missing.length === 0) return;
  disk.makeDirectorySync(path);
  // A directory's name is durable when its parent was synced, the outermost first.
  for (const each of missing.toReversed()) disk.syncDirectorySync(dirname(each));
}
