import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CommitLog } from '../../src/commit-log/commit-log.ts';
import { fastRuntime } from '../fast-disk.ts';

const slabBytes = 4096;
const hotTailBytes = 4 * slabBytes;
/** No multiple of the slabs: the last one of a segment is cut short. */
const segmentBytes: number = 10 * slabBytes + 300;
const recordBytes = 200;

let directory = '';
beforeEach(() => void (directory = mkdtempSync(join(tmpdir(), 'kitemq-log-'))));
afterEach(() => rmSync(directory, { recursive: true, force: true }));

describe('the memory of the tail', () => {
  it('is used again, over any number of segments', () => {
    const { disk } = fastRuntime();
    const log = new CommitLog({ disk, directory, segmentBytes, slabBytes, hotTailBytes }, [], 0);
    const blocks = new Set<ArrayBufferLike>();
    while (log.segments.length < 20) {
      log.reserve(recordBytes);
      blocks.add(log.target.buffer);
      log.write();
      log.trim(log.written);
    }
    log.close(false);
    // What is held, what is kept for reuse, and one that is being begun.
    expect(blocks.size).toBeLessThanOrEqual(hotTailBytes / slabBytes + 4 + 1);
  });

  it('is new where a reader may still look at the old', () => {
    const { disk } = fastRuntime();
    const log = new CommitLog({ disk, directory, segmentBytes, slabBytes, hotTailBytes }, [], 0);
    const position = log.reserve(recordBytes);
    log.target.fill(7, log.targetOffset, log.targetOffset + recordBytes);
    log.write();
    const kept = log.slice(position, recordBytes);
    for (let count = 0; count < 1000; count++) {
      log.reserve(recordBytes);
      log.target.fill(9, log.targetOffset, log.targetOffset + recordBytes);
      log.write();
      log.trim(log.written);
    }
    log.close(false);
    expect(kept?.every((byte) => byte === 7)).toBe(true);
  });
});
