import { ConsumerData, HeartbeatData, SubscriptionData } from '@kitemq/protocol';
import type { Channel } from '@kitemq/remoting';
import { describe, expect, it } from 'vitest';
import { ClientRegistry } from '../../src/groups/client-registry.ts';

let nextId = 1;
function fakeChannel(): Channel & { end(): void } {
  const callbacks: ((channel: Channel) => void)[] = [];
  const channel = {
    id: nextId++, remoteAddress: '1.2.3.4:5', peerLanguage: 0, peerVersion: 513, closed: false,
    onClose: (callback: (channel: Channel) => void) => void callbacks.push(callback),
    close: () => channel.end(),
    end: () => {
      channel.closed = true;
      for (const callback of callbacks.splice(0)) callback(channel as unknown as Channel);
    },
  };
  return channel as unknown as Channel & { end(): void };
}

const consumer = ConsumerData.create({ groupName: 'G', subscriptionDataSet: [SubscriptionData.create({ topic: 'T' })] });

describe('clients that fall silent', () => {
  it('are dropped and their connections closed after the timeout, and those that beat are not', () => {
    let now = 1_000;
    const registry = new ClientRegistry({ now: () => now, monotonic: () => now });
    const changes: string[] = [];
    registry.onGroupChange = (group) => void changes.push(`${group.name}:${group.members.size}`);
    const [silent, alive] = [fakeChannel(), fakeChannel()];
    registry.registerConsumer(silent, HeartbeatData.create({ clientID: 'a' }), consumer);
    registry.registerConsumer(alive, HeartbeatData.create({ clientID: 'b' }), consumer);
    registry.registerProducer('P', silent, HeartbeatData.create({ clientID: 'a' }));
    now += 100_000;
    registry.registerConsumer(alive, HeartbeatData.create({ clientID: 'b' }), consumer);
    now += 30_000;
    registry.expire(120_000);
    expect(silent.closed).toBe(true);
    expect(alive.closed).toBe(false);
    expect(registry.consumerGroup('G')?.clientIds()).toEqual(['b']);
    expect(registry.producers('P')).toBeUndefined();
    expect(changes).toEqual(['G:1', 'G:2', 'G:1']);
    alive.end();
    expect(registry.consumerGroup('G')).toBeUndefined();
  });
});
