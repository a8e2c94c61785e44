import { Commands, ResponseCode } from '@kitemq/protocol';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestBroker } from '../support/test-broker.ts';

let test: TestBroker;
beforeAll(async () => {
  test = await TestBroker.start();
  await test.subscribe('G', 'T');
  await test.createTopic('T', 2);
  for (const body of ['a', 'b', 'c']) await test.send('T', body);
});
afterAll(() => test[Symbol.asyncDispose]());

const query = (group: string, queueId = 0, extra = {}): ReturnType<typeof ask> => ask(test, group, queueId, extra);
const ask = (broker: TestBroker, consumerGroup: string, queueId = 0, extra = {}) => broker.call(Commands.queryConsumerOffset, { consumerGroup, topic: 'T', queueId, ...extra });
const update = (header: Partial<Parameters<typeof apply>[0]>) => apply({ consumerGroup: 'G', topic: 'T', queueId: 0, commitOffset: 1, ...header });
const apply = (header: { consumerGroup: string; topic: string; queueId: number; commitOffset: number }) => test.call(Commands.updateConsumerOffset, header);

describe('a committed offset', () => {
  it('is what was committed, also when it went back', async () => {
    expect((await update({ commitOffset: 3 })).code).toBe(0);
    expect((await query('G')).header().offset).toBe(3);
    expect((await update({ commitOffset: 2 })).code).toBe(0);
    expect((await query('G')).header().offset).toBe(2);
  });

  it('is refused for unknown groups, topics and queues', async () => {
    const group = await update({ consumerGroup: 'Nobody' });
    expect([group.code, group.remark]).toEqual([ResponseCode.subscriptionGroupNotExist, 'Group Nobody not exist!']);
    expect((await update({ topic: 'Nothing' })).code).toBe(ResponseCode.topicNotExist);
    expect((await update({ queueId: 2 })).code).toBe(ResponseCode.invalidParameter);
    expect((await update({ commitOffset: -1 })).code).toBe(ResponseCode.invalidParameter);
  });

  it('survives a restart, with a shutdown and at the latest a flush interval after it was made without', async () => {
    await using other = await TestBroker.start();
    await other.subscribe('G', 'T');
    await other.createTopic('T', 1);
    await other.send('T', 'a');
    await other.call(Commands.updateConsumerOffset, { consumerGroup: 'G', topic: 'T', queueId: 0, commitOffset: 1 });
    await other.restart();
    expect((await ask(other, 'G')).header().offset).toBe(1);
  });
});

describe('a group without offset', () => {
  it('starts at 0 where the queue is complete and young, or empty', async () => {
    expect((await query('New')).header().offset).toBe(0);
    expect((await query('New', 1)).header().offset).toBe(0);
  });

  it('is told that nothing is known when it asks for that', async () => {
    expect((await query('New', 0, { setZeroIfNotFound: false })).code).toBe(ResponseCode.queryNotFound);
  });

  it('is told that nothing is known when the log is large', async () => {
    await using small = await TestBroker.start({ memoryBytes: 1 });
    await small.createTopic('T', 1);
    expect((await ask(small, 'New')).header().offset).toBe(0);
    await small.send('T', 'a');
    const reply = await ask(small, 'New');
    expect([reply.code, reply.remark]).toEqual([ResponseCode.queryNotFound, 'Not found, V3_0_6_SNAPSHOT maybe this group consumer boot first']);
  });
});

describe('a queue that is added to a topic', () => {
  it('is read from its start by a group that consumes the topic, however large the log is', async () => {
    await using small = await TestBroker.start({ memoryBytes: 1 });
    await small.createTopic('T', 1);
    await small.subscribe('Old', 'T');
    await small.send('T', 'a');
    await small.call(Commands.updateConsumerOffset, { consumerGroup: 'Old', topic: 'T', queueId: 0, commitOffset: 1 });
    await small.createTopic('T', 2);
    await small.send('T', 'b', { queueId: 1 });
    expect((await ask(small, 'Old', 1)).header().offset).toBe(0);
    expect((await ask(small, 'New', 1)).code).toBe(ResponseCode.queryNotFound);
  });
});

describe('offsets of a queue', () => {
  it('are its ends', async () => {
    expect((await test.call(Commands.getMaxOffset, { topic: 'T', queueId: 0 })).header().offset).toBe(3);
    expect((await test.call(Commands.getMinOffset, { topic: 'T', queueId: 0 })).header().offset).toBe(0);
    expect((await test.call(Commands.getMaxOffset, { topic: 'T', queueId: 1 })).header().offset).toBe(0);
  });

  it('are found by store time', async () => {
    const { messages } = await test.pull('T', 0, 0);
    const at = async (timestamp: number, boundaryType?: string): Promise<number> =>
      (await test.call(Commands.searchOffsetByTimestamp, { topic: 'T', queueId: 0, timestamp, boundaryType })).header().offset;
    expect(await at(messages[0]!.storeTimestamp)).toBe(0);
    expect(await at(messages[2]!.storeTimestamp + 1)).toBe(3);
    expect(await at(messages[2]!.storeTimestamp + 1, 'UPPER')).toBe(2);
    expect((await test.call(Commands.getEarliestMsgStoreTime, { topic: 'T', queueId: 0 })).header().timestamp).toBe(messages[0]!.storeTimestamp);
  });

  it('can be read all at once', async () => {
    const table = (await test.call(Commands.getAllConsumerOffset, {})).body().offsetTable;
    expect(table.get('T@G')?.get(0)).toBe(2);
  });
});
