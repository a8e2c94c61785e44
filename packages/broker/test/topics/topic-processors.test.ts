import { Commands, CreateTopicListRequestBody, emptyHeader, ResponseCode, TopicConfig } from '@kitemq/protocol';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestBroker } from '../support/test-broker.ts';

let test: TestBroker;
beforeAll(async () => {
  test = await TestBroker.start();
});
afterAll(() => test[Symbol.asyncDispose]());

const config = (topic: string) => test.call(Commands.getTopicConfig, { topic });

describe('topics at boot', () => {
  it.each([
    ['SELF_TEST_TOPIC', 1, 6],
    ['TBW102', 8, 7],
    ['BenchmarkTest', 1024, 6],
    ['DefaultCluster', 16, 7],
    ['broker-a', 1, 7],
    ['OFFSET_MOVED_EVENT', 1, 6],
    ['SCHEDULE_TOPIC_XXXX', 18, 6],
    ['DefaultCluster_REPLY_TOPIC', 1, 6],
    ['rmq_sys_REVIVE_LOG_DefaultCluster', 8, 6],
    ['rmq_sys_SYNC_BROKER_MEMBER_broker-a', 1, 1],
  ])('%s has %i queues and permission %i', async (topic, queues, perm) => {
    expect((await config(topic)).body()).toMatchObject({ readQueueNums: queues, writeQueueNums: queues, perm });
  });

  it('cost no byte of the log, at the first start and at every other', async () => {
    await using fresh = await TestBroker.start();
    const size = fresh.broker.recovery?.maxPosition;
    await fresh.restart();
    expect(fresh.broker.recovery?.maxPosition).toBe(size);
  });

  it('are listed as system topics', async () => {
    const { topicList } = (await test.call(Commands.getSystemTopicListFromBroker, {})).body();
    expect(topicList).toEqual(expect.arrayContaining(['TBW102', 'DefaultCluster', 'broker-a', 'BenchmarkTest']));
  });
});

describe('UPDATE_AND_CREATE_TOPIC', () => {
  it('creates and changes; the version of the table counts', async () => {
    const version = async (): Promise<number> => (await test.call(Commands.getAllTopicConfig, { topicSeq: 0 })).body().dataVersion.counter;
    const before = await version();
    expect((await test.createTopic('Made', 4, { attributes: '+message.type=FIFO,+queue.type=BatchCQ', order: true })).code).toBe(0);
    expect((await config('Made')).body()).toMatchObject({ readQueueNums: 4, order: true, attributes: new Map([['message.type', 'FIFO'], ['queue.type', 'BatchCQ']]) });
    expect(await version()).toBe(before + 1);
    // The same again changes nothing.
    await test.createTopic('Made', 4, { order: true });
    expect(await version()).toBe(before + 1);
    await test.createTopic('Made', 2, { order: true });
    expect((await config('Made')).body().readQueueNums).toBe(2);
  });

  it.each([
    ['a system topic', 'TBW102', {}, ResponseCode.invalidParameter],
    ['a topic named after the broker', 'broker-a', {}, ResponseCode.invalidParameter],
    ['a bad name', 'a.b', {}, ResponseCode.invalidParameter],
    ['too many queues', 'Wide', { readQueueNums: 1_000_000 }, ResponseCode.invalidParameter],
    ['an unknown permission', 'Perm', { perm: 8 }, ResponseCode.invalidParameter],
    ['an unknown attribute', 'Attr', { attributes: '+colour=red' }, ResponseCode.systemError],
    ['a bad value', 'Attr', { attributes: '+message.type=ODD' }, ResponseCode.systemError],
    ['compaction of retries', '%RETRY%Attr', { attributes: '+cleanup.policy=COMPACTION' }, ResponseCode.invalidParameter],
    ['compaction of dead letters', '%DLQ%Attr', { attributes: '+cleanup.policy=COMPACTION' }, ResponseCode.invalidParameter],
    ['compaction of what expires', 'Attr', { attributes: '+cleanup.policy=COMPACTION,+message.ttl=1000' }, ResponseCode.invalidParameter],
    ['removal of an attribute at creation', 'Attr', { attributes: '-message.type' }, ResponseCode.systemError],
  ])('refuses %s', async (_name, topic, overrides, code) => {
    expect((await test.createTopic(topic, 1, overrides)).code).toBe(code);
  });

  it('does not change what cannot be changed', async () => {
    await test.createTopic('Fixed', 1, { attributes: '+queue.type=SimpleCQ' });
    expect((await test.createTopic('Fixed', 1, { attributes: '+queue.type=BatchCQ' })).code).toBe(ResponseCode.systemError);
    expect((await test.createTopic('Fixed', 1, { attributes: '+message.type=FIFO' })).code).toBe(0);
    expect((await test.createTopic('Fixed', 1, { attributes: '-message.type' })).code).toBe(0);
    expect((await config('Fixed')).body().attributes).toEqual(new Map([['queue.type', 'SimpleCQ']]));
  });

  it('takes a list: all or none', async () => {
    const list = (...names: string[]) => test.call(Commands.updateAndCreateTopicList, {}, CreateTopicListRequestBody.create({ topicConfigList: names.map((topicName) => TopicConfig.create({ topicName, readQueueNums: 1, writeQueueNums: 1, attributes: new Map([['+message.type', 'DELAY']]) })) }));
    expect((await list('L1', 'not valid')).code).toBe(ResponseCode.invalidParameter);
    expect((await config('L1')).code).toBe(ResponseCode.topicNotExist);
    expect((await list('L1', 'L2')).code).toBe(0);
    expect((await config('L2')).body().attributes.get('message.type')).toBe('DELAY');
  });
});

describe('GET_ALL_TOPIC_CONFIG', () => {
  it('gives the whole table to a request without fields, and pages in order of names otherwise', async () => {
    // What a client that knows no pages sends.
    const all = (await test.call({ ...Commands.getAllTopicConfig, request: emptyHeader }, {})).body();
    expect(all.topicConfigTable.size).toBeGreaterThan(10);
    const first = await test.call(Commands.getAllTopicConfig, { topicSeq: 0, maxTopicNum: 5 });
    expect(first.header().totalTopicNum).toBe(all.topicConfigTable.size);
    expect(first.body().topicConfigTable.size).toBe(5);
    const dataVersion = JSON.stringify(first.body().dataVersion);
    const second = await test.call(Commands.getAllTopicConfig, { topicSeq: 5, maxTopicNum: 5, dataVersion });
    const names = [...first.body().topicConfigTable.keys(), ...second.body().topicConfigTable.keys()];
    expect(names).toEqual([...all.topicConfigTable.keys()].toSorted().slice(0, 10));
    const stale = await test.call(Commands.getAllTopicConfig, { topicSeq: 5, maxTopicNum: 5, dataVersion: '{"stateVersion":0,"timestamp":1,"counter":1}' });
    expect([...stale.body().topicConfigTable.keys()]).toEqual([...first.body().topicConfigTable.keys()]);
  });
});

describe('GET_TOPIC_STATS_INFO', () => {
  it('lists all queues, also empty ones', async () => {
    await test.createTopic('Stats', 2);
    await test.send('Stats', 'x', { queueId: 1 });
    const { offsetTable } = (await test.call(Commands.getTopicStatsInfo, { topic: 'Stats' })).body();
    expect(offsetTable.size).toBe(2);
    expect(offsetTable.get({ topic: 'Stats', brokerName: 'broker-a', queueId: 0 })).toEqual({ minOffset: 0, maxOffset: 0, lastUpdateTimestamp: 0 });
    expect(offsetTable.get({ topic: 'Stats', brokerName: 'broker-a', queueId: 1 })).toMatchObject({ maxOffset: 1, lastUpdateTimestamp: expect.any(Number) as number });
    expect((await test.call(Commands.getTopicStatsInfo, { topic: 'None' })).code).toBe(ResponseCode.topicNotExist);
  });
});

describe('DELETE_TOPIC_IN_BROKER', () => {
  it('removes the topic, its messages and offsets; made again it starts anew', async () => {
    await test.subscribe('DelG', 'Del');
    await test.send('Del', 'old');
    await test.call(Commands.updateConsumerOffset, { consumerGroup: 'DelG', topic: 'Del', queueId: 0, commitOffset: 1 });
    expect((await test.call(Commands.deleteTopicInBroker, { topic: 'Del' })).code).toBe(0);
    expect((await config('Del')).code).toBe(ResponseCode.topicNotExist);
    await test.send('Del', 'new');
    const answer = await test.pull('Del', 0, 0);
    expect(answer.messages.map((message) => Buffer.from(message.body).toString())).toEqual(['new']);
    expect((await test.call(Commands.deleteTopicInBroker, { topic: 'TBW102' })).code).toBe(ResponseCode.invalidParameter);
  });

  it('survives a restart', async () => {
    await using other = await TestBroker.start();
    await other.createTopic('Kept', 3);
    await other.createTopic('Deleted', 3);
    await other.send('Deleted', 'x');
    await other.call(Commands.deleteTopicInBroker, { topic: 'Deleted' });
    await other.restart();
    expect((await other.call(Commands.getTopicConfig, { topic: 'Kept' })).body().readQueueNums).toBe(3);
    expect((await other.call(Commands.getTopicConfig, { topic: 'Deleted' })).code).toBe(ResponseCode.topicNotExist);
  });
});
