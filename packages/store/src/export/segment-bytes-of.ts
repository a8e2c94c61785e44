import type { Disk } from '@kitemq/runtime';
import { segmentName, segmentPosition } from '../commit-log/segment-name.ts';

/** The size of commit log files where a log does not show it, as Apache's. */
const usual: number = 1024 * 1024 * 1024;
const least = 4096;

/** The size of the log's files: all but the last are full, and the last has its full length when the store was closed in an orderly way. */
export function segmentBytesOf(disk: Disk, directory: string, isClosed: boolean): number {
  const starts = disk.listSync(directory).flatMap((name) => segmentPosition(name) ?? []).sort((a, b) => a - b);
  const first = starts[0];
  const size = first === undefined ? 0 : (disk.statSync(`${directory}/${segmentName(first)}`)?.size ?? 0);
  return size < least || (starts.length === 1 && !isClosed) ? Math.max(size, usual) : size;
}
