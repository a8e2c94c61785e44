import type { Deferred } from '@kitemq/runtime';
import { deferred, silentLogger } from '@kitemq/runtime';
import { describe, expect, it } from 'vitest';
import type { OffsetCalls } from '../../src/calls/offset-calls.ts';
import { RemoteOffsetStore } from '../../src/consumer/remote-offset-store.ts';

const queue = { topic: 'T', brokerName: 'b', queueId: 0 };

/** A store whose commits end when the test says so. */
function store(): { offsets: RemoteOffsetStore; commits: { readonly offset: number; readonly ended: Deferred<void> }[] } {
  const commits: { offset: number; ended: Deferred<void> }[] = [];
  const calls = {
    commit: (_address: string, _group: string, _queue: unknown, offset: number) => {
      const ended = deferred<void>();
      commits.push({ offset, ended });
      return ended.promise;
    },
    committed: () => Promise.resolve(undefined),
  } as unknown as OffsetCalls;
  return { offsets: new RemoteOffsetStore({ group: 'g', calls, address: () => 'b:1', timeoutMs: 1_000, logger: silentLogger }), commits };
}
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('offsets at the broker', () => {
  it('are committed one at a time per queue, the newest last, and only when they changed', async () => {
    const { offsets, commits } = store();
    offsets.set(queue, 5);
    const first = offsets.flush(1_000);
    await turn();
    offsets.set(queue, 7);
    const last = Promise.all([offsets.flush(1_000), offsets.flush(1_000)]);
    await turn();
    expect(commits.map((commit) => commit.offset)).toEqual([5]);
    commits[0]?.ended.resolve();
    await first;
    await turn();
    expect(commits.map((commit) => commit.offset)).toEqual([5, 7]);
    commits[1]?.ended.resolve();
    await last;
    await offsets.flush(1_000);
    expect(commits).toHaveLength(2);
  });

  it('that a group begins at anyway are never told, but what comes after them is', async () => {
    const { offsets, commits } = store();
    offsets.assume(queue, 0);
    offsets.set(queue, 0);
    await offsets.flush(1_000);
    expect(commits).toHaveLength(0);
    expect(offsets.current(queue)).toBe(0);
    offsets.set(queue, 1);
    const flushed = offsets.flush(1_000);
    await turn();
    commits[0]?.ended.resolve();
    await flushed;
    expect(commits.map((commit) => commit.offset)).toEqual([1]);
  });

  it('are tried again after a failure, which is not thrown', async () => {
    const { offsets, commits } = store();
    offsets.set(queue, 5);
    const flushed = offsets.flush(1_000);
    await turn();
    commits[0]?.ended.reject(new Error('away'));
    await flushed;
    const again = offsets.flush(1_000);
    await turn();
    commits[1]?.ended.resolve();
    await again;
    expect(commits.map((commit) => commit.offset)).toEqual([5, 5]);
  });

  it('are committed and forgotten when a queue is given up', async () => {
    const { offsets, commits } = store();
    offsets.set(queue, 5);
    const released = offsets.release(queue, 1_000);
    await turn();
    commits[0]?.ended.resolve();
    await released;
    await offsets.flush(1_000);
    expect(commits).toHaveLength(1);
    expect(offsets.current(queue)).toBeUndefined();
  });
});
