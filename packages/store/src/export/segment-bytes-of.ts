import type { Disk } from '@kitemq/runtime';
import { segmentName, segmentPosition } from '../commit-log/segment-name.ts';

/** The size of commit log files where a log does not show it, as Apache's. */
const usual: number = 1024 * 1024 * 1024;
const least = 4096;

/** The size of the log's files: all but the last are full, and one that was closed in an orderly way has its full length too. */
export function segmentBytesOf(disk: Disk, directory: string): number {
  const starts = disk.listSync(directory).flatMap((name) => segmentPosition(name) ?? []).sort((a, b) => a - b);
  const sizes = starts.map((start) => disk.statSync(`${directory}/${segmentName(start)}`)?.size ?? 0);
  const size = sizes[0] ?? 0;
  return sizes.length < 2 && size < least ? usual : Math.max(least, size);
}
