import type { Disk } from '@kitemq/runtime';
import { LogSegment } from '../commit-log/log-segment.ts';
import { segmentPosition } from '../commit-log/segment-name.ts';

/**
 * The segments in the directory, oldest first. A segment reaches as far as its file, but not into the next one; the last reaches to the
 * configured size, or to the size its file has already when it was made with larger ones.
 */
export function listSegments(disk: Disk, directory: string, segmentBytes: number): LogSegment[] {
  const starts: number[] = [];
  for (const name of disk.listSync(directory)) {
    const start = segmentPosition(name);
    if (start !== undefined) starts.push(start);
  }
  starts.sort((a, b) => a - b);
  return starts.map((start, index) => {
    const probe = new LogSegment(disk, directory, { start, end: start });
    const size = disk.statSync(probe.path)?.size ?? 0;
    const next = starts[index + 1];
    return new LogSegment(disk, directory, { start, end: next === undefined ? start + Math.max(segmentBytes, size) : Math.min(next, start + size) });
  });
}
