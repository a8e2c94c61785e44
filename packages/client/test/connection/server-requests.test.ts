import { Commands, ConsumeMessageDirectlyResult, ConsumerRunningInfo, GetConsumerStatusBody, MessageQueueMap, ResetOffsetBody } from '@kitemq/protocol';
import type { AnyCommand, RequestHeaderOf } from '@kitemq/protocol';
import type { Channel, Reply } from '@kitemq/remoting';
import { expect, it } from 'vitest';
import { FakeCluster } from '../fake/fake-cluster.ts';

const channelOf = (cluster: FakeCluster, clientId: string): Channel => {
  for (const [channel, data] of cluster.broker.members) if (data.clientID === clientId) return channel;
  throw new Error(`${clientId} is not connected`);
};
const ask = <C extends AnyCommand>(cluster: FakeCluster, command: C, header: RequestHeaderOf<C>, body?: Uint8Array): Promise<Reply<C>> =>
  channelOf(cluster, 'client-1').invoke(command, header, body as never, { timeoutMs: 5_000 });

it('moves when an operator resets the group (220), dropping what was pulled ahead', () =>
  new FakeCluster().run(async (cluster) => {
    cluster.broker.createTopic('T', 1);
    const consumer = await cluster.client().consumer({ group: 'g', subscriptions: { T: '*' }, from: 'first' });
    const seen: string[] = [];
    void consumer.run((message) => seen.push(message.text()));
    const producer = await cluster.client().producer();
    for (let index = 0; index < 5; index++) await producer.send({ topic: 'T', body: `m${index}` });
    await cluster.until('five arrived', () => seen.length === 5);
    const offsetTable = new MessageQueueMap([[{ topic: 'T', brokerName: 'broker-a', queueId: 0 }, 2] as const]);
    channelOf(cluster, 'client-1').invokeOneway(Commands.resetConsumerClientOffset, { group: 'g', topic: 'T', timestamp: 0, isForce: true }, ResetOffsetBody.create({ offsetTable }));
    await cluster.until('three more arrived', () => seen.length === 8);
    expect(seen.slice(5)).toEqual(['m2', 'm3', 'm4']);
    await cluster.until('the offset is committed', () => cluster.broker.committed('g', 'T', 0) === 5);
  }));

it('does not wait for, nor hand back, what was under way when the group was moved', () =>
  new FakeCluster().run(async (cluster) => {
    cluster.broker.createTopic('T', 1);
    const consumer = await cluster.client().consumer({ group: 'g', subscriptions: { T: '*' }, from: 'first' });
    const finish: (() => void)[] = [];
    void consumer.run((message) => (message.text() === 'slow' ? new Promise<void>((_, reject) => finish.push(() => reject(new Error('late')))) : undefined), { concurrency: 2 });
    const producer = await cluster.client().producer();
    for (const body of ['slow', 'a', 'b']) await producer.send({ topic: 'T', body });
    await cluster.until('it is under way', () => finish.length === 1);
    const offsetTable = new MessageQueueMap([[{ topic: 'T', brokerName: 'broker-a', queueId: 0 }, 3] as const]);
    channelOf(cluster, 'client-1').invokeOneway(Commands.resetConsumerClientOffset, { group: 'g', topic: 'T', timestamp: 0, isForce: true }, ResetOffsetBody.create({ offsetTable }));
    await cluster.until('the offset is committed', () => cluster.broker.committed('g', 'T', 0) === 3);
    for (const end of finish) end();
    await cluster.simulation.sleep(10);
    const started = cluster.simulation.now;
    await consumer.stop({ drainMs: 60_000 });
    expect(cluster.simulation.now - started).toBeLessThan(10_000);
    expect(cluster.broker.seen).not.toContain(Commands.consumerSendMsgBack.code);
    expect(cluster.broker.committed('g', 'T', 0)).toBe(3);
  }));

it('answers where it is (221) and what it is doing (307)', () =>
  new FakeCluster().run(async (cluster) => {
    cluster.broker.createTopic('T', 2);
    const consumer = await cluster.client().consumer({ group: 'g', subscriptions: { T: 'a || b' }, from: 'first' });
    void consumer.run(() => {});
    await (await cluster.client().producer()).send({ topic: 'T', body: 'x', tags: 'a' });
    await cluster.simulation.sleep(100);

    const status = await ask(cluster, Commands.getConsumerStatusFromClient, { topic: 'T', group: 'g' });
    const offsets = GetConsumerStatusBody.decode(status.bytes).messageQueueTable;
    expect([...offsets.values()].sort()).toEqual([0, 1]);

    const running = await ask(cluster, Commands.getConsumerRunningInfo, { consumerGroup: 'g', clientId: 'client-1' });
    const info = ConsumerRunningInfo.decode(running.bytes);
    expect(info.mqTable.keys().filter((queue) => queue.topic === 'T')).toHaveLength(2);
    expect(info.subscriptionSet.map((each) => each.topic).sort()).toEqual(['%RETRY%g', 'T']);
    expect(info.subscriptionSet.find((each) => each.topic === 'T')).toMatchObject({ subString: 'a || b', tagsSet: ['a', 'b'], codeSet: [97, 98] });
    expect(info.properties.get('PROP_CONSUME_TYPE')).toBe('CONSUME_PASSIVELY');
  }));

it('handles one message out of turn (309), and says how that went', () =>
  new FakeCluster().run(async (cluster) => {
    cluster.broker.createTopic('T', 1);
    const consumer = await cluster.client().consumer({ group: 'g', subscriptions: { T: '*' }, from: 'last' });
    const header = { consumerGroup: 'g', clientId: 'client-1', brokerName: 'broker-a' };
    await (await cluster.client().producer()).send({ topic: 'T', body: 'x' });
    const [stored] = cluster.broker.queues.get('T')?.[0] ?? [];
    const direct = async (): Promise<ConsumeMessageDirectlyResult> => ConsumeMessageDirectlyResult.decode((await ask(cluster, Commands.consumeMessageDirectly, header, stored?.bytes)).bytes);
    expect((await direct()).consumeResult).toBe('CR_LATER');
    let fail = false;
    const seen: string[] = [];
    void consumer.run((message) => {
      seen.push(message.text());
      if (fail) throw new Error('broken');
    });
    expect((await direct()).consumeResult).toBe('CR_SUCCESS');
    fail = true;
    expect(await direct()).toMatchObject({ consumeResult: 'CR_THROW_EXCEPTION', remark: 'Error: broken' });
    expect(seen.length).toBeGreaterThanOrEqual(2);
    expect(cluster.broker.committed('g', 'T', 0) ?? 0).toBeLessThanOrEqual(1);
  }));

it('answers for groups it does not have, and for requests it does not know', () =>
  new FakeCluster().run(async (cluster) => {
    cluster.broker.createTopic('T', 1);
    await cluster.client().consumer({ group: 'g', subscriptions: { T: '*' } });
    expect((await ask(cluster, Commands.getConsumerRunningInfo, { consumerGroup: 'other', clientId: 'client-1' })).code).toBe(1);
    expect((await ask(cluster, Commands.getBrokerRuntimeInfo, {})).code).toBe(3);
  }));

it('rebalances at once when it is told that members changed (40)', () =>
  new FakeCluster().run(async (cluster) => {
    cluster.broker.createTopic('T', 4);
    const join = () => cluster.client().consumer({ group: 'g', subscriptions: { T: '*' } });
    const first = await join();
    const owned = (): number => first.assignment().filter((queue) => queue.topic === 'T').length;
    expect(owned()).toBe(4);
    const started = cluster.simulation.now;
    const second = await join();
    await cluster.until('two each', () => owned() === 2);
    await second.stop();
    await cluster.until('all again', () => owned() === 4);
    expect(cluster.simulation.now - started).toBeLessThan(2_000);
  }));
