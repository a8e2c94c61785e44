import { describe, expect, it } from 'vitest';
import { lockLifetimeMs, QueueLocks } from '../../src/locks/queue-locks.ts';

const queue = (queueId: number) => ({ topic: 'T', brokerName: 'b', queueId });

describe('queue locks', () => {
  let now = 0;
  const make = (): QueueLocks => new QueueLocks({ now: () => now, monotonic: () => now });

  it('belong to the first who asks, until unlocked by their owner', () => {
    const locks = make();
    expect(locks.lock('G', 'a', [queue(0), queue(1)])).toEqual([queue(0), queue(1)]);
    expect(locks.lock('G', 'b', [queue(1), queue(2)])).toEqual([queue(2)]);
    locks.unlock('G', 'b', [queue(1)]);
    expect(locks.lock('G', 'b', [queue(1)])).toEqual([]);
    locks.unlock('G', 'a', [queue(1)]);
    expect(locks.lock('G', 'b', [queue(1)])).toEqual([queue(1)]);
    expect(locks.lock('Other', 'c', [queue(1)])).toEqual([queue(1)]);
  });

  it('are free when nobody renews them: an owner that was killed blocks for so long and no longer', () => {
    const locks = make();
    locks.lock('G', 'dead', [queue(0)]);
    now += lockLifetimeMs;
    expect(locks.lock('G', 'heir', [queue(0)])).toEqual([]);
    now += 1;
    expect(locks.lock('G', 'heir', [queue(0)])).toEqual([queue(0)]);
  });

  it('say whether a group consumes in order', () => {
    const locks = make();
    expect(locks.isLocked('G')).toBe(false);
    locks.lock('G', 'a', [queue(0)]);
    expect(locks.isLocked('G')).toBe(true);
    now += lockLifetimeMs + 1;
    expect(locks.isLocked('G')).toBe(false);
    locks.expire();
    expect(locks.isLocked('G')).toBe(false);
  });
});
