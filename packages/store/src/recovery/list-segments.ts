import type { Disk } from '@kitemq/runtime';
import { LogSegment } from '../commit-log/log-segment.ts';
import { segmentName, segmentPosition } from '../commit-log/segment-name.ts';
import { findRecord } from './find-record.ts';
import type { Quarantine } from './quarantine.ts';

/** Log positions that files of the directory are named after, in order. */
function segmentStarts(disk: Disk, directory: string): number[] {
  const starts: number[] = [];
  for (const name of disk.listSync(directory)) {
    const start = segmentPosition(name);
    if (start !== undefined) starts.push(start);
  }
  return starts.sort((a, b) => a - b);
}

/**
 * The segments in the directory, oldest first. A segment reaches as far as its file, but not into the next one; the last reaches to the
 * configured size, or to the size its file has already when it was made with larger ones.
 */
export function listSegments(disk: Disk, directory: string, segmentBytes: number): LogSegment[] {
  const starts = segmentStarts(disk, directory);
  return starts.map((start, index) => {
    const size = sizeOf(disk, directory, start);
    const next = starts[index + 1];
    return new LogSegment(disk, directory, { start, end: next === undefined ? start + Math.max(segmentBytes, size) : Math.min(next, start + size) });
  });
}

function sizeOf(disk: Disk, directory: string, start: number): number {
  return disk.statSync(`${directory}/${segmentName(start)}`)?.size ?? 0;
}

export interface ClearTheWayOptions {
  readonly disk: Disk;
  readonly directory: string;
  readonly recordBytesMax: number;
  readonly quarantine: Quarantine;
}

const copyBytes = 1024 * 1024;

/**
 * Moves aside what has the name of a segment and cannot be one: folders, and files that begin inside another one. Records of such a file
 * that are nowhere else (behind the end of the other) are kept: they get a file of their own. Nothing here happens to a store that nobody
 * put anything into.
 */
export function clearTheWay({ disk, directory, recordBytesMax, quarantine }: ClearTheWayOptions): void {
  for (const start of segmentStarts(disk, directory)) {
    const path = `${directory}/${segmentName(start)}`;
    if (disk.statSync(path)?.isDirectory === true) quarantine.movePath(path, 'a folder with the name of a segment');
  }
  const starts = segmentStarts(disk, directory);
  let kept: LogSegment | undefined;
  for (const [index, start] of starts.entries()) {
    const file = new LogSegment(disk, directory, { start, end: start + sizeOf(disk, directory, start) });
    const isInside = kept !== undefined && start < kept.end && findRecord(kept, start, recordBytesMax) !== undefined;
    if (!isInside) {
      kept?.close();
      kept = file;
      continue;
    }
    keepRest(disk, file, { from: (kept as LogSegment).end, until: Math.min(file.end, starts[index + 1] ?? file.end) }, recordBytesMax);
    quarantine.moveSegment(file, `it begins inside the segment at ${(kept as LogSegment).start}`);
  }
  kept?.close();
}

/** Gives the records of `file` from log position `from` on a segment of their own, unless there is none or a file has that place. */
function keepRest(disk: Disk, file: LogSegment, range: { readonly from: number; readonly until: number }, recordBytesMax: number): void {
  const { from, until } = range;
  if (until <= from || findRecord(file, from, recordBytesMax) === undefined) return;
  const directory = file.path.slice(0, file.path.lastIndexOf('/'));
  // Under its name only when it is complete.
  const draft = `${directory}/${segmentName(from)}.draft`;
  disk.removeSync(draft);
  const target = disk.openSync(draft, 'create');
  const chunk = Buffer.allocUnsafe(copyBytes);
  try {
    for (let at = from; at < until; ) {
      const read = file.file.readSync(chunk, 0, Math.min(copyBytes, until - at), at - file.start);
      if (read === 0) break;
      target.writeSync(chunk, 0, read, at - from);
      at += read;
    }
    target.datasyncSync();
  } finally {
    target.closeSync();
  }
  disk.renameSync(draft, `${directory}/${segmentName(from)}`);
  disk.syncDirectorySync(directory);
}
