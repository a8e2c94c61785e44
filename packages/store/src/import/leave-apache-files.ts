import type { Disk } from '@kitemq/runtime';
import { apacheOnlyNames, apacheRestDirectory } from './apache-layout.ts';

/**
 * Moves what only Apache understands into a folder of its own: the log has gone on, and those files say nothing about that. Nothing is deleted.
 * May be repeated after a crash.
 */
export function leaveApacheFiles(disk: Disk, path: string): void {
  const rest = `${path}/${apacheRestDirectory}`;
  disk.makeDirectorySync(rest);
  for (const name of apacheOnlyNames) {
    if (disk.statSync(`${path}/${name}`) === undefined || disk.statSync(`${rest}/${name}`) !== undefined) continue;
    disk.renameSync(`${path}/${name}`, `${rest}/${name}`);
  }
  disk.syncDirectorySync(rest);
  disk.syncDirectorySync(path);
}
