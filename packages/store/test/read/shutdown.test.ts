import { readdirSync, readlinkSync } from 'node:fs';
import type { Logger } from '@kitemq/runtime';
import { expect, it } from 'vitest';
import { ReadStatus, type ReadResult } from '../../src/index.ts';
import { append, message, read, startedStore, storeOptions, temporaryFolder, testRuntime } from '../support.ts';

const bodyBytes = 64 * 1024;
const queues = 40;
/** More than a reader is allowed to be ahead of others without waiting for them. */
const messages = 200;

/** Files of the folder that this process has open. */
function openFiles(path: string): string[] {
  const targets = readdirSync('/proc/self/fd').map((descriptor) => {
    try {
      return readlinkSync(`/proc/self/fd/${descriptor}`);
    } catch {
      // That of the listing itself.
      return '';
    }
  });
  return targets.filter((target) => target.startsWith(path));
}

it.runIf(process.platform === 'linux')('a shutdown answers those who wait for the disk, or for other readers, and leaves no file open', async () => {
  const path = temporaryFolder();
  const errors: unknown[] = [];
  const runtime = testRuntime();
  const logger = { ...runtime.logger, error: (...args: unknown[]) => void errors.push(args) } as Logger;
  const options = storeOptions(path, { runtime: { ...runtime, logger }, flushMode: 'async', segmentBytes: 4 * 1024 * 1024, slabBytes: 1024 * 1024 });
  const store = await startedStore(options);
  for (let number = 0; number < messages; number++) await append(store, message(Buffer.alloc(bodyBytes, number), { queueId: number % queues }));
  await store.shutdown();

  const again = await startedStore(options);
  const reads: Promise<ReadResult>[] = [];
  // Far behind, then far ahead: those wait for turns of the event loop. More at once than the disk is asked for.
  for (let number = 0; number < messages; number++) reads.push(read(again, { queueId: number % queues, offset: Math.floor(number / queues), maxMessages: 1 }));
  const stopped = again.shutdown();
  const results = await Promise.all(reads);
  await stopped;
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
  expect(openFiles(path)).toEqual([]);
  expect(errors).toEqual([]);
  for (const { status } of results) expect([ReadStatus.found, ReadStatus.offsetFoundNull]).toContain(status);
});
