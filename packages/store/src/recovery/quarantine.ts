import type { Disk } from '@kitemq/runtime';
import type { LogSegment } from '../commit-log/log-segment.ts';
import { segmentName } from '../commit-log/segment-name.ts';
import { usedLength } from './used-length.ts';

export interface QuarantinedBytes {
  readonly path: string;
  readonly bytes: number;
  readonly reason: string;
}

const copyBytes = 1024 * 1024;

/** Moves log bytes that cannot be kept into a folder of their own, so that nothing is ever deleted silently. */
export class Quarantine {
  readonly found: QuarantinedBytes[] = [];
  readonly #disk: Disk;
  readonly #directory: string;

  constructor(disk: Disk, directory: string) {
    this.#disk = disk;
    this.#directory = directory;
  }

  /**
   * Copies the bytes of the segment's file from log position `from` to `until` (or the file's end), without trailing zeros.
   * Nothing happens when all are zero, or when they were copied at an earlier start.
   */
  copy(segment: LogSegment, range: { readonly from: number; readonly until?: number }, reason: string): void {
    const start = range.from - segment.start;
    const end = Math.min(segment.file.sizeSync(), (range.until ?? Number.MAX_SAFE_INTEGER) - segment.start);
    const path = `${this.#directory}/${segmentName(segment.start)}-from-${range.from}`;
    const chunk = Buffer.allocUnsafe(Math.min(copyBytes, Math.max(1, end - start)));
    const isKnown = range.until !== undefined && this.#disk.statSync(path) !== undefined;
    let target: string | undefined = isKnown ? path : undefined;
    let copied = 0;
    for (let at = start; at < end; at += chunk.length) {
      const read = segment.file.readSync(chunk, 0, Math.min(chunk.length, end - at), at);
      if (read === 0) break;
      const used = usedLength(chunk, read);
      if (used === 0) continue;
      target ??= this.#newPath(path);
      if (!isKnown) this.#write(target, chunk, { length: used, position: at - start });
      copied = at - start + used;
    }
    if (target !== undefined) this.#report(target, copied, reason);
  }

  /** Reports bytes that are gone: there is nothing to move. */
  reportMissing(path: string, bytes: number, reason: string): void {
    this.found.push({ path, bytes, reason });
  }

  /** Moves a segment's whole file away; removes it when there is nothing in it. */
  moveSegment(segment: LogSegment, reason: string): void {
    const length = segment.file.sizeSync();
    if (isZero(segment, length)) return segment.discard();
    segment.close();
    this.movePath(segment.path, reason, length);
  }

  /** Moves a file or folder away. */
  movePath(path: string, reason: string, bytes = 0): void {
    const target = this.#newPath(`${this.#directory}${path.slice(path.lastIndexOf('/'))}`);
    this.#disk.renameSync(path, target);
    this.#report(target, bytes, reason);
  }

  #newPath(name: string): string {
    this.#disk.makeDirectorySync(this.#directory);
    let path = name;
    for (let number = 1; this.#disk.statSync(path) !== undefined; number++) path = `${name}.${number}`;
    return path;
  }

  #write(path: string, source: Uint8Array, range: { readonly length: number; readonly position: number }): void {
    const file = this.#disk.openSync(path, 'create');
    try {
      file.writeSync(source, 0, range.length, range.position);
      file.datasyncSync();
    } finally {
      file.closeSync();
    }
  }

  #report(path: string, bytes: number, reason: string): void {
    this.#disk.syncDirectorySync(this.#directory);
    this.found.push({ path, bytes, reason });
  }
}

function isZero(segment: LogSegment, length: number): boolean {
  const chunk = Buffer.allocUnsafe(Math.min(copyBytes, Math.max(1, length)));
  for (let at = 0; at < length; at += chunk.length) {
    const read = segment.file.readSync(chunk, 0, Math.min(chunk.length, length - at), at);
    if (usedLength(chunk, read) > 0) return false;
    if (read === 0) break;
  }
  return true;
}
