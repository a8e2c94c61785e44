import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { NodeDisk } from '@kitemq/runtime';

const directory = mkdtempSync(join(tmpdir(), 'kitemq-node-disk-'));
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const codeOf = (step: () => void): string | undefined => {
  try {
    step();
    return undefined;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code;
  }
};

test('making a directory below a file, or where none can be made, fails at once', () => {
  const disk = new NodeDisk();
  const file = join(directory, 'file');
  writeFileSync(file, '');
  expect(codeOf(() => disk.makeDirectorySync(file))).toBe('EEXIST');
  expect(codeOf(() => disk.makeDirectorySync(join(file, 'a', 'b')))).toBe('ENOTDIR');
});

test.runIf(process.platform === 'linux')('a file system that answers ENOENT to every new name is no endless loop', () => {
  expect(codeOf(() => new NodeDisk().makeDirectorySync('/proc/kitemq/deeper'))).toBe('ENOENT');
});
