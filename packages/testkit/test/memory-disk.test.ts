import { KiteError, nodeRuntime } from '@kitemq/runtime';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MemoryDisk } from '../src/memory-disk.ts';

const { clock } = nodeRuntime();
const codeOf = (step: () => unknown): unknown => {
  try {
    step();
  } catch (error) {
    return (error as NodeJS.ErrnoException).code;
  }
  return undefined;
};

describe('MemoryDisk', () => {
  it('has directories, files, renames and removals as a file system does', () => {
    const disk = new MemoryDisk(clock);
    expect(codeOf(() => disk.openSync('/a/f', 'create'))).toBe('ENOENT');
    disk.makeDirectorySync('/a/b');
    disk.makeDirectorySync('/a/b');
    disk.openSync('/a/f', 'create').writeSync(Buffer.from('xyz'), 1, 2, 3);
    expect([...disk.readFileSync('/a/f')]).toEqual([0, 0, 0, 121, 122]);
    expect(disk.listSync('/a')).toEqual(['b', 'f']);
    expect(disk.listSync('/none')).toEqual([]);
    expect(disk.statSync('/a/f')).toMatchObject({ size: 5, isDirectory: false });
    expect(disk.statSync('/a')?.isDirectory).toBe(true);
    expect(disk.statSync('/nothing')).toBeUndefined();
    disk.renameSync('/a/f', '/a/b/g');
    disk.renameSync('/a', '/c');
    expect(disk.readFileSync('/c/b/g')).toHaveLength(5);
    disk.replaceFileSync('/c/b/g', Buffer.from('new'));
    expect(Buffer.from(disk.readFileSync('/c/b/g')).toString()).toBe('new');
    disk.removeSync('/c');
    expect(disk.listSync('/')).toEqual([]);
  });

  it('refuses what a file system refuses', () => {
    const disk = new MemoryDisk(clock);
    disk.makeDirectorySync('/d');
    expect(codeOf(() => disk.openSync('/d/f', 'read'))).toBe('ENOENT');
    expect(codeOf(() => disk.openSync('/d', 'create'))).toBe('EISDIR');
    expect(codeOf(() => disk.readFileSync('/d/f'))).toBe('ENOENT');
    const file = disk.openSync('/d/f', 'create');
    expect(codeOf(() => disk.makeDirectorySync('/d/f'))).toBe('EEXIST');
    expect(codeOf(() => disk.openSync('/d/f', 'read').writeSync(Buffer.alloc(1), 0, 1, 0))).toBe('EBADF');
    file.closeSync();
    expect(codeOf(() => file.sizeSync())).toBe('EBADF');
  });

  it('gives a lock to one holder at a time', () => {
    const disk = new MemoryDisk(clock);
    const lock = disk.lockSync('/lock');
    expect(() => disk.lockSync('/lock')).toThrow(KiteError);
    lock.release();
    disk.lockSync('/lock').release();
  });

  it('reads back what a plain array would hold, over any writes and truncations', () => {
    const step = fc.oneof(
      fc.record({ position: fc.integer({ min: 0, max: 200_000 }), bytes: fc.uint8Array({ minLength: 1, maxLength: 70_000, size: 'max' }) }),
      fc.record({ length: fc.integer({ min: 0, max: 250_000 }) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 8 }), (steps) => {
        const file = new MemoryDisk(clock).openSync('/f', 'create');
        let model = Buffer.alloc(0);
        for (const each of steps) {
          const size = 'bytes' in each ? Math.max(model.length, each.position + each.bytes.length) : each.length;
          const next = Buffer.alloc(size);
          model.copy(next);
          if ('bytes' in each) {
            next.set(each.bytes, each.position);
            file.writeSync(each.bytes, 0, each.bytes.length, each.position);
          } else file.truncateSync(each.length);
          model = next;
        }
        expect(file.sizeSync()).toBe(model.length);
        const read = Buffer.alloc(model.length + 10);
        expect(file.readSync(read, 0, read.length, 0)).toBe(model.length);
        expect(read.subarray(0, model.length).equals(model)).toBe(true);
      }),
      { numRuns: 60 },
    );
  });
});
