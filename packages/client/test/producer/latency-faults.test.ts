import { describe, expect, it } from 'vitest';
import { LatencyFaults, penaltyMs } from '../../src/producer/latency-faults.ts';
import { QueuePicker, shardingKeySelector } from '../../src/producer/queue-picker.ts';

const queue = (brokerName: string, queueId: number) => ({ topic: 'T', brokerName, queueId });
const queues = [queue('a', 0), queue('a', 1), queue('b', 0), queue('b', 1)];
const random = { uint32: () => 0, below: () => 0, float: () => 0, bytes: (length: number) => new Uint8Array(length) };

it('a broker is left alone for a time that grows with its latency', () => {
  const table = [0, 549, 550, 1_800, 3_000, 5_000, 15_000, 60_000];
  expect(table.map(penaltyMs)).toEqual([0, 0, 2_000, 5_000, 6_000, 10_000, 30_000, 30_000]);
});

describe('picking a queue', () => {
  it('leaves out brokers that were slow, until their time is over or they do well', () => {
    let now = 0;
    const faults = new LatencyFaults({ now: () => now, monotonic: () => now });
    const picker = new QueuePicker(random, faults);
    const brokers = (): string => Array.from({ length: 8 }, () => picker.pick('T', queues, undefined).brokerName).join('');
    expect(brokers()).toBe('aabbaabb');
    faults.record('a', 600);
    expect(brokers()).toBe('bbbbbbbb');
    now = 2_000;
    expect(brokers()).toBe('aabbaabb');
    faults.record('a', 600);
    faults.record('a', 1);
    expect(brokers()).toBe('aabbaabb');
  });

  it('takes any when all are slow, but not the one that just failed', () => {
    const faults = new LatencyFaults({ now: () => 0, monotonic: () => 0 });
    const picker = new QueuePicker(random, faults);
    for (const broker of ['a', 'b']) faults.record(broker, 20_000);
    expect(picker.pick('T', queues, undefined).brokerName).toBe('a');
    expect(picker.pick('T', queues, 'a').brokerName).toBe('b');
    expect(picker.pick('T', [queue('a', 0)], 'a').brokerName).toBe('a');
  });

  it('equal sharding keys take equal queues, whatever the hash', () => {
    const message = { topic: 'T', body: 'x' };
    for (const key of ['', 'a', 'user-7', 'Z'.repeat(50)]) {
      const chosen = shardingKeySelector(key)(queues, message);
      expect(queues).toContain(chosen);
      expect(shardingKeySelector(key)(queues, message)).toBe(chosen);
    }
  });
});
