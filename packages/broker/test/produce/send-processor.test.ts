import { Commands, decodeOffsetMessageId, encodeBatch, encodeProperties, ResponseCode, storeTopicPrefix } from '@kitemq/protocol';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestBroker, eventually, sendHeader } from '../support/test-broker.ts';

let test: TestBroker;
beforeAll(async () => {
  test = await TestBroker.start({ settings: { maxMessageSize: 65_536 } });
});
afterAll(() => test[Symbol.asyncDispose]());

const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString();

describe('a send', () => {
  it('is answered with message id, queue, offset and transaction id, and region and trace as ext fields', async () => {
    const first = await test.send('Sends', 'one', { queueId: 1, props: { UNIQ_KEY: 'U1' } });
    const second = await test.send('Sends', 'two', { queueId: 1, props: { UNIQ_KEY: 'U2' } });
    expect(first.code).toBe(0);
    expect(first.header()).toMatchObject({ queueId: 1, queueOffset: 0, transactionId: 'U1', regionId: 'DefaultRegion', traceOn: true });
    expect(second.header()).toMatchObject({ queueOffset: 1, transactionId: 'U2' });
    const id = decodeOffsetMessageId(second.header().msgId);
    expect(`${id.ip}:${id.port}`).toBe(test.broker.address);
    const { messages } = await test.pull('Sends', 1, 0);
    expect(messages.map((message) => text(message.body))).toEqual(['one', 'two']);
    expect(messages[1]?.physicalOffset).toBe(id.physicalOffset);
  });

  it('stores header, properties, born host, and what the broker adds', async () => {
    await test.send('Stored', 'x', { flag: 7, sysFlag: 0x300, bornTimestamp: 123, reconsumeTimes: 2, props: { TAGS: 'a', POP_CK: 'forged', MSG_REGION: 'forged' } });
    const { messages } = await test.pull('Stored', 0, 0);
    expect(messages).toHaveLength(1);
    const [message] = messages;
    expect(message).toMatchObject({ topic: 'Stored', flag: 7, bornTimestamp: 123, reconsumeTimes: 2, queueId: 0 });
    expect(message?.bornHost).toMatch(/^127\.0\.0\.1:\d+$/);
    expect(message?.storeHost).toBe(test.broker.address);
    expect({ ...message?.properties }).toMatchObject({ TAGS: 'a', MSG_REGION: 'DefaultRegion', TRACE_ON: 'true', CLUSTER: 'DefaultCluster' });
    expect(message?.properties['POP_CK']).toBeUndefined();
    expect(message?.properties['UNIQ_KEY']).toMatch(/^[0-9A-F]{32}$/);
  });

  it('takes long field names too', async () => {
    const reply = await test.call(Commands.sendMessage, { ...sendHeader('LongNames'), properties: encodeProperties({ KEYS: 'k' }) }, Buffer.from('v1'));
    expect(reply.header()).toMatchObject({ queueId: 0, queueOffset: 0 });
    expect((await test.pull('LongNames', 0, 0)).messages[0]?.properties['KEYS']).toBe('k');
  });

  it('is stored when it is one-way, without an answer', async () => {
    await test.client.invokeOneway(test.broker.address, Commands.sendMessageV2, sendHeader('OneWay'), Buffer.from('quiet'));
    const { messages } = await eventually(async () => {
      const answer = await test.pull('OneWay', 0, 0);
      return answer.code === 0 ? answer : undefined;
    });
    expect(text(messages[0]!.body)).toBe('quiet');
  });

  it('with a negative queue id goes to a random queue that exists', async () => {
    await test.createTopic('Anywhere', 4);
    const replies = await Promise.all(Array.from({ length: 40 }, () => test.send('Anywhere', 'x', { queueId: -1 })));
    const queues = new Set(replies.map((reply) => reply.header().queueId));
    expect(queues.size).toBeGreaterThan(1);
    for (const queueId of queues) expect([0, 1, 2, 3]).toContain(queueId);
  });

  it('marks messages of MULTI_TAG topics', async () => {
    await test.createTopic('MultiTag', 1, { topicFilterType: 'MULTI_TAG' });
    await test.send('MultiTag', 'x');
    expect((await test.pull('MultiTag', 0, 0)).messages[0]!.sysFlag & 2).toBe(2);
  });
});

describe('automatic creation of topics', () => {
  it('takes the smaller of what the client asks for and what the template has', async () => {
    await test.send('Auto3', 'x', { defaultTopicQueueNums: 3 });
    await test.send('Auto99', 'x', { defaultTopicQueueNums: 99 });
    expect((await test.call(Commands.getTopicConfig, { topic: 'Auto3' })).body()).toMatchObject({ readQueueNums: 3, writeQueueNums: 3, perm: 6 });
    expect((await test.call(Commands.getTopicConfig, { topic: 'Auto99' })).body()).toMatchObject({ readQueueNums: 8 });
  });

  it('may use the topics named after the cluster and the broker as template', async () => {
    expect((await test.send('ByCluster', 'x', { defaultTopic: 'DefaultCluster' })).code).toBe(0);
    expect((await test.send('ByBroker', 'x', { defaultTopic: 'broker-a' })).code).toBe(0);
  });

  it('needs a template that may be inherited', async () => {
    const reply = await test.send('NoTemplate', 'x', { defaultTopic: 'BenchmarkTest' });
    expect(reply.code).toBe(ResponseCode.topicNotExist);
    expect(reply.frame.ext.get('MSG_REGION')).toBe('DefaultRegion');
  });

  it('is off with autoCreateTopicEnable=false', async () => {
    await using closed = await TestBroker.start({ settings: { autoCreateTopicEnable: false } });
    expect((await closed.send('T', 'x')).code).toBe(ResponseCode.topicNotExist);
    expect((await closed.call(Commands.getTopicConfig, { topic: 'TBW102' })).code).toBe(ResponseCode.topicNotExist);
  });
});

describe('a send is refused', () => {
  it.each([
    ['', 'blank'],
    ['a b', 'illegal characters'],
    ['../../x', 'illegal characters'],
    ['x'.repeat(128), 'longer'],
  ])('for the name %j', async (topic, remark) => {
    const reply = await test.send(topic, 'x');
    expect(reply.code).toBe(ResponseCode.invalidParameter);
    expect(reply.remark).toContain(remark);
  });

  it.each([
    ...['SCHEDULE_TOPIC_XXXX', 'RMQ_SYS_TRANS_HALF_TOPIC', 'RMQ_SYS_TRANS_OP_HALF_TOPIC', 'TRANS_CHECK_MAX_TIME_TOPIC', 'SELF_TEST_TOPIC', 'OFFSET_MOVED_EVENT'],
    ...['OFFSETS', 'SETTINGS', 'QUEUES', 'CARRIED', 'anything'].map((name) => `${storeTopicPrefix}${name}`),
  ])(
    'to the system topic %s',
    async (topic) => {
      const reply = await test.send(topic, 'x');
      expect(reply.code).toBe(ResponseCode.noPermission);
      expect(reply.remark).toBe(`Sending message to topic[${topic}] is forbidden.`);
    },
  );

  it('for a queue that the topic does not have', async () => {
    await test.createTopic('TwoQueues', 2);
    expect((await test.send('TwoQueues', 'x', { queueId: 1 })).code).toBe(0);
    expect((await test.send('TwoQueues', 'x', { queueId: 2 })).code).toBe(ResponseCode.invalidParameter);
  });

  it('for a body over maxMessageSize, and for properties over 32767 bytes', async () => {
    expect((await test.send('Big', Buffer.alloc(65_536))).code).toBe(0);
    const body = await test.send('Big', Buffer.alloc(65_537));
    expect(body.code).toBe(ResponseCode.messageIllegal);
    expect(body.remark).toContain('msg body length limit 65536B');
    expect((await test.send('Big', 'x', { properties: `k\x01${'v'.repeat(33_000)}\x02` })).code).toBe(ResponseCode.messageIllegal);
  });

  it('while transactions and timers are not built', async () => {
    expect((await test.send('Half', 'x', { props: { TRAN_MSG: 'true', PGROUP: 'PG' } })).code).toBe(ResponseCode.noPermission);
    const timer = await test.send('Timer', 'x', { props: { TIMER_DELAY_MS: '1000' } });
    expect(timer.code).toBe(ResponseCode.systemError);
    expect(timer.remark).toContain('accurate timer message is not enabled');
  });

  it('before startAcceptSendRequestTimeStamp', async () => {
    await using late = await TestBroker.start({ settings: { startAcceptSendRequestTimeStamp: Date.now() + 3_600_000 } });
    expect((await late.send('T', 'x')).code).toBe(ResponseCode.systemError);
  });

  it('by a broker without write permission only for ordered topics', async () => {
    await using readOnly = await TestBroker.start();
    await readOnly.createTopic('Ordered', 1, { order: true });
    await readOnly.createTopic('Plain', 1);
    await readOnly.call(Commands.updateBrokerConfig, {}, 'brokerPermission=4');
    expect((await readOnly.send('Ordered', 'x')).code).toBe(ResponseCode.noPermission);
    expect((await readOnly.send('Plain', 'x')).code).toBe(0);
  });
});

describe('a batch', () => {
  const batch = (...bodies: string[]): Uint8Array =>
    encodeBatch(bodies.map((body) => ({ flag: 3, body: Buffer.from(body), properties: Buffer.from(encodeProperties({ TAGS: body.slice(0, 9), UNIQ_KEY: `U${body.slice(0, 9)}` })) })));

  it('is stored as single messages with consecutive offsets; ids are joined by commas', async () => {
    await test.send('Batch', 'before');
    const reply = await test.call(Commands.sendBatchMessage, { ...sendHeader('Batch'), batch: true, properties: encodeProperties({ WAIT: 'true' }) }, batch('a', 'b', 'c'));
    expect(reply.code).toBe(0);
    expect(reply.header().queueOffset).toBe(1);
    const ids = reply.header().msgId.split(',');
    const { messages } = await test.pull('Batch', 0, 1, { subscription: 'b||c' });
    expect(messages.map((message) => [text(message.body), message.queueOffset, message.flag, message.properties['UNIQ_KEY']])).toEqual([
      ['b', 2, 3, 'Ub'],
      ['c', 3, 3, 'Uc'],
    ]);
    expect(ids).toHaveLength(3);
    expect(messages.map((message) => message.offsetMessageId)).toEqual(ids.slice(1));
    // Elements are stored as they came: the broker adds nothing to them.
    expect(messages[0]?.properties['MSG_REGION']).toBeUndefined();
  });

  it('may also come as SEND_MESSAGE_V2 with the batch flag', async () => {
    expect((await test.call(Commands.sendMessageV2, { ...sendHeader('Batch2'), batch: true }, batch('a', 'b'))).header().msgId).toContain(',');
  });

  it('is refused for retry topics, when it is delayed, and when it is none', async () => {
    const send = async (topic: string, body: Uint8Array, properties?: string): Promise<number> =>
      (await test.call(Commands.sendBatchMessage, { ...sendHeader(topic), batch: true, properties }, body)).code;
    expect(await send('%RETRY%G', batch('a'))).toBe(ResponseCode.messageIllegal);
    expect(await send('Batch3', batch('a'), encodeProperties({ DELAY: '2' }))).toBe(ResponseCode.messageIllegal);
    expect(await send('Batch3', Buffer.from('rubbish'))).toBe(ResponseCode.messageIllegal);
    expect(await send('Batch3', Buffer.alloc(0))).toBe(ResponseCode.messageIllegal);
    expect(await send('Batch3', batch('x'.repeat(70_000)))).toBe(ResponseCode.messageIllegal);
    expect(await send('Batch3', batch('a').subarray(0, 20))).toBe(ResponseCode.messageIllegal);
  });
});

describe('a send to a retry topic', () => {
  const retry = (reconsumeTimes: number, maxReconsumeTimes?: number): ReturnType<TestBroker['send']> => test.send('%RETRY%RG', 'again', { reconsumeTimes, maxReconsumeTimes });

  it('makes the topic, and goes to the dead letters when it came too often', async () => {
    expect((await retry(2, 2)).code).toBe(0);
    expect((await retry(3, 2)).code).toBe(0);
    expect((await retry(17)).code).toBe(0);
    const retried = await test.pull('%RETRY%RG', 0, 0);
    expect(retried.messages.map((message) => message.reconsumeTimes)).toEqual([2]);
    const dead = await test.pull('%DLQ%RG', 0, 0);
    expect(dead.messages.map((message) => message.reconsumeTimes)).toEqual([3, 17]);
  });

  it('goes to the dead letters at once while its group consumes in order', async () => {
    await test.call(Commands.lockBatchMq, {}, { consumerGroup: 'OG', clientId: 'c', onlyThisBroker: false, mqSet: [{ topic: 'T', brokerName: 'broker-a', queueId: 0 }] });
    expect((await test.send('%RETRY%OG', 'given up', { reconsumeTimes: 1 })).code).toBe(0);
    expect((await test.pull('%DLQ%OG', 0, 0)).messages).toHaveLength(1);
  });

  it('needs a group', async () => {
    await using strict = await TestBroker.start({ settings: { autoCreateSubscriptionGroup: false } });
    expect((await strict.send('%RETRY%Nobody', 'x')).code).toBe(ResponseCode.subscriptionGroupNotExist);
  });
});
