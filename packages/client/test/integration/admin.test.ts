import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Admin } from '../../src/index.ts';
import { Bench, testCluster, unique, until } from './cluster.ts';
import type { TestCluster } from './cluster.ts';

let cluster: TestCluster;
beforeAll(async () => {
  cluster = await testCluster();
}, 60_000);
afterAll(() => cluster?.stop());

const call = { timeoutMs: 15_000 };

/** A topic with messages, and a group that consumed them. */
async function consumed(bench: Bench, count: number): Promise<{ admin: Admin; topic: string; group: string }> {
  const client = bench.client();
  const admin = client.admin();
  const topic = await bench.topic(admin, 2);
  const group = unique('g');
  const producer = await client.producer({ group: unique('p') });
  for (let index = 0; index < count; index++) await producer.send({ topic, body: `m${index}`, keys: `key-${index}` });
  const consumer = await bench.client().consumer({ group, subscriptions: { [topic]: '*' }, from: 'first' });
  let seen = 0;
  void consumer.run(() => seen++);
  await until('all are consumed', () => seen === count);
  await consumer.stop();
  return { admin, topic, group };
}

it('creates, shows, changes and deletes topics', async () => {
  await using bench = new Bench(cluster);
  const admin = bench.client().admin();
  const topic = unique('it');
  await admin.createTopic({ topic, readQueues: 3, writeQueues: 3 }, undefined, call);
  expect(await admin.listTopics(call)).toContain(topic);
  const { brokers, clusters } = await admin.clusterInfo(call);
  expect(clusters.length).toBeGreaterThan(0);
  const [master] = brokers;
  const address = master?.members[0]?.address ?? '';
  expect(await admin.topicConfig(topic, address, call)).toMatchObject({ topic, readQueues: 3, writeQueues: 3, perm: 6, order: false });
  expect((await admin.topicRoute(topic, call)).queues[0]).toMatchObject({ readQueues: 3, writeQueues: 3, perm: 6 });
  expect(await admin.listTopics({ ...call, cluster: master?.cluster ?? '' })).toContain(topic);
  const status = await admin.topicStatus(topic, call);
  expect(status.queues.map((queue) => [queue.queueId, queue.minOffset, queue.maxOffset])).toEqual([0, 1, 2].map((queueId) => [queueId, 0, 0]));
  await admin.createTopic({ topic, readQueues: 5, writeQueues: 4, perm: 4 }, { brokerName: master?.brokerName }, call);
  await until('the change is known', async () => (await admin.topicRoute(topic, call)).queues[0]?.readQueues === 5);
  expect((await admin.topicRoute(topic, call)).queues[0]).toMatchObject({ readQueues: 5, writeQueues: 4, perm: 4 });
  await admin.deleteTopic(topic, undefined, call);
  await until('it is gone', async () => !(await admin.listTopics(call)).includes(topic));
  await expect(admin.topicStatus(topic, call)).rejects.toMatchObject({ code: 'KITE_TOPIC_NOT_FOUND' });
});

it('shows progress, connections and offsets of a group, and moves it', async () => {
  await using bench = new Bench(cluster);
  const { admin, topic, group } = await consumed(bench, 10);
  const progress = await admin.consumerProgress(group, { ...call, topic });
  expect(progress.queues.filter((queue) => queue.topic === topic).map((queue) => queue.consumerOffset)).toEqual([5, 5]);
  expect(progress.lag).toBe(0);
  expect(await admin.topicGroups(topic, call)).toContain(group);
  expect((await admin.groupOffsets(group, topic, call)).map((queue) => queue.offset)).toEqual([5, 5]);
  await expect(admin.consumerConnections(group, call)).rejects.toMatchObject({ code: 'KITE_BROKER_ERROR', responseCode: 206 });

  const moved = await admin.resetOffset({ group, topic, to: 'first', ...call });
  expect(moved.map((queue) => queue.offset)).toEqual([0, 0]);
  const client = bench.client();
  const seen: string[] = [];
  const consumer = await client.consumer({ group, subscriptions: { [topic]: '*' } });
  void consumer.run((message) => seen.push(message.text()));
  await until('all are consumed again', () => seen.length === 10);
  const members = await admin.consumerConnections(group, call);
  expect(members.connections.map((member) => member.clientId)).toEqual([client.clientId]);
  expect(members).toMatchObject({ consumeType: 'CONSUME_PASSIVELY', messageModel: 'CLUSTERING' });
  expect(members.subscriptions.map((each) => each.topic)).toContain(topic);
  const info = await admin.consumerRunningInfo(group, client.clientId, call);
  expect((info['queues'] as { topic: string }[]).filter((queue) => queue.topic === topic)).toHaveLength(2);
  await consumer.commit();
  await until('it is committed', async () => (await admin.consumerProgress(group, { ...call, topic })).lag === 0);
  expect((await admin.consumerProgress(group, { ...call, topic })).queues.every((queue) => queue.clientId === client.clientId)).toBe(true);
});

it('moves one queue of a group to an offset, and all of it to the end', async () => {
  await using bench = new Bench(cluster);
  const { admin, topic, group } = await consumed(bench, 10);
  const [queue] = (await admin.topicStatus(topic, call)).queues;
  const brokerName = queue?.brokerName ?? '';
  await admin.resetOffset({ group, topic, offset: 2, brokerName, queueId: 0, ...call });
  const offsets = async (): Promise<number[]> => (await admin.groupOffsets(group, topic, call)).map((each) => each.offset);
  await until('queue 0 moved', async () => (await offsets())[0] === 2);
  expect(await offsets()).toEqual([2, 5]);
  await admin.resetOffset({ group, topic, to: 'last', ...call });
  expect(await offsets()).toEqual([5, 5]);
  await admin.updateGroupOffset(group, { topic, brokerName, queueId: 1 }, 4, call);
  expect(await admin.minOffset({ topic, brokerName, queueId: 1 }, call)).toBe(0);
  expect(await admin.maxOffset({ topic, brokerName, queueId: 1 }, call)).toBe(5);
  expect(await admin.searchOffset({ topic, brokerName, queueId: 1 }, 0, call)).toBe(0);
});

it('creates, lists and deletes groups', async () => {
  await using bench = new Bench(cluster);
  const admin = bench.client().admin();
  const group = unique('g');
  await admin.createGroup({ group, retryMaxTimes: 3, consumeBroadcastEnable: false }, undefined, call);
  const find = async () => (await admin.listGroups(undefined, call)).find((each) => each.group === group);
  expect(await find()).toMatchObject({ group, retryMaxTimes: 3, consumeBroadcastEnable: false, consumeEnable: true });
  await admin.deleteGroup(group, undefined, call);
  await until('it is gone', async () => (await find()) === undefined);
});

it('reads and changes configurations', async () => {
  await using bench = new Bench(cluster);
  const admin = bench.client().admin();
  const address = (await admin.clusterInfo(call)).brokers[0]?.members[0]?.address ?? '';
  expect(Object.keys(await admin.brokerRuntimeInfo(address, call))).toEqual(expect.arrayContaining(['brokerVersionDesc', 'putTps', 'bootTimestamp']));
  expect((await admin.brokerConfig(address, call))['brokerClusterName']).toBeTruthy();
  expect(Object.keys(await admin.nameserverConfig(undefined, call)).length).toBeGreaterThan(0);
  const namespace = unique('ns');
  await admin.putKvConfig(namespace, 'k', 'v', call);
  expect(await admin.getKvConfig(namespace, 'k', call)).toBe('v');
  expect(await admin.listKvConfig(namespace, call)).toEqual({ k: 'v' });
  await admin.deleteKvConfig(namespace, 'k', call);
  expect(await admin.getKvConfig(namespace, 'k', call)).toBeUndefined();
});

it('finds a message by its offset id', async () => {
  await using bench = new Bench(cluster);
  const client = bench.client();
  const admin = client.admin();
  const topic = await bench.topic(admin, 1);
  const sent = await (await client.producer({ group: unique('p') })).send({ topic, body: 'find me', keys: 'k1' });
  const found = await admin.viewMessage(sent.offsetMessageId, call);
  expect(found?.text()).toBe('find me');
  expect(found).toMatchObject({ topic, messageId: sent.messageId, keys: ['k1'], brokerName: sent.queue.brokerName });
});

it('finds messages by key, unique id and tag', async () => {
  await using bench = new Bench(cluster);
  const client = bench.client();
  const admin = client.admin();
  const topic = await bench.topic(admin, 2);
  const producer = await client.producer({ group: unique('p') });
  const first = await producer.send({ topic, body: 'first', keys: ['a', 'b'], tags: 'red' });
  const second = await producer.send({ topic, body: 'second', keys: 'b' });
  const texts = (messages: readonly { text(): string }[]): string[] => messages.map((message) => message.text());
  // Apache's broker makes its index a little later.
  await until('both are indexed', async () => (await admin.queryByKey(topic, 'b', call)).length === 2);
  expect(texts(await admin.queryByKey(topic, 'b', call))).toEqual(['first', 'second']);
  expect(texts(await admin.queryByKey(topic, 'a', call))).toEqual(['first']);
  expect(texts(await admin.queryByKey(topic, 'b', { ...call, maxCount: 1 }))).toEqual(['second']);
  expect(texts(await admin.queryByKey(topic, 'red', { ...call, kind: 'tag' }))).toEqual(['first']);
  expect(await admin.queryByKey(topic, 'none', call)).toEqual([]);
  expect(await admin.queryByKey(topic, 'b', { ...call, end: 1 })).toEqual([]);
  expect(texts(await admin.queryByUniqueId(topic, second.messageId, call))).toEqual(['second']);
  expect(await admin.queryByUniqueId(topic, 'none', call)).toEqual([]);
  expect((await admin.viewMessage(first.messageId, { ...call, topic }))?.text()).toBe('first');
});
