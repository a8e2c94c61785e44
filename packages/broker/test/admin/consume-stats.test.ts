import { Commands, ResponseCode } from '@kitemq/protocol';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestBroker } from '../support/test-broker.ts';

const queue = (queueId: number, topic = 'T') => ({ topic, brokerName: 'broker-a', queueId });

let test: TestBroker;
beforeAll(async () => {
  test = await TestBroker.start();
  await test.createTopic('T', 2);
  await test.createTopic('U', 1);
  for (const body of ['a', 'b', 'c']) await test.send('T', body);
  await test.subscribe('G', 'T', 'x || y');
  await test.pull('T', 0, 0, { consumerGroup: 'G', maxMsgNums: 2 });
  await test.call(Commands.updateConsumerOffset, { consumerGroup: 'G', topic: 'T', queueId: 0, commitOffset: 1 });
});
afterAll(() => test[Symbol.asyncDispose]());

describe('where a group stands', () => {
  it('is told by queue: end, committed, pulled, and the time of what was consumed', async () => {
    const { offsetTable } = (await test.call(Commands.getConsumeStats, { consumerGroup: 'G' })).body();
    const { messages } = await test.pull('T', 0, 0);
    expect(offsetTable.get(queue(0))).toEqual({ brokerOffset: 3, consumerOffset: 1, pullOffset: 2, lastTimestamp: messages[0]!.storeTimestamp });
    expect(offsetTable.get(queue(1))).toEqual({ brokerOffset: 0, consumerOffset: 0, pullOffset: 0, lastTimestamp: 0 });
    expect((await test.call(Commands.getConsumeStats, { consumerGroup: 'G', topic: 'U' })).body().offsetTable.size).toBe(0);
    expect((await test.call(Commands.getConsumeStats, { consumerGroup: 'G', topicList: 'U;T' })).body().offsetTable.size).toBe(3);
  });

  it('is told of all groups, with the sum of what is left', async () => {
    const all = (await test.call(Commands.getBrokerConsumeStats, { isOrder: false })).body();
    expect(all).toMatchObject({ totalDiff: 2, totalInflightDiff: 1 });
    expect([...all.consumeStatsList[0]!.keys()]).toEqual(['G']);
    expect((await test.call(Commands.getBrokerConsumeStats, { isOrder: true })).body().totalDiff).toBe(0);
  });

  it('can be copied to another group', async () => {
    await test.call(Commands.cloneGroupOffset, { srcGroup: 'G', destGroup: 'Clone', topic: 'T' });
    expect((await test.call(Commands.queryConsumerOffset, { consumerGroup: 'Clone', topic: 'T', queueId: 0 })).header().offset).toBe(1);
  });

  it('is told as the age of what is not consumed', async () => {
    const { consumeTimeSpanSet } = (await test.call(Commands.queryConsumeTimeSpan, { topic: 'T', group: 'G' })).body();
    const { messages } = await test.pull('T', 0, 0);
    expect(consumeTimeSpanSet[0]).toMatchObject({ messageQueue: queue(0), minTimeStamp: messages[0]!.storeTimestamp, maxTimeStamp: messages[2]!.storeTimestamp, consumeTimeStamp: messages[0]!.storeTimestamp });
    expect(consumeTimeSpanSet[0]!.delayTime).toBeGreaterThan(0);
    expect((await test.call(Commands.queryConsumeTimeSpan, { topic: 'None', group: 'G' })).code).toBe(ResponseCode.topicNotExist);
  });

  it('is compared with other groups', async () => {
    await test.call(Commands.queryConsumerOffset, { consumerGroup: 'G', topic: 'T', queueId: 0 });
    const ask = async (compareGroup: string, filterGroups = ''): Promise<number | undefined> =>
      (await test.call(Commands.queryCorrectionOffset, { topic: 'T', compareGroup, filterGroups })).body().correctionOffsets.get(0);
    expect(await ask('G')).toBe(1);
    expect(await ask('G', 'G,Clone')).toBeUndefined();
  });
});

describe('who reads what', () => {
  it('is told by topic, by group, and by both', async () => {
    expect((await test.call(Commands.queryTopicConsumeByWho, { topic: 'T' })).body().groupList).toContain('G');
    expect((await test.call(Commands.queryTopicsByConsumer, { group: 'G' })).body().topicList).toEqual(['T']);
    expect((await test.call(Commands.querySubscriptionByConsumer, { group: 'G', topic: 'T' })).body().subscriptionData).toMatchObject({ subString: 'x || y' });
    expect((await test.call(Commands.querySubscriptionByConsumer, { group: 'Off', topic: 'T' })).body().subscriptionData).toBeUndefined();
  });
});
