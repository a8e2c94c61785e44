import { memoryKeyValueStore, silentLogger, type TimerHandle, type Timers } from '@kitemq/runtime';
import { RecordingLogger } from '@kitemq/runtime/testing';
import { expect, it, onTestFinished } from 'vitest';
import { Checkpointer, type CheckpointerOptions } from '../../src/checkpoint/checkpointer.ts';
import type { GroupCommit } from '../../src/commit-log/group-commit.ts';
import { LogStore } from '../../src/index.ts';
import type { ViewSet } from '../../src/views/view-set.ts';
import { append, appendAll, message, numbered, readAll, startedStore, storeOptions, temporaryFolder } from '../support.ts';

it('when the store has failed it says so once, and tries no more', async () => {
  const logger = new RecordingLogger();
  const due: (() => void)[] = [];
  const timers = { setTimeout: (callback: () => void) => due.push(callback) as unknown as TimerHandle, clear: () => undefined } as unknown as Timers;
  const waiting: ((error: Error | undefined) => void)[] = [];
  // As `GroupCommit` is: after a failure everybody is told of it at once.
  const commit = {
    visible: 0,
    failure: undefined as Error | undefined,
    whenFlushed(_position: number, done: (error: Error | undefined) => void): void {
      if (this.failure === undefined) waiting.push(done);
      else done(this.failure);
    },
  };
  const checkpointer = new Checkpointer({
    rows: { checkReadable: () => undefined } as unknown as CheckpointerOptions['rows'],
    views: { checkpoint: () => undefined, checkpointed: () => undefined } as unknown as ViewSet,
    commit: commit as unknown as GroupCommit,
    flushed: () => 0,
    timers,
    logger,
    intervalMs: 1000,
    bytes: 1_000_000,
    proofBytes: 1_000_000,
    dirtyEntries: () => 0,
    position: 0,
  });
  const passInterval = (): void => {
    for (const callback of due.splice(0)) callback();
  };
  commit.visible = 100;
  checkpointer.applied();
  passInterval();
  expect(waiting).toHaveLength(1);
  commit.failure = new Error('the disk failed');
  waiting[0]?.(commit.failure);
  for (let interval = 0; interval < 20; interval++) {
    checkpointer.applied();
    passInterval();
  }
  expect(logger.lines.map((line) => `${line.level}: ${line.message}`)).toEqual(['warn: no more checkpoints are made, as the store failed; the next start replays the log']);
  expect(await checkpointer.reach(50)).toBe(false);
  await checkpointer.stop();
});

it('rows that cannot be opened now cost nothing but time', async () => {
  const options = storeOptions(temporaryFolder(), { checkpointIntervalMs: 5, logger: silentLogger });
  const raw = memoryKeyValueStore();
  let isOpen = true;
  const get = raw.get.bind(raw);
  raw.get = (key) => {
    if (!isOpen) throw Object.assign(new Error('EMFILE: by the test'), { code: 'EMFILE' });
    return get(key);
  };
  raw.close = () => Promise.resolve();
  const store = await startedStore({ ...options, openKeyValue: () => raw });
  isOpen = false;
  await appendAll(store, numbered(300));
  await new Promise((resolve) => setTimeout(resolve, 50));
  isOpen = true;
  await append(store, message('last'));
  await store.shutdown();
  const again = new LogStore({ ...options, openKeyValue: () => raw });
  onTestFinished(() => again.shutdown());
  expect(await again.start()).toMatchObject({ viewsRebuilt: false, replayedRecords: 0 });
  expect(await readAll(again)).toEqual([...numbered(300), 'last']);
});
