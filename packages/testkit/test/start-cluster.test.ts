import { Client } from '@kitemq/client';
import { KiteError } from '@kitemq/runtime';
import { existsSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { describe, expect, it } from 'vitest';
import { type ClusterOptions, startCluster } from '../src/index.ts';

const kinds: ReadonlyArray<readonly [string, ClusterOptions]> = [
  ['sockets, memory', {}],
  ['sockets, disk', { storage: 'disk' }],
  ['no sockets, memory', { sockets: false }],
  ['no sockets, disk', { sockets: false, storage: 'disk' }],
];

const leftovers = (): string[] => readdirSync(tmpdir()).filter((name) => name.startsWith('kitemq-testkit-'));

describe.each(kinds)('a cluster with %s', (_name, options) => {
  it('sends and receives, and keeps messages and address over a restart of the broker', async () => {
    await using cluster = await startCluster(options);
    await using client = new Client(cluster.clientOptions);
    const producer = await client.producer();
    const first = await producer.send({ topic: 'T', body: 'one' });
    const puller = client.puller();
    const before = await puller.pull(first.queue, first.queueOffset);
    expect(before.messages.map((message) => message.text())).toEqual(['one']);
    const { address } = cluster.brokers[0] ?? { address: '' };
    await cluster.restartBroker();
    expect(cluster.brokers[0]?.address).toBe(address);
    const again = await puller.pull(first.queue, first.queueOffset);
    expect(again.messages.map((message) => message.messageId)).toEqual([first.messageId]);
    const second = await producer.send({ topic: 'T', body: 'two' }, { queue: first.queue });
    expect(second.queueOffset).toBe(first.queueOffset + 1);
  });
});

describe('startCluster', () => {
  it('starts several brokers that clients see', async () => {
    await using cluster = await startCluster({ brokers: 3 });
    await using client = new Client(cluster.clientOptions);
    const { brokers } = await client.admin().clusterInfo();
    expect(brokers.map((broker) => broker.brokerName)).toEqual(['broker-a', 'broker-b', 'broker-c']);
    expect(brokers.map((broker) => broker.members[0]?.address)).toEqual(cluster.brokers.map((broker) => broker.address));
  });

  it('gives clusters beside each other nothing in common', async () => {
    await using one = await startCluster();
    await using two = await startCluster();
    expect(one.nameserver).not.toBe(two.nameserver);
    await using client = new Client(one.clientOptions);
    await client.admin().createTopic({ topic: 'OnlyHere' });
    await using other = new Client(two.clientOptions);
    expect(await other.admin().listTopics()).not.toContain('OnlyHere');
  });

  it('leaves nothing behind, and stops as often as it is told', async () => {
    const before = leftovers();
    const cluster = await startCluster({ storage: 'disk' });
    expect(leftovers().length).toBe(before.length + 1);
    await cluster.stop();
    await cluster.stop();
    expect(leftovers()).toEqual(before);
    expect(existsSync('/kitemq')).toBe(false);
  });

  it('refuses numbers and settings out of range', async () => {
    await expect(startCluster({ brokers: 0 })).rejects.toThrow('brokers is 0');
    await expect(startCluster({ brokers: 27 })).rejects.toThrow(RangeError);
    await expect(startCluster({ brokerSettings: { maxMessageSize: -1 } })).rejects.toSatisfy((error) => KiteError.is(error, 'KITE_CONFIG_INVALID'));
    await using cluster = await startCluster({ sockets: false });
    await expect(cluster.restartBroker(1)).rejects.toThrow('there is no broker 1');
  });
});
