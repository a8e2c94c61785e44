import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Message, MessageQueue, ReceivedMessage } from '../../src/index.ts';
import { Bench, testCluster, texts, unique, until } from './cluster.ts';
import type { TestCluster } from './cluster.ts';

let cluster: TestCluster;
beforeAll(async () => {
  cluster = await testCluster();
}, 60_000);
afterAll(() => cluster.stop());

const names = (prefix: string, count: number): string[] => Array.from({ length: count }, (_, index) => `${prefix}${index}`);

it('sends to a topic nobody created, and a group started from the first offset gets everything once', async () => {
  await using bench = new Bench(cluster);
  const client = bench.client();
  const topic = unique('auto');
  const producer = await client.producer({ group: unique('p') });
  const results = await Promise.all(names('m', 50).map((body) => producer.send({ topic, body, tags: 'new', keys: ['42', body], properties: { a: 'b' } })));
  expect(results.every((result) => result.status === 'SEND_OK')).toBe(true);
  expect(new Set(results.map((result) => result.messageId)).size).toBe(50);

  const consumer = await client.consumer({ group: unique('g'), subscriptions: { [topic]: '*' }, from: 'first' });
  const received: ReceivedMessage[] = [];
  for await (const message of consumer) {
    received.push(message);
    await message.ack();
    if (received.length === 50) break;
  }
  expect(texts(received)).toEqual(names('m', 50).sort());
  const first = received.find((message) => message.text() === 'm0') as ReceivedMessage;
  const sent = results[0];
  expect(first).toMatchObject({ topic, tags: 'new', keys: ['42', 'm0'], reconsumeTimes: 0, messageId: sent?.messageId, offsetMessageId: sent?.offsetMessageId });
  expect(first.properties['a']).toBe('b');
  expect({ brokerName: first.brokerName, queueId: first.queueId, queueOffset: first.queueOffset }).toEqual({
    brokerName: sent?.queue.brokerName,
    queueId: sent?.queue.queueId,
    queueOffset: sent?.queueOffset,
  });
});

it('gets what is sent after `consumer()` resolved when it starts from the last offset, and nothing older', async () => {
  await using bench = new Bench(cluster);
  const client = bench.client();
  const topic = await bench.topic(client.admin());
  const producer = await client.producer({ group: unique('p') });
  await Promise.all(names('old', 20).map((body) => producer.send({ topic, body })));
  const received: string[] = [];
  const consumer = await client.consumer({ group: unique('g'), subscriptions: { [topic]: '*' }, from: 'last' });
  void consumer.run((message) => received.push(message.text()), { concurrency: 4 });
  await Promise.all(names('new', 20).map((body) => producer.send({ topic, body })));
  await until('20 messages arrived', () => received.length >= 20);
  expect(received.sort()).toEqual(names('new', 20).sort());
});

it('sends batches, one-way, to a chosen queue, by sharding key, and compressed', async () => {
  await using bench = new Bench(cluster);
  const client = bench.client();
  const topic = await bench.topic(client.admin());
  const producer = await client.producer({ group: unique('p') });
  const [, second] = (await producer.queues(topic)) as [MessageQueue, MessageQueue];
  const big = 'x'.repeat(20_000);

  const batch = await producer.sendBatch([
    { topic, body: 'b0', keys: 'k0' },
    { topic, body: 'b1', tags: 't1' },
  ]);
  expect(batch.status).toBe('SEND_OK');
  expect(batch.messageId.split(',')).toHaveLength(2);
  await producer.sendOneway({ topic, body: 'oneway' });
  expect((await producer.send({ topic, body: 'chosen' }, { queue: second })).queue).toEqual(second);
  const sharded = await Promise.all([1, 2, 3].map((index) => producer.send({ topic, body: `shard${index}`, shardingKey: 'user-7' })));
  expect(new Set(sharded.map((result) => result.queue.queueId)).size).toBe(1);
  await producer.send({ topic, body: big });

  const received: Message[] = [];
  const consumer = await client.consumer({ group: unique('g'), subscriptions: { [topic]: '*' }, from: 'first' });
  void consumer.run((message) => received.push(message));
  await until('8 messages arrived', () => received.length >= 8);
  expect(texts(received)).toEqual(['b0', 'b1', 'chosen', 'oneway', 'shard1', 'shard2', 'shard3', big].sort());
  expect(received.find((message) => message.text() === 'b1')?.tags).toBe('t1');
});

it('filters by tag', async () => {
  await using bench = new Bench(cluster);
  const client = bench.client();
  const topic = await bench.topic(client.admin(), 2);
  const producer = await client.producer({ group: unique('p') });
  const received: string[] = [];
  const consumer = await client.consumer({ group: unique('g'), subscriptions: { [topic]: 'a || b' }, from: 'first' });
  void consumer.run((message) => received.push(message.text()));
  for (const tags of ['a', 'b', 'c', undefined, 'a']) await producer.send({ topic, body: `tag-${tags}`, tags });
  await until('3 messages arrived', () => received.length >= 3);
  expect(received.sort()).toEqual(['tag-a', 'tag-a', 'tag-b']);
});

it('shares queues between two members, and the one that stays takes over all of them without repeating what was acknowledged', async () => {
  await using bench = new Bench(cluster);
  const [one, two] = [bench.client(), bench.client()];
  const topic = await bench.topic(one.admin(), 8);
  const group = unique('g');
  const seen: string[] = [];
  const handler = (message: ReceivedMessage): void => void seen.push(message.text());
  const first = await one.consumer({ group, subscriptions: { [topic]: '*' }, from: 'first' });
  void first.run(handler);
  expect(first.assignment().filter((queue) => queue.topic === topic)).toHaveLength(8);
  const second = await two.consumer({ group, subscriptions: { [topic]: '*' }, from: 'first' });
  void second.run(handler);
  const owned = (): number[] => [first, second].map((member) => member.assignment().filter((queue) => queue.topic === topic).length);
  await until('both own four queues', () => owned().every((count) => count === 4));

  const producer = await one.producer({ group: unique('p') });
  await Promise.all(names('m', 80).map((body) => producer.send({ topic, body })));
  await until('80 messages arrived', () => seen.length >= 80);
  await second.stop();
  await until('the other owns all', () => owned()[0] === 8);
  await Promise.all(names('n', 20).map((body) => producer.send({ topic, body })));
  await until('20 more arrived', () => seen.length >= 100);
  expect(seen.sort()).toEqual([...names('m', 80), ...names('n', 20)].sort());
});

it('goes on after a restart where it stopped', async () => {
  await using bench = new Bench(cluster);
  const client = bench.client();
  const topic = await bench.topic(client.admin());
  const group = unique('g');
  const producer = await client.producer({ group: unique('p') });
  await Promise.all(names('a', 10).map((body) => producer.send({ topic, body })));
  const round = async (count: number): Promise<string[]> => {
    const seen: string[] = [];
    const consumer = await bench.client().consumer({ group, subscriptions: { [topic]: '*' }, from: 'first' });
    void consumer.run((message) => seen.push(message.text()));
    await until(`${count} messages arrived`, () => seen.length >= count);
    await consumer.stop();
    return seen.sort();
  };
  expect(await round(10)).toEqual(names('a', 10).sort());
  await Promise.all(names('b', 10).map((body) => producer.send({ topic, body })));
  expect(await round(10)).toEqual(names('b', 10).sort());
});

it('pulls from where it is told, finds offsets, and keeps committed ones', async () => {
  await using bench = new Bench(cluster);
  const client = bench.client();
  const topic = await bench.topic(client.admin(), 1);
  const producer = await client.producer({ group: unique('p') });
  const puller = client.puller({ group: unique('g') });
  const [queue] = (await puller.queues(topic)) as [MessageQueue];
  expect(await puller.maxOffset(queue)).toBe(0);
  expect(await puller.pull(queue, 0)).toMatchObject({ status: 'none', messages: [] });
  for (const body of names('m', 5)) await producer.send({ topic, body, tags: body === 'm3' ? 'odd' : 'even' });
  await until('the queue has 5', async () => (await puller.maxOffset(queue)) === 5);
  expect(await puller.minOffset(queue)).toBe(0);
  expect(await puller.pull(queue, 3, { maxCount: 1 })).toMatchObject({ status: 'found', next: 4, minOffset: 0, maxOffset: 5 });
  expect(await puller.pull(queue, 99)).toMatchObject({ status: 'offset-illegal', next: 5 });
  const odd: string[] = [];
  for await (const message of puller.read(queue, 0, { expression: 'odd' })) odd.push(message.text());
  expect(odd).toEqual(['m3']);
  expect(await puller.offsetByTime(queue, 0)).toBe(0);
  expect(await puller.committed(queue)).toBeUndefined();
  const consumer = await client.consumer({ group: puller.group, subscriptions: { [topic]: '*' }, from: 'first' });
  await consumer.stop();
  await puller.commit(queue, 3);
  expect(await puller.committed(queue)).toBe(3);
});

it('redelivers what a handler throws for, and moves it to the dead letters in the end', async () => {
  await using bench = new Bench(cluster);
  const client = bench.client();
  const admin = client.admin();
  const topic = await bench.topic(admin, 1);
  const group = unique('g');
  const consumer = await client.consumer({ group, subscriptions: { [topic]: '*' }, from: 'first', maxReconsumeTimes: 2 });
  const tries: [string, number, string][] = [];
  void consumer.run((message) => {
    tries.push([message.topic, message.reconsumeTimes, message.messageId]);
    return message.retry({ delayLevel: 1 });
  });
  const sent = await (await client.producer({ group: unique('p') })).send({ topic, body: 'poison', keys: 'k' });
  const puller = client.puller();
  const dead = `%DLQ%${group}`;
  await until('it is dead', async () => (await admin.listTopics()).includes(dead), 28_000);
  expect(tries).toEqual([0, 1, 2].map((times) => [topic, times, sent.messageId]));
  const [queue] = (await puller.queues(dead)) as [MessageQueue];
  await until('it can be read', async () => (await puller.maxOffset(queue)) === 1);
  const [message] = (await puller.pull(queue, 0)).messages;
  expect(message?.text()).toBe('poison');
  expect(message?.messageId).toBe(sent.messageId);
}, 60_000);

it('speaks TLS to servers that take it on the same port', async () => {
  await using bench = new Bench(cluster);
  const client = bench.client({ tls: true });
  const topic = unique('tls');
  const sent = await (await client.producer({ group: unique('p') })).send({ topic, body: 'sealed' }, { timeoutMs: 15_000 });
  const [message] = (await client.puller().pull(sent.queue, sent.queueOffset, { waitMs: 5_000 })).messages;
  expect(message?.text()).toBe('sealed');
});
