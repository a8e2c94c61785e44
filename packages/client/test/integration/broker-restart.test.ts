import { afterAll, beforeAll, expect, it } from 'vitest';
import { Bench, testCluster, unique, until } from './cluster.ts';
import type { TestCluster } from './cluster.ts';

let cluster: TestCluster;
beforeAll(async () => {
  cluster = await testCluster();
}, 60_000);
afterAll(() => cluster?.stop());

it('sends and consumes through a restart of the broker, losing nothing', async ({ skip }) => {
  const { restartBroker } = cluster;
  if (restartBroker === undefined) return skip('an external broker is not ours to restart');
  await using bench = new Bench(cluster);
  const client = bench.client();
  const topic = await bench.topic(client.admin());
  const seen = new Set<string>();
  const consumer = await bench.client().consumer({ group: unique('g'), subscriptions: { [topic]: '*' }, from: 'first' });
  void consumer.run((message) => seen.add(message.text()), { concurrency: 4 });
  const producer = await client.producer({ sendTimeoutMs: 15_000, retries: 100 });
  const sending = (async () => {
    for (let index = 0; index < 200; index++) await producer.send({ topic, body: `m${index}` });
  })();
  await until('some arrived', () => seen.size >= 20);
  await restartBroker();
  await sending;
  await until('all arrived', () => seen.size === 200);
  expect(seen.size).toBe(200);
}, 60_000);
