import type { Disk, DiskFile } from '@kitemq/runtime';
import { segmentName } from '../commit-log/segment-name.ts';
import { listSegments } from '../recovery/list-segments.ts';
import { storePaths } from '../recovery/store-folder.ts';

/** Apache's segment size, where none can be seen. */
const segmentBytesUsual: number = 1024 * 1024 * 1024;

/** A segment of a log that is only looked at. */
export interface LogFile {
  readonly name: string;
  readonly path: string;
  /** Log positions. */
  readonly start: number;
  readonly end: number;
  readonly file: DiskFile;
  readonly fileBytes: number;
  /** What it takes on the disk: files have holes. */
  readonly allocatedBytes: number;
}

/** Opens the segments for reading, oldest first; a folder with the name of one is left out. The caller closes them. */
export function openLogFiles(disk: Disk, path: string): LogFile[] {
  const { commitLog } = storePaths(path);
  const files: LogFile[] = [];
  for (const { start, end } of listSegments(disk, commitLog, segmentBytesUsual)) {
    const name = segmentName(start);
    const filePath = `${commitLog}/${name}`;
    const stat = disk.statSync(filePath);
    // Retention may have taken it since it was listed.
    if (stat === undefined || stat.isDirectory) continue;
    files.push({ name, path: filePath, start, end, file: disk.openSync(filePath, 'read'), fileBytes: stat.size, allocatedBytes: stat.allocatedBytes });
  }
  return files;
}

export function closeLogFiles(files: readonly LogFile[]): void {
  for (const { file } of files) file.closeSync();
}
