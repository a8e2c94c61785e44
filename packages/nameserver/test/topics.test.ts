import { Commands } from '@kitemq/protocol';
import { describe, expect, it } from 'vitest';
import { Caller, startNameserver } from './support.ts';

const other = { clusterName: 'OtherCluster', brokerName: 'broker-b', brokerAddr: '127.0.0.1:2', topics: ['T1', 'T8'] };

describe('topic lists', () => {
  it('name all topics, those of a cluster, and what is reserved', async () => {
    await using nameserver = await startNameserver();
    await using broker = new Caller(nameserver);
    await broker.register();
    await broker.register(other);
    const topics = async (command: typeof Commands.getAllTopicListFromNameserver): Promise<string[]> => (await broker.call(command, {})).body().topicList.toSorted();
    expect(await topics(Commands.getAllTopicListFromNameserver)).toEqual(['T1', 'T2', 'T8']);
    const ofCluster = async (cluster: string): Promise<string[]> => (await broker.call(Commands.getTopicsByCluster, { cluster })).body().topicList.toSorted();
    expect(await ofCluster('DefaultCluster')).toEqual(['T1', 'T2']);
    expect(await ofCluster('OtherCluster')).toEqual(['T1', 'T8']);
    expect(await ofCluster('nobody')).toEqual([]);
    const reserved = (await broker.call(Commands.getSystemTopicListFromNs, {})).body();
    expect(reserved).toEqual({ topicList: ['DefaultCluster', 'broker-a', 'OtherCluster', 'broker-b'], brokerAddr: '127.0.0.1:10911' });
  });

  it('of units go by the flags of the first queue data', async () => {
    await using nameserver = await startNameserver();
    await using broker = new Caller(nameserver);
    await broker.register({ topics: ['none', { topicName: 'unit', topicSysFlag: 1 }, { topicName: 'sub', topicSysFlag: 2 }, { topicName: 'both', topicSysFlag: 3 }] });
    const topics = async (command: typeof Commands.getUnitTopicList): Promise<string[]> => (await broker.call(command, {})).body().topicList;
    expect(await topics(Commands.getUnitTopicList)).toEqual(['unit', 'both']);
    expect(await topics(Commands.getHasUnitSubTopicList)).toEqual(['sub', 'both']);
    expect(await topics(Commands.getHasUnitSubUnunitTopicList)).toEqual(['sub']);
  });

  it('can be disabled', async () => {
    await using nameserver = await startNameserver({ enableAllTopicList: false, enableTopicList: false });
    await using client = new Caller(nameserver);
    for (const reply of [
      await client.call(Commands.getAllTopicListFromNameserver, {}),
      await client.call(Commands.getTopicsByCluster, { cluster: 'x' }),
      await client.call(Commands.getUnitTopicList, {}),
      await client.call(Commands.getHasUnitSubTopicList, {}),
      await client.call(Commands.getHasUnitSubUnunitTopicList, {}),
    ]) expect([reply.code, reply.remark]).toEqual([1, 'disable']);
    expect((await client.call(Commands.getSystemTopicListFromNs, {})).code).toBe(0);
  });
});

describe('deleting a topic', () => {
  it('takes it from one cluster, or from everywhere', async () => {
    await using nameserver = await startNameserver();
    await using broker = new Caller(nameserver);
    await broker.register();
    await broker.register(other);
    await broker.call(Commands.deleteTopicInNamesrv, { topic: 'T1', clusterName: 'OtherCluster' });
    expect((await broker.route('T1')).body().queueDatas.map((queue) => queue.brokerName)).toEqual(['broker-a']);
    await broker.call(Commands.deleteTopicInNamesrv, { topic: 'T1' });
    expect((await broker.route('T1')).code).toBe(17);
    expect((await broker.call(Commands.deleteTopicInNamesrv, { topic: 'T1', clusterName: 'nobody' })).code).toBe(0);
  });
});

describe('write permission of a broker', () => {
  it('is wiped and added on all its queues, and comes back with a changed registration', async () => {
    await using nameserver = await startNameserver();
    await using broker = new Caller(nameserver);
    await broker.register({ topics: ['T1', { topicName: 'T2', perm: 4 }] });
    await broker.register(other);
    expect((await broker.call(Commands.wipeWritePermOfBroker, { brokerName: 'broker-a' })).header().wipeTopicCount).toBe(2);
    expect([await broker.perm('T1'), await broker.perm('T1', 'broker-b')]).toEqual([4, 6]);
    await broker.register({ topics: ['T1', { topicName: 'T2', perm: 4 }] });
    expect(await broker.perm('T1')).toBe(4);
    await broker.register({ topics: ['T1', { topicName: 'T2', perm: 4 }], version: { counter: 1 } });
    expect(await broker.perm('T1')).toBe(6);
    expect((await broker.call(Commands.addWritePermOfBroker, { brokerName: 'broker-a' })).header().addTopicCount).toBe(2);
    expect(await broker.perm('T2')).toBe(6);
    expect((await broker.call(Commands.wipeWritePermOfBroker, { brokerName: 'nobody' })).header().wipeTopicCount).toBe(0);
  });
});
