import { Commands, ResetOffsetBody, ResponseCode } from '@kitemq/protocol';
import type { Processor } from '@kitemq/remoting';
import { LogStore } from '@kitemq/store';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { TestBroker, eventually } from '../support/test-broker.ts';

let test: TestBroker;
beforeAll(async () => {
  test = await TestBroker.start();
  await test.createTopic('T', 1);
  for (const body of ['a', 'b', 'c']) await test.send('T', body);
  await test.subscribe('G', 'T');
});
afterAll(() => test[Symbol.asyncDispose]());

const reset = (header: object) => test.call(Commands.invokeBrokerToResetOffset, { group: 'G', topic: 'T', timestamp: 0, isForce: true, ...header });
const committed = async (): Promise<number> => (await test.call(Commands.queryConsumerOffset, { consumerGroup: 'G', topic: 'T', queueId: 0 })).header().offset;
const queue = { topic: 'T', brokerName: 'broker-a', queueId: 0 };

describe('a reset in the broker', () => {
  it('is what the next pull is told to go on with, once; commits until then do not undo it', async () => {
    const reply = await reset({ queueId: 0, offset: 1 });
    expect(reply.body().offsetTable.get(queue)).toBe(1);
    const update = await test.call(Commands.updateConsumerOffset, { consumerGroup: 'G', topic: 'T', queueId: 0, commitOffset: 3 });
    expect([update.code, update.remark]).toEqual([0, 'Offset has been previously reset']);
    expect(await committed()).toBe(1);
    const told = await test.pull('T', 0, 3, { consumerGroup: 'G', sysFlag: 7, commitOffset: 3 });
    expect([told.code, told.remark, told.reply.header().nextBeginOffset]).toEqual([ResponseCode.pullOffsetMoved, 'OFFSET_RESET', 1]);
    expect((await test.pull('T', 0, 1, { consumerGroup: 'G' })).messages).toHaveLength(2);
    expect(await committed()).toBe(1);
  });

  it('goes to a time, in all queues; a negative time is the end', async () => {
    const { messages } = await test.pull('T', 0, 0);
    expect((await reset({ timestamp: messages[0]!.storeTimestamp - 1 })).body().offsetTable.get(queue)).toBe(0);
    expect((await reset({ timestamp: -1 })).body().offsetTable.get(queue)).toBe(3);
  });

  it('is forgotten with its topic: one that is made again is read from its beginning', async () => {
    await test.createTopic('Again', 1);
    for (const body of ['a', 'b']) await test.send('Again', body);
    await reset({ topic: 'Again', queueId: 0, offset: 2 });
    await test.call(Commands.deleteTopicInBroker, { topic: 'Again' });
    await test.createTopic('Again', 1);
    await test.send('Again', 'new');
    const answer = await test.pull('Again', 0, 0, { consumerGroup: 'G' });
    expect([answer.code, answer.messages.map(({ body }) => Buffer.from(body).toString())]).toEqual([0, ['new']]);
  });

  it('is refused when its topic is removed before the offset is found', async () => {
    await test.createTopic('Gone', 1);
    await test.send('Gone', 'a');
    const store = vi.spyOn(LogStore.prototype, 'offsetByTime').mockImplementationOnce(async () => {
      await test.call(Commands.deleteTopicInBroker, { topic: 'Gone' });
      await test.createTopic('Gone', 1);
      return 1;
    });
    expect((await reset({ topic: 'Gone' })).code).toBe(ResponseCode.topicNotExist);
    store.mockRestore();
    expect((await test.pull('Gone', 0, 0, { consumerGroup: 'G' })).remark).not.toBe('OFFSET_RESET');
  });

  it('is refused beyond the queue, and for unknown topics and groups', async () => {
    expect((await reset({ queueId: 0, offset: 5 })).code).toBe(ResponseCode.systemError);
    expect((await reset({ queueId: 9, offset: 0 })).code).toBe(ResponseCode.systemError);
    expect((await reset({ topic: 'None' })).code).toBe(ResponseCode.topicNotExist);
    expect((await reset({ group: 'None' })).code).toBe(ResponseCode.subscriptionGroupNotExist);
  });
});

describe('a reset through the clients', () => {
  it('is pushed to all that are online', async () => {
    await using other = await TestBroker.start({ settings: { useServerSideResetOffset: false } });
    await other.createTopic('T', 1);
    await other.send('T', 'a');
    const pushed: number[] = [];
    const onReset: Processor = (request) => void pushed.push(ResetOffsetBody.decode(request.body).offsetTable.get(queue) ?? -1);
    await other.subscribe('G', 'T', '*', other.newClient(new Map([[Commands.resetConsumerClientOffset.code, onReset]])));
    const ask = () => other.call(Commands.invokeBrokerToResetOffset, { group: 'G', topic: 'T', timestamp: 0, isForce: true });
    expect((await ask()).code).toBe(ResponseCode.systemError);
    await other.call(Commands.updateConsumerOffset, { consumerGroup: 'G', topic: 'T', queueId: 0, commitOffset: 1 });
    expect((await ask()).code).toBe(0);
    await eventually(() => pushed.length > 0);
    expect(pushed).toEqual([0]);
    expect((await other.call(Commands.invokeBrokerToResetOffset, { group: 'Offline', topic: 'T', timestamp: 0, isForce: true })).code).toBe(ResponseCode.systemError);
  });
});
