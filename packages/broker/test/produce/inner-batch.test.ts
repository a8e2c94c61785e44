import { Commands, decodeRecord, encodeBatch, encodeProperties, MessageSysFlag, ResponseCode } from '@kitemq/protocol';
import { describe, expect, it, onTestFinished } from 'vitest';
import { sendHeader, TestBroker } from '../support/test-broker.ts';

async function brokerWith(topic: string, attributes: string): Promise<TestBroker> {
  const test = await TestBroker.start();
  onTestFinished(() => test[Symbol.asyncDispose]());
  await test.createTopic(topic, 1, { attributes });
  return test;
}

const batchOf = (...bodies: string[]): Uint8Array => encodeBatch(bodies.map((body) => ({ flag: 7, body: Buffer.from(body), properties: Buffer.from(encodeProperties({ KEYS: `key-${body}` })) })));

const sendBatch = (test: TestBroker, topic: string, batch: Uint8Array, properties: Record<string, string> = { UNIQ_KEY: 'BATCH1' }) =>
  test.call(Commands.sendMessageV2, { ...sendHeader(topic), batch: true, properties: encodeProperties(properties) }, batch);

const minOffset = async (test: TestBroker, topic: string): Promise<number> => (await test.call(Commands.getMinOffset, { topic, queueId: 0 })).header().offset;

describe('a batch to a topic with queue.type=BatchCQ', () => {
  it('is one record with as many offsets as messages; the answer says so', async () => {
    const test = await brokerWith('Batches', '+queue.type=BatchCQ');
    expect(await minOffset(test, 'Batches')).toBe(-1);
    const first = (await sendBatch(test, 'Batches', batchOf('a', 'b', 'c'))).header();
    expect(first).toMatchObject({ queueOffset: 0, batchUniqId: 'BATCH1', transactionId: 'BATCH1' });
    expect(first.msgId).toMatch(/^[0-9A-F]{32}$/);
    expect((await sendBatch(test, 'Batches', batchOf('d', 'e'), { UNIQ_KEY: 'BATCH2' })).header()).toMatchObject({ queueOffset: 3, batchUniqId: 'BATCH2' });
    expect(await minOffset(test, 'Batches')).toBe(0);
    expect((await test.call(Commands.getMaxOffset, { topic: 'Batches', queueId: 0 })).header().offset).toBe(5);
    const answer = await test.pull('Batches', 0, 0);
    expect(answer.messages.map((message) => [message.queueOffset, Buffer.from(message.body).toString(), message.properties['KEYS'], message.flag])).toEqual([
      [0, 'a', 'key-a', 7], [1, 'b', 'key-b', 7], [2, 'c', 'key-c', 7], [3, 'd', 'key-d', 7], [4, 'e', 'key-e', 7],
    ]);
    const record = decodeRecord(answer.reply.bytes!);
    expect(record.sysFlag & (MessageSysFlag.needUnwrap | MessageSysFlag.innerBatch)).toBe(0xc0);
    expect(record.properties).toContain('INNER_NUM\u00013\u0002');
    expect(record.properties).toContain('INNER_BASE\u00010\u0002');
  });

  it('a pull at an offset inside of it gets all of it; the next offset is behind it', async () => {
    const test = await brokerWith('Batches', '+queue.type=BatchCQ');
    for (let index = 0; index < 3; index++) await sendBatch(test, 'Batches', batchOf(`${index}a`, `${index}b`, `${index}c`));
    const inside = await test.pull('Batches', 0, 4, { maxMsgNums: 1 });
    expect(inside.messages.map((message) => message.queueOffset)).toEqual([3, 4, 5]);
    expect(inside.reply.header()).toMatchObject({ nextBeginOffset: 6, minOffset: 0, maxOffset: 9 });
    expect((await test.pull('Batches', 0, 0, { maxMsgNums: 6 })).messages).toHaveLength(6);
  });

  it('is the same after a restart, and single messages go on behind it', async () => {
    const test = await brokerWith('Batches', '+queue.type=BatchCQ');
    await sendBatch(test, 'Batches', batchOf('a', 'b'));
    expect((await test.send('Batches', 'single')).header()).toMatchObject({ queueOffset: 2 });
    await test.restart();
    expect((await sendBatch(test, 'Batches', batchOf('c', 'd'))).header().queueOffset).toBe(3);
    expect((await test.pull('Batches', 0, 0)).messages.map((message) => Buffer.from(message.body).toString())).toEqual(['a', 'b', 'single', 'c', 'd']);
  });

  it('a message of it cannot be sent back by its place: the client sends it to the retry topic itself', async () => {
    const test = await brokerWith('Batches', '+queue.type=BatchCQ');
    await sendBatch(test, 'Batches', batchOf('a', 'b'));
    const [message] = (await test.pull('Batches', 0, 0)).messages;
    const reply = await test.call(Commands.consumerSendMsgBack, { offset: message!.physicalOffset, group: 'CG', delayLevel: 0, originMsgId: '', originTopic: 'Batches', unitMode: false });
    expect([reply.code, reply.remark]).toEqual([ResponseCode.systemError, expect.stringContaining('part of a batch')]);
  });

  it('of a compacted topic is stored as messages of their own: each has its key', async () => {
    const test = await brokerWith('Both', '+queue.type=BatchCQ,+cleanup.policy=COMPACTION');
    expect((await sendBatch(test, 'Both', batchOf('a', 'b'))).header().batchUniqId).toBeUndefined();
  });

  it('without a unique key it is stored as messages of their own', async () => {
    const test = await brokerWith('Batches', '+queue.type=BatchCQ');
    const header = (await sendBatch(test, 'Batches', batchOf('a', 'b'), {})).header();
    expect(header.msgId.split(',')).toHaveLength(2);
    expect(header.batchUniqId).toBeUndefined();
  });
});

describe('a batch to another topic', () => {
  it('is stored as messages of their own', async () => {
    const test = await brokerWith('Singles', '+queue.type=SimpleCQ');
    expect(await minOffset(test, 'Singles')).toBe(0);
    const header = (await sendBatch(test, 'Singles', batchOf('a', 'b'))).header();
    expect(header.msgId.split(',')).toHaveLength(2);
    expect(header.batchUniqId).toBeUndefined();
  });

  it('nobody but the broker makes inner batches', async () => {
    const test = await brokerWith('Batches', '+queue.type=BatchCQ');
    expect((await test.send('Batches', 'x', { sysFlag: MessageSysFlag.innerBatch })).code).toBe(ResponseCode.messageIllegal);
    expect((await test.send('Batches', 'x', { props: { INNER_NUM: '2' } })).code).toBe(ResponseCode.messageIllegal);
  });
});
