import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { CachedMessage } from '../../src/consumer/process-queue.ts';
import { ProcessQueue } from '../../src/consumer/process-queue.ts';

interface Item extends CachedMessage {
  readonly id: number;
}

const item = (queueOffset: number, bodyBytes = 10): Item => ({ id: queueOffset, queueOffset, bodyBytes, settled: false });
const queueOf = (...offsets: number[]): ProcessQueue<Item> => {
  const queue = new ProcessQueue<Item>({ topic: 'T', brokerName: 'b', queueId: 0 });
  queue.put(offsets.map((offset) => item(offset)));
  queue.nextOffset = (offsets.at(-1) ?? -1) + 1;
  return queue;
};
const takeAll = (queue: ProcessQueue<Item>): Item[] => {
  const taken: Item[] = [];
  for (let message = queue.take(); message !== undefined; message = queue.take()) taken.push(message);
  return taken;
};

describe('ProcessQueue', () => {
  it('commits the smallest unsettled offset, whatever the order of settling', () => {
    const queue = queueOf(5, 6, 7);
    const [five, six, seven] = takeAll(queue) as [Item, Item, Item];
    expect(queue.settle(seven)).toBe(true);
    expect(queue.committable()).toBe(5);
    queue.settle(five);
    expect(queue.committable()).toBe(6);
    queue.settle(six);
    expect(queue.committable()).toBe(8);
    expect(queue.settle(six)).toBe(false);
    expect(queue.cachedCount).toBe(0);
    expect(queue.cachedBytes).toBe(0);
  });

  it('commits nothing before the start offset is known, and the next pull offset when all is settled', () => {
    const queue = new ProcessQueue<Item>({ topic: 'T', brokerName: 'b', queueId: 0 });
    expect(queue.committable()).toBeUndefined();
    queue.nextOffset = 42;
    expect(queue.committable()).toBe(42);
  });

  it('hands a message that was given back out again, before new ones', () => {
    const queue = queueOf(1, 2, 3);
    const first = queue.take() as Item;
    queue.giveBack(first);
    expect(queue.take()).toBe(first);
    expect(queue.take()?.queueOffset).toBe(2);
  });

  it('does not hand out a message that was settled while it waited for its redelivery', () => {
    const queue = queueOf(1, 2);
    const first = queue.take() as Item;
    queue.giveBack(first);
    queue.settle(first);
    expect(queue.take()?.queueOffset).toBe(2);
  });

  it('ignores what a repeated pull brings again', () => {
    const queue = queueOf(1, 2, 3);
    queue.put([item(2), item(3), item(4)]);
    expect(takeAll(queue).map((message) => message.id)).toEqual([1, 2, 3, 4]);
  });

  it('is full by count, by bytes and by span', () => {
    const limits = { cachedMessagesMax: 3, cachedBytesMax: 1_000, offsetSpanMax: 100 };
    expect(queueOf(1, 2).full(limits)).toBe(false);
    expect(queueOf(1, 2, 3).full(limits)).toBe(true);
    expect(queueOf(1, 101).full(limits)).toBe(true);
    const heavy = queueOf();
    heavy.put([item(1, 1_000)]);
    expect(heavy.full(limits)).toBe(true);
  });

  it('hands out nothing once dropped', () => {
    const queue = queueOf(1, 2);
    queue.dropped = true;
    expect(queue.take()).toBeUndefined();
    expect(queue.deliverable).toBe(false);
  });

  it('takes no notice of what was handed out before a jump to another offset', () => {
    const queue = queueOf(1, 2);
    const first = queue.take() as Item;
    queue.clear();
    queue.nextOffset = 100;
    expect(queue.settle(first)).toBe(false);
    expect(queue.committable()).toBe(100);
    expect(queue.cachedCount).toBe(0);
  });

  it('never commits beyond an unsettled message, for any order of putting, taking and settling', () => {
    const step = fc.oneof(
      fc.record({ kind: fc.constant('put' as const), count: fc.integer({ min: 1, max: 40 }), gap: fc.integer({ min: 1, max: 9 }) }),
      fc.record({ kind: fc.constant('take' as const) }),
      fc.record({ kind: fc.constant('settle' as const), pick: fc.nat() }),
      fc.record({ kind: fc.constant('give' as const), pick: fc.nat() }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const queue = new ProcessQueue<Item>({ topic: 'T', brokerName: 'b', queueId: 0 });
        queue.nextOffset = 0;
        const unsettled = new Map<number, Item>();
        const held: Item[] = [];
        for (const each of steps) {
          if (each.kind === 'put') {
            const batch = Array.from({ length: each.count }, (_, index) => item((queue.nextOffset as number) + index * each.gap));
            queue.put(batch);
            for (const message of batch) unsettled.set(message.queueOffset, message);
            queue.nextOffset = (batch.at(-1) as Item).queueOffset + 1;
          } else if (each.kind === 'take') {
            const message = queue.take();
            if (message !== undefined) held.push(message);
          } else if (held.length > 0) {
            const [message] = held.splice(each.pick % held.length, 1) as [Item];
            if (each.kind === 'give') queue.giveBack(message);
            else {
              queue.settle(message);
              unsettled.delete(message.queueOffset);
            }
          }
          const smallest = unsettled.size === 0 ? queue.nextOffset : Math.min(...unsettled.keys());
          expect(queue.committable()).toBe(smallest);
          expect(queue.cachedCount).toBe(unsettled.size);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('gives memory back while a long backlog flows through', () => {
    const queue = queueOf();
    for (let offset = 0; offset < 5_000; offset++) {
      queue.put([item(offset)]);
      queue.nextOffset = offset + 1;
      if (offset > 10) queue.settle(queue.take() as Item);
    }
    expect(queue.cachedCount).toBe(11);
    expect(queue.committable()).toBe(4_989);
  });
});
