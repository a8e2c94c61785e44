import type { Disk } from '@kitemq/runtime';
import type { LogSegment } from '../commit-log/log-segment.ts';

const chunkBytes = 1024 * 1024;

/** So many starts in a row that died while the checkpoint was being read make the next one throw it away. */
export const viewsAttemptsMax = 2;

/** What the `abort` file of an open store says, besides that it was not closed. */
export interface OpenMark {
  readonly processId: number;
  /**
   * After a failed flush: the log position behind which nothing may be trusted to be on disk. A kernel that failed to write pages may show them
   * in its cache as if they were on disk, so the next flush "succeeds" without them.
   */
  readonly flushFailedAt?: number | undefined;
  /** While the checkpoint is being read: which attempt this is. LMDB maps its file; damaged pages can end the process by a signal. */
  readonly viewsAttempt?: number | undefined;
}

export function writeOpenMark(disk: Disk, path: string, mark: OpenMark): void {
  const lines = [String(mark.processId)];
  if (mark.flushFailedAt !== undefined) lines.push(`flush failed at ${mark.flushFailedAt}`);
  if (mark.viewsAttempt !== undefined) lines.push(`reading the checkpoint, attempt ${mark.viewsAttempt}`);
  disk.replaceFileSync(path, Buffer.from(`${lines.join('\n')}\n`));
}

/** The mark that the last run left; undefined after an orderly stop. */
export function readOpenMark(disk: Disk, path: string): OpenMark | undefined {
  if (disk.statSync(path) === undefined) return undefined;
  const text = Buffer.from(disk.readFileSync(path)).toString('latin1');
  const numberIn = (pattern: RegExp): number | undefined => {
    const digits = pattern.exec(text)?.[1];
    return digits === undefined ? undefined : Number(digits);
  };
  return {
    processId: numberIn(/^(\d{1,10})$/m) ?? 0,
    flushFailedAt: numberIn(/^flush failed at (\d{1,16})$/m),
    viewsAttempt: numberIn(/^reading the checkpoint, attempt (\d{1,3})$/m),
  };
}

/** Writes the segment's bytes from log position `from` on once more, as they can be read now, so that the next flush really writes them. */
export function rewriteFrom(segment: LogSegment, from: number): void {
  const length = segment.file.sizeSync();
  const chunk = Buffer.allocUnsafe(Math.min(chunkBytes, Math.max(1, length)));
  for (let at = Math.max(0, from - segment.start); at < length; at += chunk.length) {
    const read = segment.file.readSync(chunk, 0, Math.min(chunk.length, length - at), at);
    if (read > 0) segment.file.writeSync(chunk, 0, read, at);
  }
}
