import { Commands, ResponseCode } from '@kitemq/protocol';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestBroker } from '../support/test-broker.ts';

let test: TestBroker;
beforeAll(async () => {
  test = await TestBroker.start();
});
afterAll(() => test[Symbol.asyncDispose]());

const bodies = (answer: { messages: { body: Uint8Array }[] }): string[] => answer.messages.map((message) => Buffer.from(message.body).toString());

async function fill(topic: string, ...messages: [body: string, tag?: string][]): Promise<void> {
  for (const [body, tag] of messages) await test.send(topic, body, tag === undefined ? {} : { props: { TAGS: tag } });
}

describe('a pull that reads', () => {
  it('gets messages in order, with the offsets of the queue', async () => {
    await fill('Read', ['a'], ['b'], ['c']);
    const answer = await test.pull('Read', 0, 1);
    expect(bodies(answer)).toEqual(['b', 'c']);
    expect(answer.remark).toBe('FOUND');
    expect(answer.reply.header()).toMatchObject({ nextBeginOffset: 3, minOffset: 0, maxOffset: 3, suggestWhichBrokerId: 0, topicSysFlag: 0, groupSysFlag: 0 });
  });

  it('is served as LITE_PULL_MESSAGE too, unless that is off', async () => {
    await fill('Lite', ['a']);
    const header = { consumerGroup: 'LG', topic: 'Lite', queueId: 0, queueOffset: 0, maxMsgNums: 1, sysFlag: 0x14, commitOffset: 0, suspendTimeoutMillis: 0, subscription: '*', subVersion: 0 };
    expect((await test.call(Commands.litePullMessage, header)).code).toBe(0);
    await test.call(Commands.updateBrokerConfig, {}, 'litePullMessageEnable=false');
    expect((await test.call(Commands.litePullMessage, header)).code).toBe(ResponseCode.noPermission);
    await test.call(Commands.updateBrokerConfig, {}, 'litePullMessageEnable=true');
  });

  it('stops at the number of messages that it asks for, and at the broker’s limits', async () => {
    await fill('Many', ...Array.from({ length: 40 }, (_, i): [string] => [String(i)]));
    expect((await test.pull('Many', 0, 0, { maxMsgNums: 5 })).messages).toHaveLength(5);
    expect((await test.pull('Many', 0, 0, { maxMsgNums: 1_000 })).messages).toHaveLength(32);
    await fill('Heavy', ['x'.repeat(200_000)], ['y'.repeat(200_000)]);
    expect((await test.pull('Heavy', 0, 0)).messages).toHaveLength(1);
  });

  it('gives at least one message, whatever its size', async () => {
    await fill('Huge', ['x'.repeat(1_000_000)]);
    expect((await test.pull('Huge', 0, 0)).messages).toHaveLength(1);
  });

  it('filters by tag and goes on behind what was looked at', async () => {
    await fill('Tags', ['1', 'a'], ['2', 'b'], ['3', 'a'], ['4']);
    expect(bodies(await test.pull('Tags', 0, 0, { subscription: 'a' }))).toEqual(['1', '3']);
    expect(bodies(await test.pull('Tags', 0, 0, { subscription: 'a || b' }))).toEqual(['1', '2', '3']);
    const none = await test.pull('Tags', 0, 0, { subscription: 'c' });
    expect(none.code).toBe(ResponseCode.pullRetryImmediately);
    expect(none.remark).toBe('NO_MATCHED_MESSAGE');
    expect(none.reply.header().nextBeginOffset).toBe(4);
  });

  it('filters by SQL92 when that is allowed', async () => {
    await test.send('Sql', 'cheap', { props: { price: '5' } });
    await test.send('Sql', 'dear', { props: { price: '50' } });
    const sql = { subscription: 'price > 10', expressionType: 'SQL92' };
    const refused = await test.pull('Sql', 0, 0, sql);
    expect(refused.code).toBe(ResponseCode.systemError);
    expect(refused.remark).toBe('The broker does not support consumer to filter message by SQL92');
    await test.call(Commands.updateBrokerConfig, {}, 'enablePropertyFilter=true');
    expect(bodies(await test.pull('Sql', 0, 0, sql))).toEqual(['dear']);
    expect((await test.pull('Sql', 0, 0, { ...sql, subscription: 'price >' })).code).toBe(ResponseCode.subscriptionParseFailed);
  });

  it('commits the offset that it brings along', async () => {
    await fill('Commit', ['a'], ['b']);
    await test.pull('Commit', 0, 1, { sysFlag: 5, commitOffset: 1, consumerGroup: 'CommitG' });
    expect((await test.call(Commands.queryConsumerOffset, { consumerGroup: 'CommitG', topic: 'Commit', queueId: 0 })).header().offset).toBe(1);
  });
});

// Spec §3.2, row by row; without the bit to wait.
describe('where the wanted offset lies decides the answer', () => {
  beforeAll(async () => {
    await test.createTopic('Outcome', 2);
    await fill('Outcome', ['a'], ['b']);
  });

  it.each([
    ['a queue never written, offset 0', 1, 0, ResponseCode.pullNotFound, 0, ['NO_MATCHED_LOGIC_QUEUE', 'NO_MESSAGE_IN_QUEUE']],
    ['a queue never written, another offset', 1, 7, ResponseCode.pullOffsetMoved, 0, ['NO_MATCHED_LOGIC_QUEUE', 'NO_MESSAGE_IN_QUEUE']],
    ['the end', 0, 2, ResponseCode.pullNotFound, 2, ['OFFSET_OVERFLOW_ONE']],
    ['beyond the end', 0, 5, ResponseCode.pullOffsetMoved, 2, ['OFFSET_OVERFLOW_BADLY']],
    ['before the start', 0, -1, ResponseCode.pullOffsetMoved, 0, ['OFFSET_TOO_SMALL']],
  ])('%s', async (_name, queueId, offset, code, next, remarks) => {
    const answer = await test.pull('Outcome', queueId, offset);
    expect(answer.code).toBe(code);
    expect(remarks).toContain(answer.remark);
    expect(answer.reply.header().nextBeginOffset).toBe(next);
  });
});

describe('a pull is refused', () => {
  it('for an unknown topic, which it never makes', async () => {
    expect((await test.pull('Unknown', 0, 0)).code).toBe(ResponseCode.topicNotExist);
    expect((await test.call(Commands.getTopicConfig, { topic: 'Unknown' })).code).toBe(ResponseCode.topicNotExist);
  });

  it('for a queue that the topic does not have', async () => {
    await test.createTopic('One', 1);
    expect((await test.pull('One', 1, 0)).code).toBe(ResponseCode.invalidParameter);
    expect((await test.pull('One', -1, 0)).code).toBe(ResponseCode.invalidParameter);
  });

  it('for a topic that may not be read', async () => {
    await test.createTopic('WriteOnly', 1, { perm: 2 });
    const answer = await test.pull('WriteOnly', 0, 0);
    expect(answer.code).toBe(ResponseCode.noPermission);
    expect(answer.reply.frame.ext.get('forbiddenType')).toBe('3');
  });

  it('for a group that may not consume, or must not be made', async () => {
    const { SubscriptionGroupConfig } = await import('@kitemq/protocol');
    await test.createTopic('Guarded', 1);
    await test.call(Commands.updateAndCreateSubscriptionGroup, {}, SubscriptionGroupConfig.create({ groupName: 'Off', consumeEnable: false }));
    const off = await test.pull('Guarded', 0, 0, { consumerGroup: 'Off' });
    expect([off.code, off.reply.frame.ext.get('forbiddenType')]).toEqual([ResponseCode.noPermission, '2']);
    expect((await test.pull('Guarded', 0, 0, { consumerGroup: 'not valid' })).code).toBe(ResponseCode.subscriptionGroupNotExist);
  });

  it('by a broker without read permission', async () => {
    await test.call(Commands.updateBrokerConfig, {}, 'brokerPermission=2');
    const answer = await test.pull('Read', 0, 0);
    expect([answer.code, answer.reply.frame.ext.get('forbiddenType')]).toEqual([ResponseCode.noPermission, '1']);
    await test.call(Commands.updateBrokerConfig, {}, 'brokerPermission=6');
  });

  it('for an expression that does not parse', async () => {
    expect((await test.pull('Read', 0, 0, { subscription: '||' })).code).toBe(ResponseCode.subscriptionParseFailed);
  });
});

describe('a pull without expression uses what the group said in its heartbeat', () => {
  const pull = (group: string, overrides = {}): ReturnType<TestBroker['pull']> => test.pull('Sub', 0, 0, { consumerGroup: group, sysFlag: 0, subscription: undefined, ...overrides });
  beforeAll(() => fill('Sub', ['1', 'a'], ['2', 'b']));

  it('and filters by it', async () => {
    await test.subscribe('SubG', 'Sub', 'b');
    expect(bodies(await pull('SubG'))).toEqual(['2']);
  });

  it('and is refused while there is none, or an older one', async () => {
    const unknown = await pull('NeverSeen');
    expect([unknown.code, unknown.remark]).toEqual([ResponseCode.subscriptionNotExist, "the consumer's group info not exist"]);
    await test.subscribe('OtherG', 'Tags');
    expect((await pull('OtherG')).code).toBe(ResponseCode.subscriptionNotExist);
    await test.subscribe('OldG', 'Sub');
    expect((await pull('OldG', { subVersion: 2 })).code).toBe(ResponseCode.subscriptionNotLatest);
  });

  it('and is refused where the group is forbidden the topic', async () => {
    await test.subscribe('ForbG', 'Sub');
    const told = await test.call(Commands.updateAndGetGroupForbidden, { group: 'ForbG', topic: 'Sub', readable: false });
    expect(told.body().readable).toBe(false);
    const refused = await pull('ForbG');
    expect([refused.code, refused.reply.frame.ext.get('forbiddenType')]).toEqual([ResponseCode.noPermission, '5']);
    await test.call(Commands.updateAndGetGroupForbidden, { group: 'ForbG', topic: 'Sub', readable: true });
    expect((await pull('ForbG')).code).toBe(0);
  });
});
