import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { NodeDisk, type DiskCallback, type DiskFile, type OpenMode } from '@kitemq/runtime';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LogSegment } from '../../src/commit-log/log-segment.ts';
import { openSegmentsMax, openSegmentsOf } from '../../src/commit-log/open-segments.ts';

/** Knows how many files are open, and lets a test decide when a datasync ends. */
class WatchedDisk extends NodeDisk {
  readonly open = new Set<string>();
  heldSyncs: (() => void)[] | undefined;

  override openSync(path: string, mode: OpenMode): DiskFile {
    const file = super.openSync(path, mode);
    this.open.add(path);
    const close = file.closeSync.bind(file);
    const datasync = file.datasync.bind(file);
    file.closeSync = () => {
      this.open.delete(path);
      close();
    };
    file.datasync = (done: DiskCallback) => {
      if (this.heldSyncs === undefined) datasync(done);
      else this.heldSyncs.push(() => datasync(done));
    };
    return file;
  }
}

const segmentBytes = 4096;
let directory = '';
let disk: WatchedDisk;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'kitemq-segments-'));
  disk = new WatchedDisk();
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const newSegment = (index: number): LogSegment => new LogSegment(disk, directory, { start: index * segmentBytes, end: (index + 1) * segmentBytes });
const synced = (segment: LogSegment): Promise<void> => new Promise((resolve, reject) => segment.datasync((error) => (error === undefined ? resolve() : reject(error))));

function write(segment: LogSegment, text: string): void {
  segment.prepare(segment.end);
  segment.write(Buffer.from(text), 0, text.length, segment.start);
}

function readText(segment: LogSegment, length: number): string {
  const bytes = Buffer.alloc(length);
  segment.file.readSync(bytes, 0, length, 0);
  return bytes.toString();
}

/** Segments with data on disk, all closed. */
async function written(count: number): Promise<LogSegment[]> {
  const segments = Array.from({ length: count }, (_, index) => newSegment(index));
  for (const [index, segment] of segments.entries()) {
    write(segment, `s${index}`);
    await synced(segment);
  }
  return segments;
}

describe('open segments', () => {
  it('are bounded, whatever is read; those not used for longest are closed', async () => {
    const segments = await written(openSegmentsMax * 3);
    expect(disk.open.size).toBe(openSegmentsMax);
    const kept = segments[0] as LogSegment;
    for (const [index, segment] of segments.entries()) {
      expect(readText(segment, `s${index}`.length)).toBe(`s${index}`);
      expect(disk.open.size).toBeLessThanOrEqual(openSegmentsMax);
      expect(readText(kept, 2)).toBe('s0');
    }
    expect(disk.open.has(kept.path)).toBe(true);
    expect(disk.open.has((segments[1] as LogSegment).path)).toBe(false);
  });

  it('stay open while they have bytes that no datasync has confirmed, those written during it included', async () => {
    const unsynced = newSegment(100_000);
    write(unsynced, 'first');
    const failing = newSegment(100_001);
    write(failing, 'x');
    await written(openSegmentsMax * 2);
    expect(disk.open.has(unsynced.path)).toBe(true);
    disk.heldSyncs = [];
    const first = synced(unsynced);
    write(unsynced, 'second');
    const [release] = disk.heldSyncs;
    disk.heldSyncs = undefined;
    release?.();
    await first;
    expect(unsynced.isClosable).toBe(false);
    await written(openSegmentsMax * 2);
    expect([disk.open.has(unsynced.path), disk.open.has(failing.path)]).toEqual([true, true]);
    await synced(unsynced);
    await written(openSegmentsMax * 2);
    expect([disk.open.has(unsynced.path), disk.open.has(failing.path)]).toEqual([false, true]);
    expect(readText(unsynced, 6)).toBe('second');
  });

  it('let a read under way end well when they are closed, and are written on after it', async () => {
    const segment = newSegment(100_000);
    write(segment, 'reading');
    await synced(segment);
    const target = Buffer.alloc(7);
    const read = new Promise<number>((resolve, reject) => segment.file.read(target, 0, 7, 0, (error, bytes) => (error === undefined ? resolve(bytes) : reject(error))));
    segment.release();
    expect(await read).toBe(7);
    expect(target.toString()).toBe('reading');
    write(segment, 'written');
    expect(readText(segment, 7)).toBe('written');
  });

  it('are forgotten when they are closed, discarded or removed', () => {
    const [closed, discarded, removed] = [newSegment(1), newSegment(2), newSegment(3)];
    for (const segment of [closed, discarded, removed]) write(segment, 'x');
    expect(openSegmentsOf(disk).count).toBe(3);
    closed.close();
    discarded.discard();
    removed.unlink();
    removed.closeInBackground();
    expect(openSegmentsOf(disk).count).toBe(0);
  });
});
