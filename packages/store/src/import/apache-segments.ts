import { magicAt, physicalOffsetAt, RecordMagic } from '@kitemq/protocol';
import { KiteError, type Disk } from '@kitemq/runtime';
import { storedRecordBytesMax } from '../commit-log/record-format.ts';
import { segmentName, segmentPosition } from '../commit-log/segment-name.ts';
import { findRecord } from '../recovery/find-record.ts';
import { usedLength } from '../recovery/used-length.ts';

/** A commit log file of an Apache store. */
export interface ApacheSegment {
  readonly path: string;
  /** Log position of its first byte. */
  readonly start: number;
  /** Length of the file. */
  readonly bytes: number;
  /** Without the zeros of a file that is not full yet. */
  readonly usedBytes: number;
  /** The log may end in it, or before: a store that takes it may cut it, and writes to it. */
  readonly isTail: boolean;
}

export interface ApacheLog {
  /** Oldest first; those that Apache made ahead and never wrote to are left out. */
  readonly segments: readonly ApacheSegment[];
  readonly segmentBytes: number;
  /** Log positions: first byte, and end of what is no zero. */
  readonly begin: number;
  readonly end: number;
  /** What is not as Apache leaves it: a gap, a short file, a file that does not begin with a record. */
  readonly damage: readonly string[];
}

type SegmentFile = Pick<ApacheSegment, 'path' | 'start' | 'bytes'>;

const headBytes = 36;
const chunkBytes = 1024 * 1024;

/**
 * Looks at the commit log files without reading them: names, lengths, the head of the first record of each, and where the last one ends.
 * @throws KiteError `KITE_IMPORT_SOURCE` when there is no commit log
 */
export function readApacheLog(disk: Disk, directory: string): ApacheLog {
  const starts = disk.listSync(directory).flatMap((name) => segmentPosition(name) ?? []);
  starts.sort((a, b) => a - b);
  const all = starts.map((start) => {
    const path = `${directory}/${segmentName(start)}`;
    return { path, start, bytes: disk.statSync(path)?.size ?? 0 };
  });
  while (all.length > 0 && isUnwritten(disk, all.at(-1) as SegmentFile)) all.pop();
  const last = all.at(-1);
  if (last === undefined) throw new KiteError('KITE_IMPORT_SOURCE', `${directory} has no commit log file with messages in it`, { details: { path: directory } });
  const tail = tailOf(disk, all);
  const segments = all.map((segment, index) => ({ ...segment, usedBytes: segment === last ? usedBytesOf(disk, segment) : segment.bytes, isTail: index >= tail }));
  const segmentBytes = Math.max(...segments.map(({ bytes }) => bytes));
  return { segments, segmentBytes, begin: segments[0]?.start ?? 0, end: last.start + (segments.at(-1)?.usedBytes ?? 0), damage: damageOf(disk, segments, segmentBytes) };
}

/** Apache makes the next file before it needs it. */
function isUnwritten(disk: Disk, segment: SegmentFile): boolean {
  if (segment.bytes < headBytes) return segment.bytes === 0;
  const head = readHead(disk, segment.path);
  return usedLength(head, head.length) === 0 && usedBytesOf(disk, segment) === 0;
}

function readHead(disk: Disk, path: string): Buffer {
  const file = disk.openSync(path, 'read');
  try {
    const head = Buffer.alloc(headBytes);
    return head.subarray(0, file.readSync(head, 0, headBytes, 0));
  } finally {
    file.closeSync();
  }
}

/** Length of the file without the zeros at its end. */
function usedBytesOf(disk: Disk, { path, bytes }: SegmentFile): number {
  const file = disk.openSync(path, 'read');
  try {
    const chunk = Buffer.allocUnsafe(chunkBytes);
    for (let end = bytes; end > 0; ) {
      const at = Math.max(0, end - chunkBytes);
      const used = usedLength(chunk, file.readSync(chunk, 0, end - at, at));
      if (used > 0) return at + used;
      end = at;
    }
    return 0;
  } finally {
    file.closeSync();
  }
}

/** Index of the first segment that a recovery may cut: nothing behind it is sure to stay. One that begins inside another may be given up. */
function tailOf(disk: Disk, files: readonly SegmentFile[]): number {
  let tail = files.length - 1;
  for (; tail > 0; tail--) {
    const [before, file] = [files[tail - 1], files[tail]] as [SegmentFile, SegmentFile];
    if (file.start >= before.start + before.bytes && hasRecord(disk, file)) break;
  }
  return tail;
}

function hasRecord(disk: Disk, { path, start, bytes }: SegmentFile): boolean {
  const file = disk.openSync(path, 'read');
  try {
    return findRecord({ start, end: start + bytes, file }, start, storedRecordBytesMax) !== undefined;
  } finally {
    file.closeSync();
  }
}

function damageOf(disk: Disk, segments: readonly ApacheSegment[], segmentBytes: number): string[] {
  const damage: string[] = [];
  for (const [index, { path, start, bytes }] of segments.entries()) {
    const next = segments[index + 1];
    if (bytes !== segmentBytes && next !== undefined) damage.push(`${path} has ${bytes} bytes, others ${segmentBytes}: the copy is not complete, or the file is damaged`);
    if (next !== undefined && next.start !== start + bytes && bytes === segmentBytes) damage.push(`there is no file for the log from ${start + bytes} to ${next.start}`);
    const head = readHead(disk, path);
    const magic = head.length < headBytes ? 0 : magicAt(head, 0);
    const isRecord = (magic === RecordMagic.v1 || magic === RecordMagic.v2) && physicalOffsetAt(head, 0) === start;
    if (!isRecord && magic !== RecordMagic.blank) damage.push(`${path} does not begin with a record`);
  }
  return damage;
}
