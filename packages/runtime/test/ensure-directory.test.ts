import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { Disk } from '@kitemq/runtime';
import { ensureDirectorySync, NodeDisk } from '@kitemq/runtime';

it('makes missing parents and syncs the directory of each, the outermost first', () => {
  const root = mkdtempSync(join(tmpdir(), 'kite-dir-'));
  const disk = new NodeDisk();
  const synced: string[] = [];
  const recording: Disk = new Proxy(disk, {
    get: (target, name) => (name === 'syncDirectorySync' ? (path: string) => synced.push(path) && target.syncDirectorySync(path) : Reflect.get(target, name).bind(target)),
  });
  ensureDirectorySync(recording, join(root, 'a/b/c'));
  expect(disk.statSync(join(root, 'a/b/c'))?.isDirectory).toBe(true);
  expect(synced).toEqual([root, join(root, 'a'), join(root, 'a/b')]);
  ensureDirectorySync(recording, join(root, 'a/b/c'));
  expect(synced.length).toBe(3);
  rmSync(root, { recursive: true });
});
