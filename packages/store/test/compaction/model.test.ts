import * as fc from 'fast-check';
import { PropertyKey, RecordView } from '@kitemq/protocol';
import { memoryKeyValueStores } from '@kitemq/runtime';
import { expect, it } from 'vitest';
import { LogStore } from '../../src/index.ts';
import { append, appendAll, message, ownFolder, read, storeOptions } from '../support.ts';

const topic = 'Prices';
const keys = new PropertyKey('KEYS');

type Operation =
  | { readonly kind: 'put'; readonly key: number; readonly size: number }
  | { readonly kind: 'remove'; readonly key: number }
  | { readonly kind: 'compact' | 'turnOver' | 'restart' | 'loseViews' };

const operation: fc.Arbitrary<Operation> = fc.oneof(
  { weight: 10, arbitrary: fc.record({ kind: fc.constant('put' as const), key: fc.nat(5), size: fc.nat(600) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('remove' as const), key: fc.nat(5) }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constantFrom('compact' as const, 'turnOver' as const, 'restart' as const, 'loseViews' as const) }) },
);

/** The store next to what it should be: by key the offset and body of its latest message. */
class Pair {
  readonly path: string;
  readonly expected = new Map<string, string>();
  #openKeyValue = memoryKeyValueStores();
  #next = 0;
  store!: LogStore;

  constructor(path: string) {
    this.path = path;
  }

  async open(): Promise<void> {
    this.store = new LogStore(
      storeOptions(this.path, { openKeyValue: this.#openKeyValue, topicPolicy: (name) => (name === topic ? { cleanup: 'compact' } : undefined), segmentBytes: 4096, hotTailBytes: 0, slabBytes: 2048, compactionIntervalMs: 1e6 }),
    );
    await this.store.start();
  }

  async run(step: Operation): Promise<void> {
    const { store } = this;
    if (step.kind === 'put') return this.#append(`k${step.key}`, `${this.#next}:`.padEnd(step.size, '.'));
    if (step.kind === 'remove') return this.#append(`k${step.key}`, '');
    if (step.kind === 'compact') return store.compact();
    if (step.kind === 'turnOver') {
      await appendAll(store, Array.from({ length: 12 }, () => 'x'.repeat(800)), { topic: 'Other' });
      await store.clean({ logBytesMax: 4096 });
      return;
    }
    await store.shutdown();
    if (step.kind === 'loseViews') this.#openKeyValue = memoryKeyValueStores();
    await this.open();
  }

  async #append(key: string, body: string): Promise<void> {
    const { queueOffset } = await append(this.store, message(body, { topic, properties: Buffer.from(`KEYS\u0001${key}\u0002`) }));
    expect(queueOffset).toBe(this.#next++);
    if (body === '') this.expected.delete(key);
    else this.expected.set(key, `${queueOffset} ${body}`);
  }

  /** Applies all messages in order, as a consumer would. */
  async verify(isCompacted: boolean): Promise<void> {
    const { store } = this;
    const found = new Map<string, string>();
    const seen = new Set<string>();
    const view = new RecordView();
    let last = -1;
    let first = this.#next;
    expect(store.maxOffset(topic, 0)).toBe(this.#next);
    for (let offset = 0; offset < this.#next; ) {
      const result = await read(store, { topic, offset, maxMessages: 5 });
      for (const record of result.records) {
        view.moveTo(record, 0);
        const key = keys.find(record, view.propertiesStart, view.propertiesEnd) as string;
        expect(view.queueOffset).toBeGreaterThan(last);
        if (isCompacted) expect(seen.has(key)).toBe(false);
        seen.add(key);
        last = view.queueOffset;
        first = Math.min(first, last);
        if (view.bodyLength === 0) found.delete(key);
        else found.set(key, `${last} ${Buffer.from(view.body).toString()}`);
      }
      expect(result.nextBeginOffset).toBeGreaterThan(offset);
      offset = result.nextBeginOffset;
    }
    // Else a pass may have begun meanwhile: one does at each start.
    if (isCompacted) expect(store.minOffset(topic, 0)).toBe(first);
    expect(Object.fromEntries([...found].sort())).toEqual(Object.fromEntries([...this.expected].sort()));
  }
}

it('whatever happens, a consumer that begins at the start ends with the latest value of each key', { timeout: 120_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(operation, { maxLength: 40 }), async (steps) => {
      const folder = ownFolder();
      const pair = new Pair(folder.path);
      await pair.open();
      try {
        for (const step of steps) {
          await pair.run(step);
          if (step.kind !== 'put' && step.kind !== 'remove') await pair.verify(false);
        }
        await pair.store.compact();
        await pair.verify(true);
      } finally {
        await pair.store.shutdown();
        folder.remove();
      }
    }),
    { numRuns: 60 },
  );
});
