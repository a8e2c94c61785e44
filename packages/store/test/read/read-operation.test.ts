import { silentLogger } from '@kitemq/runtime';
import { describe, expect, it } from 'vitest';
import type { CommitLog } from '../../src/commit-log/commit-log.ts';
import type { LogSegment } from '../../src/commit-log/log-segment.ts';
import { TailSlab } from '../../src/commit-log/tail-slabs.ts';
import type { ReadQuery, ReadResult } from '../../src/index.ts';
import type { BlockCache } from '../../src/read/block-cache.ts';
import type { ColdReadDone, ColdReader } from '../../src/read/cold-reader.ts';
import { ReadOperation } from '../../src/read/read-operation.ts';
import type { UnreadableRecords } from '../../src/read/unreadable-records.ts';

const query: ReadQuery = { topic: 'T', queueId: 0, offset: 0, maxMessages: 32, maxBytes: 1e9, matchesTags: undefined, matchesRecord: undefined };
const slabOf = (bytes: number): TailSlab => new TailSlab({} as LogSegment, 0, Buffer.from(Array.from({ length: bytes }, (_, index) => index % 251)));
/** Nothing is on disk in these tests. */
const nothing = { log: {} as CommitLog, cold: {} as ColdReader, blocks: {} as BlockCache, unreadable: {} as UnreadableRecords, logger: silentLogger };

function answered(overrides: Partial<ReadQuery>, collect: (operation: ReadOperation) => void): ReadResult {
  let result: ReadResult | undefined;
  const operation = new ReadOperation({ ...query, ...overrides }, { readDone: (done) => (result = done) }, 0);
  collect(operation);
  operation.finish(nothing);
  return result as ReadResult;
}

describe('records in memory', () => {
  it('are a piece each, and keep their memory, unless the answer is transient', () => {
    const slab = slabOf(100);
    const { records, transient } = answered({}, (operation) => {
      operation.addHot(slab, 10, 20);
      operation.addHot(slab, 30, 5);
    });
    expect(records.map((record) => [...record])).toEqual([[...slab.buffer.subarray(10, 30)], [...slab.buffer.subarray(30, 35)]]);
    expect(transient).toBe(false);
    expect(slab.isShared).toBe(true);
  });

  it('are one piece in a transient answer when they lie one behind the other; their memory may be used again', () => {
    const first = slabOf(100);
    const second = slabOf(50);
    const { records, messageCount, byteCount, transient } = answered({ transient: true }, (operation) => {
      operation.addHot(first, 10, 20);
      operation.addHot(first, 30, 5);
      operation.addHot(first, 40, 5);
      // The same place of another slab.
      operation.addHot(second, 45, 5);
    });
    expect(records.map((record) => [...record])).toEqual([[...first.buffer.subarray(10, 35)], [...first.buffer.subarray(40, 45)], [...second.buffer.subarray(45, 50)]]);
    expect({ messageCount, byteCount, transient }).toEqual({ messageCount: 4, byteCount: 35, transient: true });
    expect([first.isShared, second.isShared]).toEqual([false, false]);
  });

  it('are handed out themselves when there is much to copy', () => {
    const slab = slabOf(600_000);
    const { records, transient } = answered({ transient: true }, (operation) => {
      operation.addHot(slab, 0, 300_000);
      operation.addHot(slab, 300_000, 200_000);
    });
    expect(records).toHaveLength(1);
    expect(transient).toBe(false);
    expect(slab.isShared).toBe(true);
  });

  it.each([true, false])('that do not match are no part of the answer (transient: %s)', (transient) => {
    const slab = slabOf(100);
    const { records, messageCount, byteCount } = answered({ transient, matchesRecord: (record) => record[0] !== 30 }, (operation) => {
      operation.addHot(slab, 10, 20);
      operation.addHot(slab, 30, 5);
      operation.addHot(slab, 35, 5);
    });
    expect(Buffer.concat(records)).toEqual(Buffer.concat([slab.buffer.subarray(10, 30), slab.buffer.subarray(35, 40)]));
    expect({ messageCount, byteCount }).toEqual({ messageCount: 2, byteCount: 25 });
  });
});

it('a read is told that its messages were deleted whichever of them it was', () => {
  let result: ReadResult | undefined;
  const operation = new ReadOperation(query, { readDone: (done) => (result = done) }, 0);
  // In a compacted queue an earlier offset may lie behind a later one.
  for (const [offset, position] of [900, 100].entries()) operation.addCold(offset, position, 50);
  const cold = { read: (_position: number, _length: number, done: ColdReadDone) => done(new Error('no segment holds it any more'), Buffer.alloc(0)) } as unknown as ColdReader;
  operation.finish({ ...nothing, cold, log: { segmentAt: () => undefined, minPosition: 500 } as unknown as CommitLog });
  expect(result).toMatchObject({ status: 'MESSAGE_WAS_REMOVING', nextBeginOffset: 0 });
});
