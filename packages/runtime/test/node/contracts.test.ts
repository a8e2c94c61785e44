import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, test } from 'vitest';
import { memoryKeyValueStores, nodeRuntime } from '@kitemq/runtime';
import { diskContract, keyValueContract, networkContract, timersContract } from '@kitemq/runtime/testing';

const runtime = nodeRuntime();
const directories: string[] = [];

afterEach(() => {
  for (const directory of directories.splice(0)) rmSync(directory, { recursive: true, force: true });
});

describe('Node disk', () => {
  for (const each of diskContract) {
    test(each.name, async () => {
      const directory = mkdtempSync(join(tmpdir(), 'kitemq-disk-'));
      directories.push(directory);
      await each.run({ disk: runtime.disk, directory });
    });
  }
});

describe('Node network', () => {
  for (const each of networkContract) test(each.name, () => each.run(runtime));
});

describe('Node timers', () => {
  for (const each of timersContract) test(each.name, () => each.run(runtime));
});

describe('memory key-value store', () => {
  for (const each of keyValueContract) test(each.name, () => each.run({ open: memoryKeyValueStores(), path: '/views' }));
});
