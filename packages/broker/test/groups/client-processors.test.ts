import { Commands, ConsumerData, HeartbeatData, ResponseCode, SubscriptionData } from '@kitemq/protocol';
import type { Processor } from '@kitemq/remoting';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestBroker, eventually } from '../support/test-broker.ts';

let test: TestBroker;
beforeAll(async () => {
  test = await TestBroker.start();
});
afterAll(() => test[Symbol.asyncDispose]());

const subscription = (topic: string, subVersion = 1, subString = '*'): SubscriptionData => SubscriptionData.create({ topic, subString, subVersion });
const beat = (clientID: string, group: string, subscriptions: SubscriptionData[], extra: Partial<HeartbeatData> = {}): HeartbeatData =>
  HeartbeatData.create({ clientID, consumerDataSet: [ConsumerData.create({ groupName: group, subscriptionDataSet: subscriptions })], producerDataSet: [{ groupName: 'Producers' }], ...extra });
const members = async (group: string): Promise<string[]> => (await test.call(Commands.getConsumerListByGroup, { consumerGroup: group })).body().consumerIdList;

describe('a heartbeat', () => {
  it('makes the group, its retry topic, and a member', async () => {
    const reply = await test.call(Commands.heartBeat, {}, beat('c1', 'HG', [subscription('HT')]));
    expect(reply.header()).toMatchObject({ supportsHeartbeatV2: true });
    expect(await members('HG')).toEqual(['c1']);
    expect((await test.call(Commands.getTopicConfig, { topic: '%RETRY%HG' })).body()).toMatchObject({ readQueueNums: 1, perm: 6 });
    expect((await test.call(Commands.getSubscriptionGroupConfig, { group: 'HG' })).body()).toMatchObject({ retryMaxTimes: 16, consumeEnable: true });
    const connections = (await test.call(Commands.getConsumerConnectionList, { consumerGroup: 'HG' })).body();
    expect(connections.connectionSet).toMatchObject([{ clientId: 'c1' }]);
    expect([...connections.subscriptionTable.keys()]).toEqual(['HT']);
  });

  it('of any member decides the subscriptions of the group: absent topics go, newer versions win, older do not', async () => {
    const topics = async (): Promise<[string, string][]> =>
      Array.from((await test.call(Commands.getConsumerConnectionList, { consumerGroup: 'SG' })).body().subscriptionTable, ([topic, data]) => [topic, data.subString]);
    await test.call(Commands.heartBeat, {}, beat('c1', 'SG', [subscription('A', 5, 'old'), subscription('B')]));
    await test.call(Commands.heartBeat, {}, beat('c1', 'SG', [subscription('A', 4, 'older')]));
    expect(await topics()).toEqual([['A', 'old']]);
    await test.call(Commands.heartBeat, {}, beat('c1', 'SG', [subscription('A', 6, 'new')]));
    expect(await topics()).toEqual([['A', 'new']]);
  });

  it('registers producers', async () => {
    await test.call(Commands.heartBeat, {}, beat('p1', 'PGC', []));
    expect((await test.call(Commands.getProducerConnectionList, { producerGroup: 'Producers' })).body().connectionSet).not.toHaveLength(0);
    expect([...(await test.call(Commands.getAllProducerInfo, {})).body().data.keys()]).toContain('Producers');
    expect((await test.call(Commands.getProducerConnectionList, { producerGroup: 'Nobody' })).code).toBe(ResponseCode.systemError);
  });

  it('of version 2 keeps the subscriptions when it comes without, and asks for them when they are not known', async () => {
    const v2 = { heartbeatFingerprint: 7 };
    expect((await test.call(Commands.heartBeat, {}, beat('c1', 'V2', [subscription('T')], v2))).header().subscriptionChanged).toBe(false);
    expect((await test.call(Commands.heartBeat, {}, beat('c1', 'V2', [], { ...v2, withoutSub: true }))).header().subscriptionChanged).toBe(false);
    expect((await test.call(Commands.getConsumerConnectionList, { consumerGroup: 'V2' })).body().subscriptionTable.size).toBe(1);
    expect((await test.call(Commands.heartBeat, {}, beat('c1', 'V2', [subscription('T')], { heartbeatFingerprint: 8 }))).header().subscriptionChanged).toBe(true);
    expect((await test.call(Commands.heartBeat, {}, beat('c1', 'Forgotten', [], { ...v2, withoutSub: true }))).header().subscriptionChanged).toBe(true);
  });

  it('does not make a group where that is not allowed', async () => {
    await using strict = await TestBroker.start({ settings: { autoCreateSubscriptionGroup: false } });
    await strict.call(Commands.heartBeat, {}, beat('c1', 'Strict', [subscription('T')]));
    expect((await strict.call(Commands.getConsumerListByGroup, { consumerGroup: 'Strict' })).code).toBe(ResponseCode.systemError);
  });
});

describe('members of a group', () => {
  it('are told when another comes, leaves, or loses its connection', async () => {
    const told: string[] = [];
    const notified: Processor = (request) => void told.push(request.header(Commands.notifyConsumerIdsChanged.request).consumerGroup);
    const first = test.newClient(new Map([[Commands.notifyConsumerIdsChanged.code, notified]]));
    await test.call(Commands.heartBeat, {}, beat('m1', 'NG', [subscription('T')]), first);
    await eventually(() => told.length >= 1);
    const second = test.newClient();
    await test.call(Commands.heartBeat, {}, beat('m2', 'NG', [subscription('T')]), second);
    await eventually(() => told.length >= 2);
    expect((await members('NG')).toSorted()).toEqual(['m1', 'm2']);
    // The same again is no change.
    await test.call(Commands.heartBeat, {}, beat('m2', 'NG', [subscription('T')]), second);
    const before = told.length;
    await second.shutdown();
    await eventually(() => told.length > before);
    expect(await members('NG')).toEqual(['m1']);
    const third = test.newClient();
    await test.call(Commands.heartBeat, {}, beat('m3', 'NG', [subscription('T')]), third);
    await test.call(Commands.unregisterClient, { clientID: 'm3', consumerGroup: 'NG', producerGroup: 'Producers' }, undefined, third);
    expect(await members('NG')).toEqual(['m1']);
    expect(new Set(told)).toEqual(new Set(['NG']));
  });

  it('are not told where the group does not want it', async () => {
    const { SubscriptionGroupConfig } = await import('@kitemq/protocol');
    await test.call(Commands.updateAndCreateSubscriptionGroup, {}, SubscriptionGroupConfig.create({ groupName: 'Quiet', notifyConsumerIdsChangedEnable: false }));
    let told = 0;
    const first = test.newClient(new Map([[Commands.notifyConsumerIdsChanged.code, () => void told++]]));
    await test.call(Commands.heartBeat, {}, beat('q1', 'Quiet', [subscription('T')]), first);
    await test.call(Commands.heartBeat, {}, beat('q2', 'Quiet', [subscription('T')]), test.newClient());
    expect(told).toBe(0);
  });

  it('are answered with an error when there are none', async () => {
    const reply = await test.call(Commands.getConsumerListByGroup, { consumerGroup: 'Empty' });
    expect([reply.code, reply.remark]).toEqual([ResponseCode.systemError, 'no consumer for this group, Empty']);
    expect((await test.call(Commands.getConsumerConnectionList, { consumerGroup: 'Empty' })).code).toBe(ResponseCode.consumerNotOnline);
  });
});

describe('CHECK_CLIENT_CONFIG', () => {
  const check = async (expressionType: string, subString: string): Promise<{ code: number; remark: string | undefined }> =>
    test.call(Commands.checkClientConfig, {}, { clientId: 'c', group: 'G', subscriptionData: SubscriptionData.create({ topic: 'T', expressionType, subString }) });

  it('compiles SQL92 expressions where they may be used', async () => {
    expect((await check('TAG', 'a')).code).toBe(0);
    expect((await check('SQL92', 'a > 1')).code).toBe(ResponseCode.systemError);
    await test.call(Commands.updateBrokerConfig, {}, 'enablePropertyFilter=true');
    expect((await check('SQL92', 'a > 1')).code).toBe(0);
    const wrong = await check('SQL92', 'a >');
    expect(wrong.code).toBe(ResponseCode.subscriptionParseFailed);
    expect(wrong.remark).toContain('Invalid MessageSelector.');
  });
});
