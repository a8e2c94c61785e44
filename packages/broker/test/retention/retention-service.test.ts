import { readdirSync } from 'node:fs';
import { Commands, ResponseCode } from '@kitemq/protocol';
import { nodeRuntime } from '@kitemq/runtime';
import type { Disk, DiskSpace, Runtime } from '@kitemq/runtime';
import { RecordingLogger } from '@kitemq/runtime/testing';
import { describe, expect, it } from 'vitest';
import { eventually, TestBroker } from '../support/test-broker.ts';

const hour = 3_600_000;
const small = { mappedFileSizeCommitLog: 65_536, maxMessageSize: 32_768 };

/** A machine whose clock and disk the test decides about. */
class Machine {
  aheadMs = 0;
  space: DiskSpace = { totalBytes: 2 ** 40, freeBytes: 2 ** 39 };
  readonly runtime: Runtime;

  constructor() {
    const runtime = nodeRuntime({ logger: new RecordingLogger() });
    const disk = new Proxy(runtime.disk, {
      get: (target: Disk, key): unknown => {
        if (key === 'spaceSync') return () => this.space;
        const value = Reflect.get(target, key) as unknown;
        return typeof value === 'function' ? (value as (...args: unknown[]) => unknown).bind(target) : value;
      },
    });
    const clock = { now: (): number => runtime.clock.now() + this.aheadMs, monotonic: (): number => runtime.clock.monotonic() };
    this.runtime = { ...runtime, clock, disk };
  }
}

const clean = (test: TestBroker): Promise<{ code: number }> => test.call(Commands.deleteExpiredCommitlog, {});
const offsets = async (test: TestBroker, topic: string): Promise<[min: number, max: number]> => {
  const { offset: min } = (await test.call(Commands.getMinOffset, { topic, queueId: 0 })).header();
  const { offset: max } = (await test.call(Commands.getMaxOffset, { topic, queueId: 0 })).header();
  return [min, max];
};
const fill = async (test: TestBroker, topic: string, count: number): Promise<void> => {
  for (let sent = 0; sent < count; sent++) await test.send(topic, Buffer.alloc(10_000, `${sent} `));
};

describe('old messages', () => {
  it('go when a tool asks for it; consumers behind are told where to go on', async () => {
    const machine = new Machine();
    await using test = await TestBroker.start({ runtime: machine.runtime, settings: { ...small, fileReservedTime: 8 } });
    await fill(test, 'T', 30);
    machine.aheadMs = 9 * hour;
    // The messages of the last segment stay until it is ended, which the next passes do.
    expect((await clean(test)).code).toBe(0);
    const [min, max] = await offsets(test, 'T');
    expect([min > 10, max]).toEqual([true, 30]);
    expect(await test.pull('T', 0, 3)).toMatchObject({ code: ResponseCode.pullOffsetMoved, remark: 'OFFSET_TOO_SMALL' });
    expect((await test.pull('T', 0, 3)).reply.header()).toMatchObject({ nextBeginOffset: min, minOffset: min, maxOffset: 30 });
    expect((await test.pull('T', 0, min)).messages[0]?.queueOffset).toBe(min);
    const earliest = (await test.call(Commands.getEarliestMsgStoreTime, { topic: 'T', queueId: 0 })).header().timestamp;
    expect(earliest).toBe((await test.pull('T', 0, min)).messages[0]?.storeTimestamp);
    expect((await test.call(Commands.searchOffsetByTimestamp, { topic: 'T', queueId: 0, timestamp: 1 })).header().offset).toBe(min);
    await test.subscribe('Behind', 'T');
    await test.call(Commands.updateConsumerOffset, { consumerGroup: 'Behind', topic: 'T', queueId: 0, commitOffset: 2 });
    const { consumeTimeSpanSet } = (await test.call(Commands.queryConsumeTimeSpan, { topic: 'T', group: 'Behind' })).body();
    const span = consumeTimeSpanSet.find(({ messageQueue }) => messageQueue.queueId === 0)!;
    expect(span.minTimeStamp).toBe(earliest);
    expect(span.delayTime).toBeLessThan(10 * hour);
    machine.aheadMs += 9 * hour;
    await clean(test);
    expect(await offsets(test, 'T')).toEqual([30, 30]);
    expect(await test.pull('T', 0, 3)).toMatchObject({ code: ResponseCode.pullOffsetMoved });
    const stats = (await test.call(Commands.getTopicStatsInfo, { topic: 'T' })).body();
    expect([...stats.offsetTable.values()].find(({ maxOffset }) => maxOffset > 0)).toMatchObject({ minOffset: 30, maxOffset: 30 });
    await test.restart();
    expect(await offsets(test, 'T')).toEqual([30, 30]);
    expect((await test.send('T', 'next')).header().queueOffset).toBe(30);
    expect((await test.call(Commands.cleanExpiredConsumequeue, {})).code).toBe(0);
  });

  it('go by themselves, at the hour that is set, and by the size of the log', async () => {
    const machine = new Machine();
    const wrongHour = (new Date().getHours() + 12) % 24;
    await using test = await TestBroker.start({ runtime: machine.runtime, settings: { ...small, fileReservedTime: 1, deleteWhen: String(wrongHour), cleanResourceInterval: 100 } });
    await fill(test, 'T', 30);
    machine.aheadMs = 2 * hour;
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect((await offsets(test, 'T'))[0]).toBe(0);
    const config = Object.entries({ deleteWhen: '*', commitLogBytesMax: '100000' });
    for (const [key, value] of config) expect((await test.call(Commands.updateBrokerConfig, {}, `${key}=${value}`)).code).toBe(0);
    await eventually(async () => (await offsets(test, 'T'))[0] > 0);
    expect((await test.call(Commands.updateBrokerConfig, {}, 'deleteWhen=25')).code).toBe(ResponseCode.invalidParameter);
  });

  it('of topics that keep less go with their attributes', async () => {
    const machine = new Machine();
    await using test = await TestBroker.start({ runtime: machine.runtime });
    await test.createTopic('Short', 1, { attributes: '+reserve.time=2' });
    await test.createTopic('Small', 1, { attributes: '+reserve.bytes=50000' });
    expect((await test.createTopic('Bad', 1, { attributes: '+reserve.bytes=many' })).code).not.toBe(0);
    for (const topic of ['Short', 'Small', 'Plain']) await fill(test, topic, 10);
    machine.aheadMs = 3 * hour;
    await test.send('Short', 'young');
    await clean(test);
    expect(await Promise.all(['Short', 'Small', 'Plain'].map((topic) => offsets(test, topic)))).toEqual([[10, 11], [6, 10], [0, 10]]);
  });

  it('that are still delayed outlive their segment', async () => {
    const machine = new Machine();
    await using test = await TestBroker.start({ runtime: machine.runtime, settings: { ...small, messageDelayLevel: '1s 30d', fileReservedTime: 24 } });
    for (const body of ['first', 'second']) await test.send('Later', body, { props: { DELAY: '2' } });
    await fill(test, 'T', 30);
    machine.aheadMs = 72 * hour;
    await clean(test);
    expect((await offsets(test, 'T'))[0]).toBeGreaterThan(10);
    const { messages } = await test.pull('SCHEDULE_TOPIC_XXXX', 1, 2);
    expect(messages.map(({ body }) => Buffer.from(body).toString())).toEqual(['first', 'second']);
    machine.aheadMs += 31 * 24 * hour;
    await test.restart();
    const delivered = await eventually(async () => {
      const answer = await test.pull('Later', 0, 0);
      return answer.messages.length === 2 ? answer.messages : undefined;
    });
    expect(delivered.map(({ body, properties }) => [Buffer.from(body).toString(), properties['DELAY']])).toEqual([['first', undefined], ['second', undefined]]);
  });
});

describe('a disk that fills up', () => {
  it('loses the oldest segments first, then sends are refused; both end by themselves', async () => {
    const machine = new Machine();
    await using test = await TestBroker.start({ runtime: machine.runtime, settings: { ...small, cleanResourceInterval: 100, diskFreeBytesEnough: 1_000_000 } });
    await fill(test, 'T', 40);
    const segments = (): number => readdirSync(`${test.directory}/commitlog`).length;
    const before = segments();
    machine.space = { totalBytes: 1_000_000, freeBytes: 140_000 };
    await eventually(() => segments() < before);
    expect((await offsets(test, 'T'))[0]).toBeGreaterThan(0);
    expect((await test.send('T', 'still taken')).code).toBe(0);
    machine.space = { totalBytes: 1_000_000, freeBytes: 50_000 };
    const refused = await eventually(async () => {
      const answer = await test.send('T', 'no');
      return answer.code === 0 ? undefined : answer;
    });
    expect(refused).toMatchObject({ code: ResponseCode.serviceNotAvailable, remark: expect.stringContaining('disk is full') as string });
    expect((await test.pull('T', 0, (await offsets(test, 'T'))[0])).code).toBe(0);
    machine.space = { totalBytes: 1_000_000, freeBytes: 900_000 };
    await eventually(async () => (await test.send('T', 'again')).code === 0);
  });

  it('keeps what has not expired when forced deletion is off', async () => {
    const machine = new Machine();
    machine.space = { totalBytes: 1_000_000, freeBytes: 140_000 };
    await using test = await TestBroker.start({ runtime: machine.runtime, settings: { ...small, cleanFileForciblyEnable: false, diskFreeBytesEnough: 1_000_000 } });
    await fill(test, 'T', 30);
    expect((await clean(test)).code).toBe(0);
    expect(await offsets(test, 'T')).toEqual([0, 30]);
  });
});
