import type { Disk } from '@kitemq/runtime';

/** So many starts in a row that died while the checkpoint was being read make the next one throw it away. */
export const viewsAttemptsMax = 2;

/** What the `abort` file of an open store says, besides that it was not closed. */
export interface OpenMark {
  readonly processId: number;
  /**
   * Log position before which everything was on disk when this was written: where the last start found the end of the log. What is behind is
   * proven by a checkpoint only.
   */
  readonly durable?: number | undefined;
  /** While the checkpoint is being read: which attempt this is. LMDB maps its file; damaged pages can end the process by a signal. */
  readonly viewsAttempt?: number | undefined;
  /** The length that the log's files get, which a file that is not full does not show. */
  readonly segmentBytes?: number | undefined;
}

export function writeOpenMark(disk: Disk, path: string, mark: OpenMark): void {
  const lines = [String(mark.processId)];
  if (mark.durable !== undefined) lines.push(`durable up to ${mark.durable}`);
  if (mark.viewsAttempt !== undefined) lines.push(`reading the checkpoint, attempt ${mark.viewsAttempt}`);
  if (mark.segmentBytes !== undefined) lines.push(`files of ${mark.segmentBytes} bytes`);
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
    durable: numberIn(/^durable up to (\d{1,16})$/m),
    viewsAttempt: numberIn(/^reading the checkpoint, attempt (\d{1,3})$/m),
    segmentBytes: numberIn(/^files of (\d{1,10}) bytes$/m),
  };
}
