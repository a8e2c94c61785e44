import assert from 'node:assert/strict';
import type { Disk, DiskFile } from '../disk.ts';
import { KiteError } from '../errors.ts';
import type { ContractCase } from './contract-case.ts';

/** A disk and an empty directory on it. */
export interface DiskFixture {
  readonly disk: Disk;
  readonly directory: string;
}

const bytes = (text: string): Uint8Array => Buffer.from(text);

const textOf = (file: DiskFile): string => {
  const target = Buffer.alloc(file.sizeSync());
  assert.equal(file.readSync(target, 0, target.length, 0), target.length);
  return target.toString();
};

const datasync = (file: DiskFile): Promise<void> =>
  new Promise((resolve, reject) => file.datasync((error) => (error === undefined ? resolve() : reject(error))));

const hasCode = (code: string) => (error: unknown): boolean => (error as { code?: string }).code === code;

const fileCases: readonly ContractCase<DiskFixture>[] = [
  {
    name: 'reads what was written, at any place, through any handle',
    async run({ disk, directory }) {
      const file = disk.openSync(`${directory}/a`, 'create');
      file.writeSync(bytes('xhello worldx'), 1, 11, 0);
      file.writeSync(bytes('J'), 0, 1, 0);
      assert.equal(textOf(file), 'Jello world');
      const other = disk.openSync(`${directory}/a`, 'read');
      const target = Buffer.alloc(8, '.');
      assert.equal(other.readSync(target, 2, 5, 6), 5);
      assert.equal(target.toString(), '..world.');
      file.closeSync();
      other.closeSync();
    },
  },
  {
    name: 'a read is short at the end of the file only',
    async run({ disk, directory }) {
      const file = disk.openSync(`${directory}/a`, 'create');
      file.writeSync(bytes('abcdef'), 0, 6, 0);
      assert.equal(file.readSync(Buffer.alloc(10), 0, 10, 4), 2);
      assert.equal(file.readSync(Buffer.alloc(10), 0, 10, 6), 0);
      assert.equal(file.readSync(Buffer.alloc(10), 0, 10, 60), 0);
      const target = Buffer.alloc(10);
      const read = await new Promise<number>((resolve, reject) => {
        file.read(target, 1, 9, 3, (error, count) => (error === undefined ? resolve(count) : reject(error)));
      });
      assert.equal(read, 3);
      assert.equal(target.toString('latin1', 1, 4), 'def');
      file.closeSync();
    },
  },
  {
    name: 'what lies between is zero: behind a gap, and behind a cut and a regrowth',
    async run({ disk, directory }) {
      const file = disk.openSync(`${directory}/a`, 'create');
      file.writeSync(bytes('end'), 0, 3, 5);
      assert.equal(textOf(file), '\0\0\0\0\0end');
      file.truncateSync(6);
      file.truncateSync(8);
      assert.equal(textOf(file), '\0\0\0\0\0e\0\0');
      file.closeSync();
    },
  },
  {
    name: 'datasync calls back later, also when the file is closed meanwhile',
    async run({ disk, directory }) {
      const file = disk.openSync(`${directory}/a`, 'create');
      file.writeSync(bytes('abc'), 0, 3, 0);
      let called = false;
      const synced = datasync(file).then(() => (called = true));
      assert.equal(called, false);
      file.closeSync();
      await synced;
      const again = disk.openSync(`${directory}/a`, 'write');
      again.datasyncSync();
      again.closeSync();
    },
  },
  {
    name: 'a closed file and a file open for reading refuse writes; closing twice is harmless',
    async run({ disk, directory }) {
      const file = disk.openSync(`${directory}/a`, 'create');
      const reader = disk.openSync(`${directory}/a`, 'read');
      assert.throws(() => reader.writeSync(bytes('x'), 0, 1, 0), hasCode('EBADF'));
      file.closeSync();
      file.closeSync();
      assert.throws(() => file.writeSync(bytes('x'), 0, 1, 0), hasCode('EBADF'));
      assert.throws(() => file.sizeSync(), hasCode('EBADF'));
      reader.closeSync();
    },
  },
  {
    name: 'a file that is removed while open can be read until it is closed, in the background too',
    async run({ disk, directory }) {
      const file = disk.openSync(`${directory}/a`, 'create');
      file.writeSync(bytes('abcd'), 0, 4, 0);
      disk.removeSync(`${directory}/a`);
      const target = new Uint8Array(4);
      const read = new Promise<number>((resolve, reject) => file.read(target, 0, 4, 0, (error, count) => (error === undefined ? resolve(count) : reject(error))));
      file.closeInBackground();
      assert.equal(await read, 4);
      assert.deepEqual(Buffer.from(target).toString(), 'abcd');
      assert.throws(() => file.sizeSync(), hasCode('EBADF'));
      assert.equal(disk.statSync(`${directory}/a`), undefined);
    },
  },
];

const directoryCases: readonly ContractCase<DiskFixture>[] = [
  {
    name: 'open: create keeps what is there, read and write need a file',
    async run({ disk, directory }) {
      assert.throws(() => disk.openSync(`${directory}/none`, 'read'), hasCode('ENOENT'));
      assert.throws(() => disk.openSync(`${directory}/none`, 'write'), hasCode('ENOENT'));
      assert.throws(() => disk.openSync(`${directory}/none/a`, 'create'), hasCode('ENOENT'));
      const file = disk.openSync(`${directory}/a`, 'create');
      file.writeSync(bytes('abc'), 0, 3, 0);
      file.closeSync();
      const again = disk.openSync(`${directory}/a`, 'create');
      assert.equal(textOf(again), 'abc');
      again.closeSync();
    },
  },
  {
    name: 'directories: made with their parents, listed sorted, empty when absent',
    async run({ disk, directory }) {
      disk.makeDirectorySync(`${directory}/x/y`);
      disk.makeDirectorySync(`${directory}/x/y`);
      for (const name of ['b', 'a', 'C']) disk.openSync(`${directory}/x/${name}`, 'create').closeSync();
      assert.deepEqual(disk.listSync(`${directory}/x`), ['C', 'a', 'b', 'y']);
      assert.deepEqual(disk.listSync(`${directory}/nothing`), []);
      assert.equal(disk.statSync(`${directory}/x`)?.isDirectory, true);
      disk.syncDirectorySync(`${directory}/x`);
      assert.throws(() => disk.syncDirectorySync(`${directory}/nothing`), hasCode('ENOENT'));
    },
  },
  {
    name: 'stat tells size and time, undefined when absent',
    async run({ disk, directory }) {
      assert.equal(disk.statSync(`${directory}/a`), undefined);
      const file = disk.openSync(`${directory}/a`, 'create');
      file.writeSync(bytes('abcd'), 0, 4, 0);
      file.closeSync();
      const stat = disk.statSync(`${directory}/a`);
      assert.equal(stat?.size, 4);
      assert.ok(stat!.allocatedBytes >= 4);
      assert.equal(stat?.isDirectory, false);
      assert.ok(stat!.modifiedTime > 1_500_000_000_000);
    },
  },
  {
    name: 'rename moves, replaces, and takes directories along',
    async run({ disk, directory }) {
      disk.replaceFileSync(`${directory}/a`, bytes('new'));
      disk.replaceFileSync(`${directory}/b`, bytes('old'));
      disk.renameSync(`${directory}/a`, `${directory}/b`);
      assert.deepEqual(disk.listSync(directory), ['b']);
      assert.equal(Buffer.from(disk.readFileSync(`${directory}/b`)).toString(), 'new');
      disk.makeDirectorySync(`${directory}/d`);
      disk.replaceFileSync(`${directory}/d/f`, bytes('in'));
      disk.renameSync(`${directory}/d`, `${directory}/e`);
      assert.equal(Buffer.from(disk.readFileSync(`${directory}/e/f`)).toString(), 'in');
      assert.throws(() => disk.renameSync(`${directory}/none`, `${directory}/x`), hasCode('ENOENT'));
    },
  },
  {
    name: 'a link is the same file under a second name, which outlives the first',
    async run({ disk, directory }) {
      disk.replaceFileSync(`${directory}/a`, bytes('one'));
      disk.linkSync(`${directory}/a`, `${directory}/b`);
      const file = disk.openSync(`${directory}/a`, 'write');
      file.writeSync(bytes('O'), 0, 1, 0);
      file.closeSync();
      assert.throws(() => disk.linkSync(`${directory}/a`, `${directory}/b`), hasCode('EEXIST'));
      assert.throws(() => disk.linkSync(`${directory}/none`, `${directory}/x`), hasCode('ENOENT'));
      disk.removeSync(`${directory}/a`);
      assert.deepEqual(disk.listSync(directory), ['b']);
      assert.equal(Buffer.from(disk.readFileSync(`${directory}/b`)).toString(), 'One');
    },
  },
  {
    name: 'replaceFile creates and replaces, shorter or longer, and leaves nothing else behind',
    async run({ disk, directory }) {
      for (const content of ['first and long', 'second', '', 'the third is the longest of all']) {
        disk.replaceFileSync(`${directory}/a`, bytes(content));
        assert.equal(Buffer.from(disk.readFileSync(`${directory}/a`)).toString(), content);
      }
      assert.deepEqual(disk.listSync(directory), ['a']);
    },
  },
  {
    name: 'remove takes files and whole directories, and does not mind their absence; open handles live on',
    async run({ disk, directory }) {
      disk.makeDirectorySync(`${directory}/d/e`);
      disk.replaceFileSync(`${directory}/d/e/f`, bytes('abc'));
      const file = disk.openSync(`${directory}/d/e/f`, 'read');
      disk.removeSync(`${directory}/d`);
      disk.removeSync(`${directory}/d`);
      assert.equal(disk.statSync(`${directory}/d`), undefined);
      assert.throws(() => disk.readFileSync(`${directory}/d/e/f`), hasCode('ENOENT'));
      assert.equal(textOf(file), 'abc');
      file.closeSync();
    },
  },
  {
    name: 'space: free is part of total, also for a path that does not exist yet',
    async run({ disk, directory }) {
      const space = disk.spaceSync(`${directory}/not/yet`);
      assert.ok(space.totalBytes > 0 && space.freeBytes >= 0 && space.freeBytes <= space.totalBytes);
    },
  },
];

const lockCases: readonly ContractCase<DiskFixture>[] = [
  {
    name: 'a lock has one holder, and a released one is free',
    async run({ disk, directory }) {
      const path = `${directory}/lock`;
      assert.equal(disk.lockHolderSync(path), undefined);
      const lock = disk.lockSync(path);
      assert.equal(typeof disk.lockHolderSync(path), 'number');
      assert.throws(
        () => disk.lockSync(path),
        (error: unknown) => KiteError.is(error, 'KITE_DISK_LOCKED') && typeof error.details['pid'] === 'number' && error.message.includes(path),
      );
      lock.release();
      assert.equal(disk.lockHolderSync(path), undefined);
      const next = disk.lockSync(path);
      lock.release();
      assert.throws(() => disk.lockSync(path), hasCode('KITE_DISK_LOCKED'));
      next.release();
      assert.throws(() => disk.lockSync(`${directory}/none/lock`), hasCode('ENOENT'));
    },
  },
];

/** What every {@link Disk} promises. */
export const diskContract: readonly ContractCase<DiskFixture>[] = [...fileCases, ...directoryCases, ...lockCases];
