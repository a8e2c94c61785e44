import { Commands, decodeOffsetMessageId, ResponseCode, SubscriptionGroupConfig } from '@kitemq/protocol';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestBroker, eventually } from '../support/test-broker.ts';
import type { PullAnswer } from '../support/test-broker.ts';

let test: TestBroker;
beforeAll(async () => {
  test = await TestBroker.start({ settings: { messageDelayLevel: '1s 1s 1s 1s 1s' } });
});
afterAll(() => test[Symbol.asyncDispose]());

async function sent(topic: string, body: string, overrides: Parameters<TestBroker['send']>[2] = {}): Promise<{ offset: number; msgId: string }> {
  const { msgId } = (await test.send(topic, body, overrides)).header();
  return { offset: decodeOffsetMessageId(msgId).physicalOffset, msgId };
}

function arrived(topic: string, offset = 0): Promise<PullAnswer> {
  return eventually(async () => {
    const answer = await test.pull(topic, 0, offset);
    return answer.code === 0 ? answer : undefined;
  });
}

const back = (group: string, offset: number, delayLevel: number, extra: { maxReconsumeTimes?: number } = {}) =>
  test.call(Commands.consumerSendMsgBack, { group, offset, delayLevel, originTopic: 'Orders', ...extra });

describe('a message that is sent back', () => {
  it('comes again in the retry topic, as it was, after the delay of its level', async () => {
    const { offset, msgId } = await sent('Orders', 'fragile', { flag: 9, props: { TAGS: 'a', KEYS: 'k' } });
    expect((await back('RG', offset, 0)).code).toBe(0);
    const [message] = (await arrived('%RETRY%RG')).messages;
    expect(Buffer.from(message!.body).toString()).toBe('fragile');
    expect(message).toMatchObject({ topic: '%RETRY%RG', reconsumeTimes: 1, flag: 9, bornTimestamp: 1_700_000_000_000 });
    expect({ ...message!.properties }).toMatchObject({ TAGS: 'a', KEYS: 'k', RETRY_TOPIC: 'Orders', ORIGIN_MESSAGE_ID: msgId });
    expect(message!.properties['DELAY']).toBeUndefined();
  });

  it('keeps its origin when it comes a second time', async () => {
    const { offset, msgId } = await sent('Orders', 'twice');
    await back('RG2', offset, 1);
    const [first] = (await arrived('%RETRY%RG2')).messages;
    await back('RG2', first!.physicalOffset, 1);
    const [second] = (await arrived('%RETRY%RG2', 1)).messages;
    expect(second).toMatchObject({ reconsumeTimes: 2 });
    expect({ ...second!.properties }).toMatchObject({ RETRY_TOPIC: 'Orders', ORIGIN_MESSAGE_ID: msgId });
  });

  it('goes to the dead letters when it came often enough, or when the consumer says so', async () => {
    const { offset } = await sent('Orders', 'hopeless', { reconsumeTimes: 16 });
    expect((await back('DG', offset, 0)).code).toBe(0);
    const declared = await sent('Orders', 'refused');
    expect((await back('DG', declared.offset, -1)).code).toBe(0);
    const own = await sent('Orders', 'impatient', { reconsumeTimes: 2 });
    expect((await back('DG', own.offset, 0, { maxReconsumeTimes: 2 })).code).toBe(0);
    const { messages } = await test.pull('%DLQ%DG', 0, 0);
    expect(messages.map((message) => [Buffer.from(message.body).toString(), message.reconsumeTimes])).toEqual([['hopeless', 17], ['refused', 1], ['impatient', 3]]);
  });

  it('is stored nowhere for a group that wants no retries', async () => {
    await test.call(Commands.updateAndCreateSubscriptionGroup, {}, SubscriptionGroupConfig.create({ groupName: 'NoRetry', retryQueueNums: 0 }));
    const { offset } = await sent('Orders', 'dropped');
    expect((await back('NoRetry', offset, 0)).code).toBe(0);
    expect((await test.call(Commands.getTopicConfig, { topic: '%RETRY%NoRetry' })).code).toBe(ResponseCode.topicNotExist);
  });

  it('is counted for its topic, as long as there is one', async () => {
    const counted = (topic: string) => test.call(Commands.viewBrokerStatsData, { statsName: 'SNDBCK_PUT_NUMS', statsKey: `${topic}@CG` }).then(({ code }) => code === 0);
    const { offset } = await sent('Counted', 'x');
    for (const originTopic of ['Counted', 'Invented']) await test.call(Commands.consumerSendMsgBack, { group: 'CG', offset, delayLevel: 0, originTopic });
    expect([await counted('Counted'), await counted('Invented')]).toEqual([true, false]);
    await test.call(Commands.deleteTopicInBroker, { topic: 'Counted' });
    expect(await counted('Counted')).toBe(false);
  });

  it('must be there', async () => {
    const reply = await back('RG', 1_234_567, 0);
    expect([reply.code, reply.remark]).toEqual([ResponseCode.systemError, 'look message by offset failed, 1234567']);
    expect((await back('not valid', 0, 0)).code).toBe(ResponseCode.subscriptionGroupNotExist);
  });
});
