import type { Disk } from '@kitemq/runtime';
import type { LogSegment } from '../commit-log/log-segment.ts';

const pattern = /^flush failed at (\d{1,16})$/m;
const chunkBytes = 1024 * 1024;

/**
 * The `abort` file of a running store: its process, and after a failed flush also how far the log is certainly durable. A kernel that failed to
 * write pages may show them in its cache as if they were on disk, so the next flush "succeeds" without them.
 */
export function abortText(processId: number, flushFailedAt?: number): Buffer {
  return Buffer.from(flushFailedAt === undefined ? `${processId}\n` : `${processId}\nflush failed at ${flushFailedAt}\n`);
}

/** The log position behind which nothing may be trusted to be on disk, whatever the next flush says; undefined in general. */
export function readFlushFailure(disk: Disk, path: string): number | undefined {
  if (disk.statSync(path) === undefined) return undefined;
  const position = pattern.exec(Buffer.from(disk.readFileSync(path)).toString('latin1'))?.[1];
  return position === undefined ? undefined : Number(position);
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
