import type { Disk } from '@kitemq/runtime';
import { segmentPosition } from './commit-log/segment-name.ts';
import { storePaths } from './recovery/start-up.ts';

/** Whether the folder is a store with a commit log that was written to. A store that was only opened has none. */
export function storeHasData(disk: Disk, path: string): boolean {
  return disk.listSync(storePaths(path).commitLog).some((name) => segmentPosition(name) !== undefined);
}
