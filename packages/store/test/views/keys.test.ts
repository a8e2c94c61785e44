import * as fc from 'fast-check';
import { memoryKeyValueStore, type KeyValueStore } from '@kitemq/runtime';
import { encodeRecord, recordSize, type RecordFields } from '@kitemq/protocol';
import { describe, expect, it } from 'vitest';
import { lmdbKeyValueStores } from '../../src/checkpoint/lmdb-key-value.ts';
import { hashOfKey } from '../../src/views/key-hash.ts';
import { sealBytes } from '../../src/checkpoint/row-seal.ts';
import type { KeySource } from '../../src/views/key-index.ts';
import { storedKeys } from '../../src/views/key-rows.ts';
import { KeyView } from '../../src/views/keys.ts';
import { LogRecord } from '../../src/views/log-record.ts';
import { RowKey } from '../../src/views/row-key.ts';
import { KeyPrefix } from '../../src/views/view.ts';
import { temporaryFolder, testRuntime } from '../support.ts';

/** A record with these words as its KEYS. */
function recordWith(words: string, position: number, storeTimestamp = position): LogRecord {
  const properties = Buffer.from(`KEYS\u0001${words}\u0002`);
  const host = Buffer.alloc(8);
  const fields: RecordFields = {
    topic: Buffer.from('T'), queueId: 0, flag: 0, queueOffset: 0, physicalOffset: position, sysFlag: 0, bornTimestamp: 0, bornHost: host, storeTimestamp, storeHost: host,
    reconsumeTimes: 0, preparedTransactionOffset: 0, body: Buffer.alloc(0), properties,
  };
  const block = Buffer.alloc(recordSize({ topic: 1, body: 0, properties: properties.length, bornHost: 8, storeHost: 8 }));
  encodeRecord(block, 0, fields);
  const record = new LogRecord(() => block);
  Object.assign(record, { position, size: block.length, topic: 'T', storeTimestamp, block, blockOffset: 0 });
  return record;
}

interface FoundEntry {
  readonly position: number;
  readonly storeTimestamp: number;
}

/** Entries of the sources, the newest source first; of each source once for each record, newest first. */
function entriesIn(sources: readonly KeySource[], key: string): FoundEntry[] {
  return sources.flatMap((source) => {
    const found: FoundEntry[] = [];
    source.visit(hashOfKey('T', key, 'key'), (position, storeTimestamp) => {
      if (found.at(-1)?.position !== position) found.push({ position, storeTimestamp });
    });
    return found.reverse();
  });
}

const find = (view: KeyView, key: string): number[] => entriesIn(view.sources(), key).map(({ position }) => position);

function addCarried(view: KeyView, words: string, position: number, storeTimestamp: number): void {
  const { block } = recordWith(words, position, storeTimestamp);
  view.addCarried(block, 0, { position, storeTimestamp });
}

function checkpoint(view: KeyView, rows: KeyValueStore): void {
  rows.commitSync((batch) => view.checkpoint(batch));
  view.checkpointed();
}

function loaded(rows: KeyValueStore, partEntriesMax: number): KeyView {
  const view = new KeyView(partEntriesMax);
  view.load(rows);
  return view;
}

const countRows = (rows: KeyValueStore, prefix: number): number => {
  let count = 0;
  rows.range(Buffer.of(prefix), Buffer.of(prefix + 1), () => void count++);
  return count;
};

describe('the key view', () => {
  it('finds what a linear scan finds, whatever checkpoints, crashes and deletions come between', () => {
    const step = fc.oneof(
      { weight: 20, arbitrary: fc.array(fc.constantFrom('a', 'b', 'c', 'd', 'e'), { maxLength: 4 }).map((words) => ({ kind: 'apply' as const, words })) },
      { weight: 5, arbitrary: fc.record({ kind: fc.constant('carry' as const), words: fc.array(fc.constantFrom('a', 'b', 'c'), { maxLength: 3 }), storeTimestamp: fc.maxSafeNat() }) },
      { weight: 3, arbitrary: fc.constant({ kind: 'checkpoint' as const }) },
      { weight: 2, arbitrary: fc.constant({ kind: 'capture' as const }) },
      { weight: 1, arbitrary: fc.constant({ kind: 'crash' as const }) },
      { weight: 1, arbitrary: fc.nat(100).map((percent) => ({ kind: 'trim' as const, percent })) },
      { weight: 1, arbitrary: fc.constant({ kind: 'jump' as const }) },
    );
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 40 }), fc.array(step, { maxLength: 120 }), (entriesMax, steps) => {
        const rows = memoryKeyValueStore();
        let view = loaded(rows, entriesMax);
        const log: { position: number; words: string[]; storeTimestamp?: number }[] = [];
        let stored = 0;
        let position = 0;
        let min = 0;
        for (const each of steps) {
          if (each.kind === 'apply') {
            view.apply(recordWith(each.words.join(' '), position));
            log.push({ position, words: each.words });
            position += 100;
          } else if (each.kind === 'carry') {
            addCarried(view, each.words.join(' '), position, each.storeTimestamp);
            log.push({ ...each, position });
            position += 100;
          } else if (each.kind === 'checkpoint') {
            checkpoint(view, rows);
            stored = log.length;
          } else if (each.kind === 'capture') {
            // What is applied while a checkpoint is on its way to the disk.
            rows.commitSync((batch) => view.checkpoint(batch));
            stored = log.length;
            view.apply(recordWith('a', position));
            log.push({ position, words: ['a'] });
            position += 100;
            view.checkpointed();
          } else if (each.kind === 'crash') {
            view = loaded(rows, entriesMax);
            for (const { position: at, words, storeTimestamp } of log.slice(stored)) {
              if (storeTimestamp === undefined) view.apply(recordWith(words.join(' '), at));
              else addCarried(view, words.join(' '), at, storeTimestamp);
            }
            view.trim(min);
          } else if (each.kind === 'trim') {
            min = Math.max(min, Math.floor((position * each.percent) / 100));
            view.trim(min);
          } else position += 3 * 2 ** 30;
          for (const key of ['a', 'b', 'c', 'none']) {
            const expected = log.filter(({ position: at, words }) => at >= min && words.includes(key)).reverse();
            expect(find(view, key).filter((at) => at >= min)).toEqual(expected.filter(({ storeTimestamp }) => storeTimestamp === undefined).map(({ position: at }) => at));
            const carried = expected.filter(({ storeTimestamp }) => storeTimestamp !== undefined).map(({ position: at, storeTimestamp }) => ({ position: at, storeTimestamp }));
            expect(entriesIn(view.carriedSources(), key).filter(({ position: at }) => at >= min)).toEqual(carried);
          }
        }
      }),
      { numRuns: 200 },
    );
  });

  it('keeps many entries in rows of a page, in LMDB too', async () => {
    const rows = lmdbKeyValueStores(testRuntime().disk)(temporaryFolder());
    const view = loaded(rows, 8192);
    const count = 20_000;
    for (let index = 0; index < count; index++) {
      // "hot" is in every third message: more than fit in a row.
      view.apply(recordWith(`k${index} hot`.slice(0, index % 3 === 0 ? undefined : -4), index * 1000));
      if (index % 3000 !== 0) continue;
      // As in a running store: off the event loop.
      await new Promise<void>((resolve, reject) => rows.commit((batch) => view.checkpoint(batch), (error) => (error === undefined ? resolve() : reject(error))));
      view.checkpointed();
    }
    checkpoint(view, rows);
    const again = loaded(rows, 8192);
    for (const each of [view, again]) {
      for (let index = 0; index < count; index += 97) expect(find(each, `k${index}`)).toContain(index * 1000);
      const hot = Array.from({ length: Math.ceil(count / 3) }, (_, index) => index * 3000).reverse();
      expect(find(each, 'hot')).toEqual(hot);
      expect(each.entries).toBe(count + hot.length);
    }
    let largest = 0;
    rows.range(Buffer.of(KeyPrefix.keyBucket), Buffer.of(KeyPrefix.keyBucket + 1), (_key, value) => void (largest = Math.max(largest, value.length)));
    expect(largest).toBeLessThanOrEqual(4072 - sealBytes);
    expect(countRows(rows, KeyPrefix.keyRun)).toBeGreaterThan(1);
    await rows.close();
  });

  it('removes the rows of runs whose records are gone, and of the journal', () => {
    const rows = memoryKeyValueStore();
    const view = loaded(rows, 10);
    for (let index = 0; index < 48; index++) {
      view.apply(recordWith('a', index * 100));
      if (index % 4 === 3) checkpoint(view, rows);
    }
    const runs = countRows(rows, KeyPrefix.keyRun);
    expect(runs).toBeGreaterThan(3);
    view.trim(4500);
    expect(find(view, 'a').length).toBeLessThan(20);
    for (let index = 48; index < 60; index++) {
      view.apply(recordWith('none', index * 100));
      checkpoint(view, rows);
    }
    expect(countRows(rows, KeyPrefix.keyBucket)).toBe(countRows(rows, KeyPrefix.keyRun));
    expect(countRows(rows, KeyPrefix.keyRun)).toBeLessThan(runs);
    expect(countRows(rows, KeyPrefix.keyJournal)).toBeLessThanOrEqual(1);
    expect(find(loaded(rows, 10), 'a').filter((at) => at >= 4500)).toEqual([4700, 4600, 4500]);
  });

  it('keeps many carried entries with their times in rows of a page, in LMDB too', async () => {
    const rows = lmdbKeyValueStores(testRuntime().disk)(temporaryFolder());
    const view = loaded(rows, 4096);
    const count = 10_000;
    const timeOf = (index: number): number => 1_700_000_000_000 - index * 7;
    for (let index = 0; index < count; index++) {
      addCarried(view, index % 3 === 0 ? 'hot' : `k${index}`, index * 1000, timeOf(index));
      if (index % 3000 === 0) checkpoint(view, rows);
    }
    checkpoint(view, rows);
    for (const each of [view, loaded(rows, 4096)]) {
      const hot = entriesIn(each.carriedSources(), 'hot');
      expect(hot).toHaveLength(Math.ceil(count / 3));
      for (const { position, storeTimestamp } of hot) expect(storeTimestamp).toBe(timeOf(position / 1000));
      expect(find(each, 'hot')).toEqual([]);
      expect(each.entries).toBe(count);
    }
    for (const prefix of [KeyPrefix.keyBucket, KeyPrefix.keyJournal]) {
      rows.range(Buffer.of(prefix), Buffer.of(prefix + 1), (_key, value) => void expect(value.length).toBeLessThanOrEqual(4072 - sealBytes));
    }
    await rows.close();
  });

  it('says what a checkpoint has', () => {
    const rows = memoryKeyValueStore();
    const view = loaded(rows, 4);
    for (let index = 0; index < 11; index++) {
      view.apply(recordWith('a', index * 100));
      addCarried(view, 'b', index * 100 + 50, 5);
      if (index % 3 === 2) checkpoint(view, rows);
    }
    const stored: string[] = [];
    const names = new Map(['a', 'b'].map((key) => [hashOfKey('T', key, 'key'), key]));
    for (const visitAll of storedKeys(rows)) visitAll((hash, position) => void stored.push(`${names.get(hash)}${position}`));
    // Nine of each: the last checkpoint was at the ninth.
    expect(stored.toSorted()).toEqual(Array.from({ length: 9 }, (_, index) => [`a${index * 100}`, `b${index * 100 + 50}`]).flat().toSorted());
  });

  it('counts what no checkpoint has', () => {
    const rows = memoryKeyValueStore();
    const view = loaded(rows, 4);
    expect(view.dirtyEntries).toBe(0);
    for (let index = 0; index < 5; index++) view.apply(recordWith('a b', index));
    expect(view.dirtyEntries).toBe(10);
    rows.commitSync((batch) => view.checkpoint(batch));
    expect(view.dirtyEntries).toBe(0);
    view.apply(recordWith('a b', 9));
    expect(view.dirtyEntries).toBe(2);
    view.checkpointed();
    expect(view.dirtyEntries).toBe(2);
  });

  it('refuses rows that are damaged', () => {
    const damage: readonly ((rows: KeyValueStore) => void)[] = [
      (rows) => rows.commitSync((batch) => batch.removeRange(Buffer.of(KeyPrefix.keyJournal), Buffer.of(KeyPrefix.keyJournal + 1))),
      (rows) => rows.commitSync((batch) => batch.put(new RowKey(KeyPrefix.keyOpen).uint32(0).bytes(), Buffer.from('x'))),
      (rows) => rows.commitSync((batch) => batch.put(new RowKey(KeyPrefix.keyRun).uint32(1).uint32(9).bytes(), Buffer.from([0x91, 1]))),
    ];
    for (const each of damage) {
      const rows = memoryKeyValueStore();
      const view = loaded(rows, 100);
      view.apply(recordWith('a', 0));
      checkpoint(view, rows);
      each(rows);
      expect(() => loaded(rows, 100)).toThrow();
    }
  });

  it('leaves what a search was given as it is when the part becomes a run', () => {
    const rows = memoryKeyValueStore();
    const view = loaded(rows, 4);
    const fill = (word: string, from: number): void => {
      for (let position = from; position < from + 400; position += 100) view.apply(recordWith(word, position));
    };
    fill('a', 0);
    const given = view.sources();
    checkpoint(view, rows);
    fill('b', 400);
    checkpoint(view, rows);
    fill('c', 800);
    expect(entriesIn(given, 'a').map(({ position }) => position)).toEqual([300, 200, 100, 0]);
    expect([find(view, 'a'), find(view, 'b'), find(view, 'c')]).toEqual([[300, 200, 100, 0], [700, 600, 500, 400], [1100, 1000, 900, 800]]);
  });
});
