import { KiteError, type Disk, type DiskFile, type DiskStat } from '@kitemq/runtime';
import { type ClosableSegment, OpenSegments, openSegmentsMax } from '../commit-log/open-segments.ts';
import { segmentName } from '../commit-log/segment-name.ts';
import { listSegments } from '../recovery/list-segments.ts';
import { storePaths } from '../recovery/store-folder.ts';

/** Apache's segment size, where none can be seen. */
const segmentBytesUsual: number = 1024 * 1024 * 1024;

/** So many of the oldest are opened at once: retention may take their names meanwhile. */
const openedAtOnce: number = openSegmentsMax / 2;

/** A segment of a log that is only looked at. Opened when it is used, and closed when many others were used since. */
export class LogFile implements ClosableSegment {
  readonly name: string;
  readonly path: string;
  /** Log positions. */
  readonly start: number;
  readonly end: number;
  readonly fileBytes: number;
  /** What it takes on the disk: files have holes. */
  readonly allocatedBytes: number;
  readonly isClosable = true;
  readonly #disk: Disk;
  readonly #open: OpenSegments;
  #file: DiskFile | undefined;

  constructor(disk: Disk, open: OpenSegments, segment: { readonly path: string; readonly start: number; readonly end: number }, stat: DiskStat) {
    this.name = segmentName(segment.start);
    this.path = segment.path;
    this.start = segment.start;
    this.end = segment.end;
    this.fileBytes = stat.size;
    this.allocatedBytes = stat.allocatedBytes;
    this.#disk = disk;
    this.#open = open;
  }

  /** The open file. Not to be kept: it may be closed when another segment is used. @throws KiteError `KITE_STORE_CHANGED` when retention took it */
  get file(): DiskFile {
    this.#file ??= this.#openFile();
    this.#open.used(this);
    return this.#file;
  }

  release(): void {
    this.#file?.closeSync();
    this.#file = undefined;
  }

  #openFile(): DiskFile {
    try {
      return this.#disk.openSync(this.path, 'read');
    } catch (cause) {
      if (this.#disk.statSync(this.path) !== undefined) throw cause;
      throw new KiteError('KITE_STORE_CHANGED', `${this.path} was deleted while the log was read, as brokers do with what has expired; try again`, { cause, retryable: true, details: { path: this.path } });
    }
  }
}

/** The segments for reading, oldest first; a folder with the name of one is left out. The caller closes them. */
export function openLogFiles(disk: Disk, path: string): LogFile[] {
  const open = new OpenSegments();
  const files: LogFile[] = [];
  for (const segment of listSegments(disk, storePaths(path).commitLog, segmentBytesUsual)) {
    const stat = disk.statSync(segment.path);
    // Retention may have taken it since it was listed.
    if (stat === undefined || stat.isDirectory) continue;
    files.push(new LogFile(disk, open, segment, stat));
  }
  for (const file of files.slice(0, openedAtOnce)) void file.file;
  return files;
}

export function closeLogFiles(files: readonly LogFile[]): void {
  for (const file of files) file.release();
}
