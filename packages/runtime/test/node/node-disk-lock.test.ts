import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { NodeDisk } from '@kitemq/runtime';

const disk = new NodeDisk();
let directory: string;
let path: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'kitemq-lock-'));
  path = join(directory, 'lock');
});

afterEach(() => rmSync(directory, { recursive: true, force: true }));

/** The lock text of a live holder, to be changed by the test. */
const ownText = (): string => {
  const lock = disk.lockSync(path);
  const text = readFileSync(path, 'latin1');
  lock.release();
  return text;
};

const replaceField = (text: string, index: number, value: string): string => {
  const fields = text.split(' ');
  fields[index] = value;
  return fields.join(' ');
};

describe('lock file', () => {
  test('names its holder and leaves nothing else behind', () => {
    const lock = disk.lockSync(path);
    expect(readFileSync(path, 'latin1')).toMatch(new RegExp(`^${process.pid} `));
    expect(readdirSync(directory)).toEqual(['lock']);
    lock.release();
    expect(readdirSync(directory)).toEqual([]);
  });

  test('a live process keeps it', async () => {
    const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000); console.log("up")'], { stdio: ['ignore', 'pipe', 'ignore'] });
    try {
      await new Promise((resolve) => child.stdout.once('data', resolve));
      const started = readFileSync(`/proc/${child.pid}/stat`, 'latin1').split(') ')[1]!.split(' ')[19]!;
      writeFileSync(path, replaceField(replaceField(ownText(), 0, String(child.pid)), 1, started));
      expect(() => disk.lockSync(path)).toThrow(`locked by process ${child.pid}; stop it first`);
    } finally {
      child.kill('SIGKILL');
    }
    await new Promise((resolve) => child.once('exit', resolve));
    disk.lockSync(path).release();
  });

  test.each([
    ['a dead process', (text: string) => replaceField(text, 0, '4194304')],
    ['a process whose number was given to another one', (text: string) => replaceField(text, 1, '1')],
    ['a process from before the reboot', (text: string) => replaceField(text, 2, '00000000-0000-0000-0000-000000000000')],
    ['a writer whose power was cut', () => ''],
    ['nobody that writes such files', () => 'hello\n'],
  ])('%s loses it', (_who, change) => {
    writeFileSync(path, change(ownText()));
    const lock = disk.lockSync(path);
    expect(() => disk.lockSync(path)).toThrow('locked by this process');
    lock.release();
    expect(readdirSync(directory)).toEqual([]);
  });

  test('releasing does not touch the lock of a successor', () => {
    const lock = disk.lockSync(path);
    writeFileSync(path, 'someone else\n');
    lock.release();
    expect(readFileSync(path, 'latin1')).toBe('someone else\n');
  });
});
