import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, bench, describe } from 'vitest';
import { nodeRuntime } from '@kitemq/runtime';

const runtime = nodeRuntime();
const directory = mkdtempSync(join(tmpdir(), 'kitemq-bench-'));
const descriptor = openSync(join(directory, 'direct'), 'w+');
const file = runtime.disk.openSync(join(directory, 'port'), 'create');
const block = Buffer.alloc(4096, 1);

afterAll(() => {
  closeSync(descriptor);
  file.closeSync();
  rmSync(directory, { recursive: true, force: true });
});

describe('4 KiB write', () => {
  bench('fs.writeSync', () => void writeSync(descriptor, block, 0, block.length, 0));
  bench('through the port', () => file.writeSync(block, 0, block.length, 0));
});

describe('wall clock, 1000 times', () => {
  bench('Date.now', () => {
    for (let count = 0; count < 1000; count++) Date.now();
  });
  bench('through the port', () => {
    for (let count = 0; count < 1000; count++) runtime.clock.now();
  });
});

describe('timeout set and cleared, 100 times', () => {
  const nothing = (): void => {};
  bench('setTimeout', () => {
    for (let count = 0; count < 100; count++) clearTimeout(setTimeout(nothing, 1000));
  });
  bench('through the port', () => {
    for (let count = 0; count < 100; count++) runtime.timers.clear(runtime.timers.setTimeout(nothing, 1000));
  });
});
