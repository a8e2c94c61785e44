import { afterEach, expect, test, vi } from 'vitest';
import { Appender } from '../../../packages/store/src/commit-log/appender.ts';
import { DurableWaiters } from '../../../packages/store/src/commit-log/durable-waiters.ts';
import { LogStore } from '../../../packages/store/src/log-store.ts';
import { AppendOutcome, type AppendCompletion, type ReadResult } from '../../../packages/store/src/message-store.ts';
import { RecordParser } from '../../../packages/store/src/recovery/replay.ts';
import { QueueView } from '../../../packages/store/src/views/queues.ts';
import { SettingsView } from '../../../packages/store/src/views/settings.ts';
import { storeScenario } from '../src/store/store-scenario.ts';

afterEach(() => void vi.restoreAllMocks());

/** Whether a seed from 1 on says so. */
const isNoticed = async (says: RegExp, seedsMax: number): Promise<boolean> => {
  for (let seed = 1; seed <= seedsMax; seed++) {
    const message = await storeScenario(seed, 'none').then(() => '', (error: unknown) => (error as Error).message);
    if (says.test(message)) return true;
  }
  return false;
};

const appendOf = Appender.prototype.append;
const readOf = LogStore.prototype.read;
const parseOf = RecordParser.prototype.parse;
const putOf = SettingsView.prototype.put;
const startOf = LogStore.prototype.start;

/** A store … */
const broken: readonly (readonly [how: string, breakIt: () => void, says: RegExp])[] = [
  [
    'that answers before the disk does when a sender of an async store asks it to wait',
    () => vi.spyOn(DurableWaiters.prototype, 'add').mockImplementation(({ completion }) => completion?.appended(AppendOutcome.stored)),
    /was acknowledged at offset/,
  ],
  [
    'that calls a flush timeout a success',
    () =>
      vi.spyOn(Appender.prototype, 'append').mockImplementation(function (this: Appender, message, completion) {
        const asked = completion as AppendCompletion & { appended: (outcome: AppendOutcome) => void };
        const { appended } = asked;
        asked.appended = (outcome) => appended(outcome === AppendOutcome.flushTimeout ? AppendOutcome.stored : outcome);
        return appendOf.call(this, message, completion);
      }),
    /was acknowledged at offset/,
  ],
  [
    'that replays an inner batch as one message',
    () =>
      vi.spyOn(RecordParser.prototype, 'parse').mockImplementation(function (this: RecordParser, record, found) {
        parseOf.call(this, record, found);
        record.count = Math.min(record.count, 1);
      }),
    /offset \d+ is followed by|ended at \d+ before|was acknowledged at offset/,
  ],
  ['whose removed topics go on where they were', () => vi.spyOn(QueueView.prototype, 'detach').mockReturnValue(), /ends at|ended at|was acknowledged at offset|is followed by/],
  [
    'that leads readers past what it cannot read',
    () =>
      vi.spyOn(LogStore.prototype, 'read').mockImplementation(function (this: LogStore, query, completion) {
        const skip = (result: ReadResult): ReadResult => (result.status === 'OFFSET_FOUND_NULL' ? { ...result, nextBeginOffset: query.offset + 1 } : result);
        readOf.call(this, query, { readDone: (result) => completion.readDone(skip(result)) });
      }),
    /was acknowledged at offset \d+ and is lost/,
  ],
  [
    'that says a setting was stored when it was not',
    () =>
      vi.spyOn(SettingsView.prototype, 'put').mockImplementation(function (this: SettingsView, kind, key, value) {
        return putOf.call(this, kind, key, value).catch(() => undefined);
      }),
    /setting \w is/,
  ],
  [
    'that says nothing of a lost segment',
    () =>
      vi.spyOn(LogStore.prototype, 'start').mockImplementation(async function (this: LogStore) {
        return { ...(await startOf.call(this)), lost: [] };
      }),
    /the start says that it lost nothing/,
  ],
];

test.each(broken)('%s is noticed (the test of the test)', { timeout: 300_000 }, async (_, breakIt, says) => {
  breakIt();
  expect(await isNoticed(says, 500)).toBe(true);
});
