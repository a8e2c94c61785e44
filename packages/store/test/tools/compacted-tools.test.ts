import * as fc from 'fast-check';
import { memoryKeyValueStores, silentLogger, type KeyValueStore } from '@kitemq/runtime';
import { describe, expect, it, vi } from 'vitest';
import { SealedRows } from '../../src/checkpoint/sealed-rows.ts';
import { LogStore } from '../../src/index.ts';
import { dumpStore, statStore, verifyStore, type StoredRecord, type VerifyReport } from '../../src/tools.ts';
import { append, appendAll, message, ownFolder, readAll, storeOptions, testRuntime } from '../support.ts';

vi.setConfig({ testTimeout: 60_000 });

const runtime = testRuntime();
const topic = 'Prices';

/** A store with a compacted topic, its checkpoint in memory. */
class Compacted {
  readonly #folder = ownFolder();
  readonly path = this.#folder.path;
  #openKeyValue = memoryKeyValueStores();
  store!: LogStore;

  static async opened(): Promise<Compacted> {
    const compacted = new Compacted();
    await compacted.open();
    return compacted;
  }

  async open(): Promise<void> {
    this.store = new LogStore(
      storeOptions(this.path, { openKeyValue: this.#openKeyValue, topicPolicy: (name) => (name === topic ? { cleanup: 'compact' } : undefined), segmentBytes: 4096, hotTailBytes: 0, slabBytes: 2048, compactionIntervalMs: 1e6, keyPartEntries: 8 }),
    );
    await this.store.start();
  }

  async put(key: string, value: string): Promise<void> {
    await append(this.store, message(value, { topic, properties: Buffer.from(`KEYS\u0001${key}\u0002`) }));
  }

  /** Writes into another topic, and lets the log's beginning go. */
  async turnOver(): Promise<void> {
    await appendAll(this.store, Array.from({ length: 12 }, () => 'x'.repeat(800)), { topic: 'Other' });
    await this.store.clean({ logBytesMax: 4096 });
  }

  async loseViews(): Promise<void> {
    await this.store.shutdown();
    this.#openKeyValue = memoryKeyValueStores();
    await this.open();
  }

  get #stored(): KeyValueStore {
    return this.#openKeyValue(`${this.path}/views`);
  }

  /** The rows of the checkpoint, to be changed. */
  get rows(): KeyValueStore {
    return new SealedRows(this.#stored, silentLogger);
  }

  /** The options of a tool. */
  get options(): { readonly runtime: typeof runtime; readonly path: string; readonly openRows: () => KeyValueStore } {
    return { runtime, path: this.path, openRows: () => this.#stored };
  }

  verify(): Promise<VerifyReport> {
    return verifyStore(this.options);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.store.shutdown();
    this.#folder.remove();
  }
}

/** Keys whose messages were carried over, and some behind them. */
async function carriedOver(): Promise<Compacted> {
  const compacted = await Compacted.opened();
  for (let round = 0; round < 2; round++) for (let key = 0; key < 100; key++) await compacted.put(`k${key}`, `${round}`);
  await compacted.turnOver();
  await compacted.turnOver();
  for (let key = 0; key < 20; key++) await compacted.put(`new${key}`, '2');
  await compacted.store.shutdown();
  return compacted;
}

async function dumped(compacted: Compacted, filter: Parameters<typeof dumpStore>[0]['filter']): Promise<StoredRecord[]> {
  const records: StoredRecord[] = [];
  await dumpStore({ ...compacted.options, onRecord: (record) => void records.push(record), ...(filter === undefined ? {} : { filter }) });
  return records;
}

describe('a compacted topic', () => {
  it('is counted by stat as readers get it', async () => {
    await using compacted = await carriedOver();
    const { topics } = await statStore(compacted.options);
    expect(topics.find((stat) => stat.topic === topic)).toEqual({ topic, queues: [{ queueId: 0, min: 100, next: 220, messages: 120 }], messages: 120 });
    await compacted.open();
    expect((await readAll(compacted.store, topic)).length).toBe(120);
    // Compaction makes holes also where the queue still has everything.
    for (let count = 0; count < 5; count++) await compacted.put('again', `${count}`);
    await compacted.store.compact();
    await compacted.store.shutdown();
    expect((await statStore(compacted.options)).topics.find((stat) => stat.topic === topic)).toMatchObject({ messages: 121 });
  });

  it('is dumped with what was carried over', async () => {
    await using compacted = await carriedOver();
    const records = await dumped(compacted, { topic });
    expect(new Set(records.map(({ properties }) => properties['KEYS'])).size).toBe(120);
    const carried = records.filter(({ carriedBy }) => carriedBy !== undefined);
    expect(carried.length).toBeGreaterThanOrEqual(100);
    expect(await dumped(compacted, { topic, fromOffset: 100, untilOffset: 101 })).toMatchObject([{ queueOffset: 100, body: '1', properties: { KEYS: 'k0' } }]);
    expect(await dumped(compacted, { topic, limit: 3 })).toEqual(records.slice(0, 3));
    const [carrier] = await dumped(compacted, { topic: 'rmq_sys_KITEMQ_CARRIED', limit: 1 });
    expect(carrier).toMatchObject({ position: carried[0]?.carriedBy, content: { carried: expect.any(Number) as number } });
  });

  it('is compared with the log: an entry that leads elsewhere, one that is missing, a key that is missing', async () => {
    await using compacted = await carriedOver();
    expect(await compacted.verify()).toMatchObject({ ok: true, compactedCompared: 100 });
    const { rows } = compacted;
    const first = (prefix: number): readonly [Buffer, Buffer] => {
      let found: readonly [Buffer, Buffer] | undefined;
      rows.range(Buffer.of(prefix), Buffer.of(prefix + 1), (key, value) => void (found ??= [Buffer.from(key), Buffer.from(value)]));
      return found as readonly [Buffer, Buffer];
    };
    const [chunkKey, chunk] = first(0x51);
    const [digestKey, latest] = first(0x52);
    const put = (key: Buffer, value: Buffer): void => rows.commitSync((batch) => batch.put(key, value));
    const moved = Buffer.from(chunk);
    moved[8]! ^= 1;
    put(chunkKey, moved);
    expect((await compacted.verify()).problems).toMatchObject([{ kind: 'compaction', message: expect.stringContaining(`queue ${topic}/0 has 100 messages in the checkpoint, of which the log does not have 1`) as string }]);
    put(chunkKey, chunk.subarray(21));
    expect((await compacted.verify()).problems).toMatchObject([{ kind: 'compaction', message: expect.stringContaining('misses 1 of the latest messages that the log has, the first at offset 100') as string }]);
    put(chunkKey, chunk);
    rows.commitSync((batch) => batch.remove(digestKey));
    expect(await compacted.verify()).toMatchObject({ ok: false });
    put(digestKey, latest);
    expect(await compacted.verify()).toMatchObject({ ok: true });
  });

  it('is never said to be wrong, whatever happened to it', async () => {
    const step = fc.oneof(
      { weight: 10, arbitrary: fc.record({ kind: fc.constant('put' as const), key: fc.nat(5), size: fc.nat(600) }) },
      { weight: 3, arbitrary: fc.record({ kind: fc.constant('put' as const), key: fc.nat(5), size: fc.constant(0) }) },
      { weight: 6, arbitrary: fc.record({ kind: fc.constantFrom('compact' as const, 'turnOver' as const, 'restart' as const, 'loseViews' as const, 'removeTopic' as const) }) },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 50 }), async (steps) => {
        await using compacted = await Compacted.opened();
        for (const each of steps) {
          if (each.kind === 'put') await compacted.put(`k${each.key}`, 'v'.repeat(each.size));
          else if (each.kind === 'compact') await compacted.store.compact();
          else if (each.kind === 'turnOver') await compacted.turnOver();
          else if (each.kind === 'removeTopic') await compacted.store.removeTopic(topic);
          else if (each.kind === 'loseViews') await compacted.loseViews();
          else {
            await compacted.store.shutdown();
            expect((await compacted.verify()).problems).toEqual([]);
            await compacted.open();
          }
        }
        await compacted.store.shutdown();
        expect((await compacted.verify()).problems).toEqual([]);
      }),
      { numRuns: 40 },
    );
  });
});

describe('the key index', () => {
  it('is compared with the log: a changed, a missing and a superfluous entry', async () => {
    await using compacted = await carriedOver();
    const report = await compacted.verify();
    expect(report).toMatchObject({ ok: true, notes: [] });
    expect(report.keysCompared).toBeGreaterThanOrEqual(120);
    const { rows } = compacted;
    let newest: readonly [Buffer, Buffer] | undefined;
    const keysOfRuns = [Buffer.of(0x43, 0, 0, 0, 0), Buffer.of(0x43, 0, 0, 0, 1)] as const;
    rows.range(...keysOfRuns, (key, value) => void (newest = [Buffer.from(key), Buffer.from(value)]));
    const put = (key: Buffer, value: Buffer): void => rows.commitSync((batch) => batch.put(key, value));
    const [key, row] = newest as unknown as readonly [Buffer, Buffer];
    const changed = Buffer.from(row);
    changed[0]! ^= 1;
    put(key, changed);
    expect((await compacted.verify()).problems).toMatchObject([{ kind: 'key', message: expect.stringContaining('has others than the keys of the log from 0 to') as string }]);
    put(key, Buffer.concat([row, row.subarray(0, 8)]));
    expect((await compacted.verify()).problems).toMatchObject([{ kind: 'key', message: expect.stringContaining('1 more than') as string }]);
    put(key, row.subarray(8));
    expect((await compacted.verify()).problems).toMatchObject([{ kind: 'key', message: expect.stringContaining('1 fewer than') as string }]);
    put(key, row);
    expect(await compacted.verify()).toMatchObject({ ok: true });
  });
});
