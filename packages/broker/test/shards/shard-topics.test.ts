import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Commands } from '@kitemq/protocol';
import { memoryKeyValueStores, nodeRuntime } from '@kitemq/runtime';
import { afterEach, describe, expect, it } from 'vitest';
import { Broker } from '../../src/index.ts';
import type { TopicConfig } from '../../src/index.ts';
import { TestBroker } from '../support/test-broker.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function shard(onTopicAutoCreated: (config: TopicConfig) => void): Promise<Broker> {
  const directory = mkdtempSync(join(tmpdir(), 'kitemq-shard-'));
  const broker = new Broker({
    runtime: nodeRuntime(),
    openKeyValue: memoryKeyValueStores(),
    settings: { listenPort: 0, storePathRootDir: directory },
    shard: { index: 1, count: 3 },
    onTopicAutoCreated,
  });
  cleanups.push(() => rmSync(directory, { recursive: true, force: true }), () => broker.shutdown());
  await broker.start();
  return broker;
}

/** Talks to any broker with the client of a {@link TestBroker}. */
async function caller(broker: Broker): Promise<TestBroker> {
  const test = new TestBroker();
  test.broker = broker;
  cleanups.push(() => test[Symbol.asyncDispose]());
  return test;
}

describe('topics of shards', () => {
  it('that a send makes are told once; those that a tool makes are not', async () => {
    const told: TopicConfig[] = [];
    const test = await caller(await shard((config) => told.push(config)));
    await test.send('ByTool', 'x', { defaultTopic: 'none' });
    await test.createTopic('ByTool', 3);
    await test.send('BySend', 'x', { defaultTopicQueueNums: 5 });
    await test.send('BySend', 'y', { defaultTopicQueueNums: 5 });
    expect(told.map(({ topicName, writeQueueNums }) => [topicName, writeQueueNums])).toEqual([['BySend', 5]]);
  });

  it('are adopted unless there is one of that name, and the adopting shard does not tell again', async () => {
    const told: TopicConfig[] = [];
    const broker = await shard((config) => told.push(config));
    const test = await caller(broker);
    const config: TopicConfig = { topicName: 'Adopted', readQueueNums: 4, writeQueueNums: 4, perm: 6, topicFilterType: 'SINGLE_TAG', topicSysFlag: 0, order: false, attributes: {} };
    broker.adoptTopic(config);
    broker.adoptTopic({ ...config, writeQueueNums: 9 });
    const reply = await test.call(Commands.getTopicConfig, { topic: 'Adopted' });
    expect(reply.code).toBe(0);
    expect(reply.body().writeQueueNums).toBe(4);
    expect((await test.send('Adopted', 'x', { queueId: 3 })).code).toBe(0);
    expect(told).toEqual([]);
  });

  it('say in the runtime information which shard they are on', async () => {
    const test = await caller(await shard(() => {}));
    const { table } = (await test.call(Commands.getBrokerRuntimeInfo, {})).body();
    expect([table.get('shard'), table.get('shards')]).toEqual(['1', '3']);
  });
});
