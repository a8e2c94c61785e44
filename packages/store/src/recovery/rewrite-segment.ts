import type { LogSegment } from '../commit-log/log-segment.ts';
import { usedLength } from './used-length.ts';

const chunkBytes = 1024 * 1024;
/** How much is written between two calls of `pause`. */
const pauseBytes = 16 * chunkBytes;

/**
 * Writes the segment's bytes from log position `from` on once more, as they can be read now, so that the next flush really writes them.
 *
 * After a failed fdatasync the kernel counts pages that it could not write as clean: reads show them, the next fdatasync "succeeds" without them,
 * and a power cut takes them. The process that was told of the failure may have died before it could tell anybody. So what an unclean exit leaves
 * is not trusted to be on disk unless that was proven before.
 *
 * Zeros at the file's end are left alone: they are behind the end of the log and will be cut off, and a full disk may have no room for them.
 * `pause` is called with the log position reached; what it throws ends the work. Returns how many bytes were written.
 */
export async function rewriteFrom(segment: LogSegment, from: number, pause: (position: number) => Promise<void>): Promise<number> {
  const begin = Math.max(0, from - segment.start);
  const chunk = Buffer.allocUnsafe(Math.min(chunkBytes, Math.max(1, segment.file.sizeSync() - begin)));
  const end = usedEnd(segment, begin, chunk);
  let paused = begin;
  for (let at = begin; at < end; ) {
    const read = segment.file.readSync(chunk, 0, Math.min(chunk.length, end - at), at);
    if (read === 0) break;
    segment.write(chunk, 0, read, segment.start + at);
    at += read;
    if (at - paused < pauseBytes) continue;
    paused = at;
    await pause(segment.start + at);
  }
  return end - begin;
}

/** Where the zeros that the file ends with begin, but not before `begin`. */
function usedEnd(segment: LogSegment, begin: number, chunk: Buffer): number {
  for (let end = segment.file.sizeSync(); end > begin; ) {
    const at = Math.max(begin, end - chunk.length);
    const used = usedLength(chunk, segment.file.readSync(chunk, 0, end - at, at));
    if (used > 0) return at + used;
    end = at;
  }
  return begin;
}
