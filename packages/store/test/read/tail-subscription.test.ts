import { describe, expect, it, vi } from 'vitest';
import { ReadStatus, type LogStore, type ReadCompletion, type TailQuery } from '../../src/index.ts';
import { TailSubscriptions } from '../../src/read/tail-subscription.ts';
import { appendAll, bodyText, numbered, startedStore, storeOptions, temporaryFolder } from '../support.ts';

/** Collects what a subscription gives, until it ends. */
function collect(store: LogStore, query: Partial<TailQuery> = {}): { readonly texts: string[]; readonly ended: Promise<void> } {
  const texts: string[] = [];
  const ended = (async () => {
    for await (const record of store.subscribe({ topic: 'TopicTest', queueId: 0, ...query })) texts.push(bodyText(record));
  })();
  return { texts, ended };
}

describe('a subscription to a queue', () => {
  it('gives what is there and what comes, in order, until it is aborted', async () => {
    const store = await startedStore(storeOptions(temporaryFolder()));
    await appendAll(store, numbered(100));
    const stop = new AbortController();
    const all = collect(store, { offset: 0, signal: stop.signal });
    const some = collect(store, { offset: 90, signal: stop.signal });
    const tail = collect(store, { signal: stop.signal });
    await vi.waitFor(() => expect(all.texts.length).toBe(100));
    for (let round = 0; round < 5; round++) await appendAll(store, numbered(10, `r${round}-`));
    await appendAll(store, ['elsewhere'], { queueId: 1 });
    await appendAll(store, ['elsewhere'], { topic: 'Other' });
    const later = [0, 1, 2, 3, 4].flatMap((round) => numbered(10, `r${round}-`));
    await vi.waitFor(() => expect(all.texts).toEqual([...numbered(100), ...later]));
    await vi.waitFor(() => expect(some.texts).toEqual([...numbered(100).slice(90), ...later]));
    await vi.waitFor(() => expect(tail.texts).toEqual(later));
    stop.abort();
    await Promise.all([all.ended, some.ended, tail.ended]);
  });

  it('waits for a topic that is not there yet, and goes on with one that was made again', async () => {
    const store = await startedStore(storeOptions(temporaryFolder()));
    const early = collect(store);
    await appendAll(store, ['a', 'b']);
    await vi.waitFor(() => expect(early.texts).toEqual(['a', 'b']));
    await store.removeTopic('TopicTest');
    await appendAll(store, ['c']);
    await appendAll(store, ['d']);
    await vi.waitFor(() => expect(early.texts.at(-1)).toBe('d'));
    await store.shutdown();
    await early.ended;
  });

  it('ends with the store and with its loop', async () => {
    const store = await startedStore(storeOptions(temporaryFolder()));
    await appendAll(store, numbered(3));
    const waiting = collect(store);
    const seen: string[] = [];
    for await (const record of store.subscribe({ topic: 'TopicTest', queueId: 0, offset: 0 })) {
      seen.push(bodyText(record));
      if (seen.length === 2) break;
    }
    expect(seen).toEqual(['m0', 'm1']);
    await store.shutdown();
    await waiting.ended;
    expect(waiting.texts).toEqual([]);
    const aborted = collect(store, { signal: AbortSignal.abort() });
    await aborted.ended;
  });

  it('ends with the store also while it waits for the disk', async () => {
    const reads: ReadCompletion[] = [];
    const tails = new TailSubscriptions({ maxOffset: () => 5, onArrival: () => undefined, read: (_query, completion) => reads.push(completion) });
    const next = tails.subscribe({ topic: 'TopicTest', queueId: 0, offset: 0 }).next();
    await vi.waitFor(() => expect(reads).toHaveLength(1));
    tails.close();
    reads[0]?.readDone({ status: ReadStatus.offsetFoundNull, nextBeginOffset: 0, minOffset: 0, maxOffset: 5, records: [], messageCount: 0, byteCount: 0 });
    expect(await next).toEqual({ done: true, value: undefined });
  });
});
