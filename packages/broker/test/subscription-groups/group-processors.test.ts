import { Commands, ResponseCode, SubscriptionGroupConfig } from '@kitemq/protocol';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestBroker } from '../support/test-broker.ts';

let test: TestBroker;
beforeAll(async () => {
  test = await TestBroker.start();
});
afterAll(() => test[Symbol.asyncDispose]());

const put = (groupName: string, overrides: Partial<SubscriptionGroupConfig> = {}) => test.call(Commands.updateAndCreateSubscriptionGroup, {}, SubscriptionGroupConfig.create({ groupName, ...overrides }));
const get = (group: string) => test.call(Commands.getSubscriptionGroupConfig, { group });

describe('consumer groups', () => {
  it('are made and changed with all their settings, and survive a restart', async () => {
    await using other = await TestBroker.start();
    const config = SubscriptionGroupConfig.create({ groupName: 'Kept', retryMaxTimes: 3, consumeMessageOrderly: true, attributes: new Map([['+priority.factor', '50']]) });
    await other.call(Commands.updateAndCreateSubscriptionGroup, {}, config);
    await other.restart();
    const kept = (await other.call(Commands.getSubscriptionGroupConfig, { group: 'Kept' })).body();
    expect(kept).toMatchObject({ retryMaxTimes: 3, consumeMessageOrderly: true, retryQueueNums: 1, attributes: new Map([['priority.factor', '50']]) });
  });

  it('exist at boot, unless they are asked for by another name', async () => {
    for (const group of ['TOOLS_CONSUMER', 'SELF_TEST_C_GROUP', 'CID_RMQ_SYS_TRANS']) expect((await get(group)).code).toBe(0);
    expect((await get('Nobody')).code).toBe(ResponseCode.subscriptionGroupNotExist);
  });

  it.each(['', 'not valid', 'x'.repeat(121)])('are refused the name %j', async (name) => {
    expect((await put(name)).code).toBe(ResponseCode.invalidParameter);
  });

  it('come in lists: all or none', async () => {
    const list = (...names: string[]) => test.call(Commands.updateAndCreateSubscriptionGroupList, {}, { groupConfigList: names.map((groupName) => SubscriptionGroupConfig.create({ groupName })) });
    expect((await list('LG1', 'not valid')).code).toBe(ResponseCode.invalidParameter);
    expect((await get('LG1')).code).toBe(ResponseCode.subscriptionGroupNotExist);
    expect((await list('LG1', 'LG2')).code).toBe(0);
    expect((await get('LG2')).code).toBe(0);
  });

  it('are listed, whole or by pages', async () => {
    const all = await test.call(Commands.getAllSubscriptionGroupConfig, { groupSeq: 0 });
    expect(all.body().subscriptionGroupTable.size).toBe(all.header().totalGroupNum);
    const page = await test.call(Commands.getAllSubscriptionGroupConfig, { groupSeq: 2, maxGroupNum: 2, dataVersion: JSON.stringify(all.body().dataVersion) });
    expect([...page.body().subscriptionGroupTable.keys()]).toEqual([...all.body().subscriptionGroupTable.keys()].slice(2, 4));
  });

  it('are deleted, with their offsets when that is asked for', async () => {
    await test.createTopic('T', 1);
    await test.send('T', 'x');
    for (const [group, cleanOffset] of [['Clean', true], ['Dirty', false]] as const) {
      await put(group);
      await test.call(Commands.updateConsumerOffset, { consumerGroup: group, topic: 'T', queueId: 0, commitOffset: 1 });
      expect((await test.call(Commands.deleteSubscriptionGroup, { groupName: group, cleanOffset })).code).toBe(0);
      expect((await get(group)).code).toBe(ResponseCode.subscriptionGroupNotExist);
    }
    const groups = (await test.call(Commands.queryTopicConsumeByWho, { topic: 'T' })).body().groupList;
    expect(groups).toContain('Dirty');
    expect(groups).not.toContain('Clean');
  });
});
