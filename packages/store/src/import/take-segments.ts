import { KiteError, type Disk } from '@kitemq/runtime';
import { segmentName } from '../commit-log/segment-name.ts';
import { usedLength } from '../recovery/used-length.ts';
import type { ApacheSegment } from './apache-segments.ts';

/** How segments get into the new store. Those of the log's tail, which will be written to, are always copied. */
export type TakeMode = 'copy' | 'link';

export interface TakeOptions {
  readonly disk: Disk;
  readonly segments: readonly ApacheSegment[];
  readonly directory: string;
  readonly mode: TakeMode;
  /** Length that copies get, with a hole behind what is used. */
  readonly fullLengthBytes?: number;
  progress(doneBytes: number): void;
  /** Called between pieces, so that a long copy can be stopped and others can work. */
  pause(): Promise<void>;
}

/** A record without properties ends with their length, which is zero: so many bytes behind the last that is not zero may belong to it. */
const zeroTailBytesMax = 2;

const pieceBytes = 4 * 1024 * 1024;

/**
 * Brings the segments into `directory`. Each appears under its name when it is complete and on the disk, so that what an interrupted run has
 * done need not be done again.
 */
export async function takeSegments(options: TakeOptions): Promise<void> {
  const { disk, segments, directory, mode, progress } = options;
  let done = 0;
  for (const segment of segments) {
    const target = `${directory}/${segmentName(segment.start)}`;
    if (disk.statSync(target) === undefined) {
      if (isCopied(segment, mode)) await copy(options, segment, target, done);
      else await link(disk, segment.path, target);
    }
    done += segment.usedBytes;
    progress(done);
  }
  disk.syncDirectorySync(directory);
}

export function isCopied({ isTail }: ApacheSegment, mode: TakeMode): boolean {
  return mode === 'copy' || isTail;
}

async function link(disk: Disk, from: string, to: string): Promise<void> {
  await flush(disk, from);
  try {
    disk.linkSync(from, to);
  } catch (error) {
    throw new KiteError('KITE_IMPORT_LINK', `${from} cannot be linked to ${to}: both must be on one file system that knows hard links; use --copy`, { cause: error });
  }
}

/** What Apache only handed to the operating system. */
async function flush(disk: Disk, path: string): Promise<void> {
  const file = disk.openSync(path, 'read');
  try {
    await new Promise<void>((resolve, reject) => file.datasync((error) => (error === undefined ? resolve() : reject(error))));
  } catch (cause) {
    throw new KiteError('KITE_STORE_FLUSH_FAILED', `The disk could not make ${path} durable; check it, then import again`, { cause });
  } finally {
    file.closeSync();
  }
}

async function copy(options: TakeOptions, segment: ApacheSegment, target: string, doneBefore: number): Promise<void> {
  const { disk } = options;
  const draft = `${target}.part`;
  const bytes = Math.min(segment.bytes, segment.usedBytes + zeroTailBytesMax);
  disk.removeSync(draft);
  const from = disk.openSync(segment.path, 'read');
  try {
    const to = disk.openSync(draft, 'create');
    try {
      const piece = Buffer.allocUnsafe(Math.min(pieceBytes, Math.max(1, bytes)));
      for (let at = 0; at < bytes; ) {
        const read = from.readSync(piece, 0, Math.min(piece.length, bytes - at), at);
        if (read === 0) throw new KiteError('KITE_IMPORT_SOURCE', `${segment.path} became shorter while it was read: its broker is running`);
        // Holes stay holes: a segment that was ended early is mostly one.
        if (usedLength(piece, read) > 0) to.writeSync(piece, 0, read, at);
        at += read;
        options.progress(doneBefore + Math.min(at, segment.usedBytes));
        await options.pause();
      }
      to.truncateSync(options.fullLengthBytes ?? bytes);
      to.datasyncSync();
    } finally {
      to.closeSync();
    }
  } finally {
    from.closeSync();
  }
  disk.renameSync(draft, target);
}
