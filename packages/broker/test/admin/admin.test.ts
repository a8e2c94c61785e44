import { Commands, ConsumeMessageDirectlyResult, ConsumerRunningInfo, decodeMessages, decodeOffsetMessageId, GetConsumerStatusBody, MessageQueueMap, ResponseCode } from '@kitemq/protocol';
import type { Processor } from '@kitemq/remoting';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestBroker } from '../support/test-broker.ts';

let test: TestBroker;
beforeAll(async () => {
  test = await TestBroker.start();
});
afterAll(() => test[Symbol.asyncDispose]());

describe('GET_BROKER_RUNTIME_INFO', () => {
  it('has every key that Apache’s tools read, and counts', async () => {
    await test.send('Info', 'x');
    await test.pull('Info', 0, 0);
    const { table } = (await test.call(Commands.getBrokerRuntimeInfo, {})).body();
    const keys = `bootTimestamp runtime putMessageEntireTimeMax putMessageTimesTotal putMessageFailedTimes putMessageSizeTotal putMessageDistributeTime putMessageAverageSize dispatchMaxBuffer
      getMessageEntireTimeMax putTps getFoundTps getMissTps getTotalTps getTransferredTps putLatency99 putLatency999 commitLogDiskRatio consumeQueueDiskRatio commitLogMinOffset commitLogMaxOffset commitLogDirCapacity
      scheduleMessageOffset_1 scheduleMessageOffset_18 brokerActive brokerVersionDesc msgPutTotalYesterdayMorning msgPutTotalTodayMorning msgPutTotalTodayNow msgGetTotalYesterdayMorning msgGetTotalTodayMorning
      msgGetTotalTodayNow dispatchBehindBytes pageCacheLockTimeMills earliestMessageTimeStamp startAcceptSendRequestTimeStamp remainTransientStoreBufferNumbs remainHowManyDataToFlush timerReadBehind timerOffsetBehind
      timerCongestNum timerEnqueueTps timerDequeueTps sendThreadPoolQueueSize pullThreadPoolQueueCapacity ackThreadPoolQueueHeadWaitTimeMills EndTransactionQueueSize EndTransactionThreadPoolQueueCapacity`.split(/\s+/);
    expect([...table.keys()]).toEqual(expect.arrayContaining(keys));
    expect(table.get('brokerVersionDesc')).toBe('V5_5_0');
    expect(table.get('putTps')).toMatch(/^\S+ \S+ \S+$/);
    expect(Number(table.get('msgPutTotalTodayNow'))).toBeGreaterThan(0);
    expect(Number(table.get('msgGetTotalTodayNow'))).toBeGreaterThan(0);
    expect(table.get('runtime')).toMatch(/^\[ 0 days, 0 hours, 0 minutes, \d+ seconds \]$/);
  });

  it('tells from the second question on how late the event loop was since the one before', async () => {
    await test.call(Commands.getBrokerRuntimeInfo, {});
    const { table } = (await test.call(Commands.getBrokerRuntimeInfo, {})).body();
    expect(Number(table.get('eventLoopDelay_p999'))).toBeGreaterThanOrEqual(0);
    expect(Number(table.get('eventLoopDelay_max'))).toBeGreaterThanOrEqual(Number(table.get('eventLoopDelay_p50')));
  });
});

describe('VIEW_BROKER_STATS_DATA', () => {
  it('tells what was counted and refuses what was not', async () => {
    await test.send('Counted', 'x');
    await test.pull('Counted', 0, 0, { consumerGroup: 'CountG' });
    const view = (statsName: string, statsKey: string) => test.call(Commands.viewBrokerStatsData, { statsName, statsKey });
    for (const [name, key] of [['TOPIC_PUT_NUMS', 'Counted'], ['TOPIC_PUT_SIZE', 'Counted'], ['GROUP_GET_NUMS', 'Counted@CountG'], ['GROUP_GET_SIZE', 'Counted@CountG'], ['BROKER_PUT_NUMS', 'DefaultCluster']] as const) {
      expect((await view(name, key)).code, name).toBe(0);
    }
    for (const [name, key] of [['TOPIC_PUT_NUMS', 'None'], ['GROUP_GET_NUMS', 'None'], ['NONSENSE', 'Counted']] as const) expect((await view(name, key)).code, name).toBe(ResponseCode.systemError);
  });
});

describe('messages by place', () => {
  it('are whole records, or nothing', async () => {
    const { msgId } = (await test.send('View', 'here')).header();
    const { physicalOffset } = decodeOffsetMessageId(msgId);
    const found = await test.call(Commands.viewMessageById, { offset: physicalOffset });
    expect(decodeMessages(found.bytes!).map((message) => message.offsetMessageId)).toEqual([msgId]);
    for (const offset of [physicalOffset + 1, -1, 10 ** 15]) expect((await test.call(Commands.viewMessageById, { offset })).code).toBe(ResponseCode.systemError);
  });

  it('are listed as entries of their queue', async () => {
    await test.send('Entries', 'a', { props: { TAGS: 'a' } });
    await test.send('Entries', 'b', { props: { TAGS: 'b' } });
    await test.subscribe('EntryG', 'Entries', 'b');
    const body = (await test.call(Commands.queryConsumeQueue, { topic: 'Entries', queueId: 0, index: 0, count: 10, consumerGroup: 'EntryG' })).body();
    expect(body).toMatchObject({ minQueueIndex: 0, maxQueueIndex: 2 });
    expect(body.queueData.map(({ tagsCode, eval: takes }) => [tagsCode, takes])).toEqual([[97, false], [98, true]]);
  });
});

describe('requests that are handed to a client', () => {
  it('are answered with what it says', async () => {
    const { msgId } = (await test.send('Relay', 'consume me')).header();
    const running: Processor = (request) => request.reply(Commands.getConsumerRunningInfo, 0, {}, { body: ConsumerRunningInfo.encode(ConsumerRunningInfo.create({ properties: new Map([['PROP_CONSUME_TYPE', 'x']]) })) });
    const asked: string[] = [];
    const directly: Processor = (request) => {
      asked.push(Buffer.from(decodeMessages(request.body!)[0]!.body).toString(), request.ext('brokerName')!);
      request.reply(Commands.consumeMessageDirectly, 0, {}, { body: ConsumeMessageDirectlyResult.encode(ConsumeMessageDirectlyResult.create({ consumeResult: 'CR_SUCCESS' })) });
    };
    const queue = { topic: 'Relay', brokerName: 'broker-a', queueId: 0 };
    const status: Processor = (request) =>
      request.reply(Commands.getConsumerStatusFromClient, 0, {}, { body: GetConsumerStatusBody.encode(GetConsumerStatusBody.create({ messageQueueTable: new MessageQueueMap([[queue, 5]]) })) });
    const client = test.newClient(new Map([[307, running], [309, directly], [221, status]]));
    await test.subscribe('RelayG', 'Relay', '*', client);
    const clientId = '127.0.0.1@RelayG';
    expect((await test.call(Commands.getConsumerRunningInfo, { consumerGroup: 'RelayG', clientId })).body().properties.get('PROP_CONSUME_TYPE')).toBe('x');
    const result = await test.call(Commands.consumeMessageDirectly, { consumerGroup: 'RelayG', clientId, msgId, topic: 'Relay' });
    expect(result.body().consumeResult).toBe('CR_SUCCESS');
    expect(asked).toEqual(['consume me', 'broker-a']);
    const { consumerTable } = (await test.call(Commands.invokeBrokerToGetConsumerStatus, { topic: 'Relay', group: 'RelayG' })).body();
    expect(consumerTable.get(clientId)?.get(queue)).toBe(5);
    expect((await test.call(Commands.getConsumerRunningInfo, { consumerGroup: 'RelayG', clientId: 'other' })).code).toBe(ResponseCode.systemError);
    expect((await test.call(Commands.consumeMessageDirectly, { consumerGroup: 'RelayG', clientId, msgId: 'no id' })).code).toBe(ResponseCode.systemError);
  });
});
