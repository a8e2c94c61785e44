import { Commands, ResponseCode } from '@kitemq/protocol';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestBroker, eventually } from '../support/test-broker.ts';

let test: TestBroker;
beforeAll(async () => {
  test = await TestBroker.start();
});
afterAll(() => test[Symbol.asyncDispose]());

/** Bits: 4 expression in the request, 2 wait. */
const wait = { sysFlag: 6 };

describe('a pull that finds nothing and may wait', () => {
  it('is answered when a message arrives', async () => {
    await test.createTopic('Wake', 2);
    const waiting = test.pull('Wake', 1, 0, wait);
    await test.send('Wake', 'other queue', { queueId: 0 });
    await test.send('Wake', 'now', { queueId: 1 });
    const answer = await waiting;
    expect(answer.messages.map((message) => Buffer.from(message.body).toString())).toEqual(['now']);
  });

  it('waits for a tag that it takes', async () => {
    await test.createTopic('WakeTag', 1);
    const waiting = test.pull('WakeTag', 0, 0, { ...wait, subscription: 'b' });
    await test.send('WakeTag', 'not this', { props: { TAGS: 'a' } });
    // The scan offers what is there whatever its tag; that answer is "nothing matched", and the client asks again.
    await test.send('WakeTag', 'this', { props: { TAGS: 'b' } });
    const answer = await waiting;
    const found = answer.code === 0 ? answer : await test.pull('WakeTag', 0, answer.reply.header().nextBeginOffset, { subscription: 'b' });
    expect(found.messages.map((message) => Buffer.from(message.body).toString())).toEqual(['this']);
  });

  it('is told that there is nothing when its time is over', async () => {
    await test.createTopic('Timeout', 1);
    await test.send('Timeout', 'x');
    const started = process.hrtime.bigint();
    const answer = await test.pull('Timeout', 0, 1, { ...wait, suspendTimeoutMillis: 300 });
    expect([answer.code, answer.remark]).toEqual([ResponseCode.pullNotFound, 'OFFSET_OVERFLOW_ONE']);
    expect(Number(process.hrtime.bigint() - started) / 1e6).toBeGreaterThanOrEqual(295);
  });

  it('does not wait when it did not ask to', async () => {
    await test.createTopic('NoWait', 1);
    expect((await test.pull('NoWait', 0, 0)).code).toBe(ResponseCode.pullNotFound);
  });

  it('waits shortPollingTimeMills with longPollingEnable=false', async () => {
    await test.createTopic('Short', 1);
    await test.call(Commands.updateBrokerConfig, {}, 'longPollingEnable=false\nshortPollingTimeMills=50');
    // Apache's client would wait 15 s; the client of this test gives up after 20.
    expect((await test.pull('Short', 0, 0, { ...wait, suspendTimeoutMillis: 600_000 })).code).toBe(ResponseCode.pullNotFound);
    await test.call(Commands.updateBrokerConfig, {}, 'longPollingEnable=true');
  });

  it('wakes all who wait for the same queue, each group for itself', async () => {
    await test.createTopic('Crowd', 1);
    const waiting = Array.from({ length: 50 }, (_, i) => test.pull('Crowd', 0, 0, { ...wait, consumerGroup: `Crowd${i}` }));
    await test.send('Crowd', 'all');
    for (const answer of await Promise.all(waiting)) expect(answer.messages).toHaveLength(1);
  });

  it('does not commit again when it is woken', async () => {
    await test.createTopic('CommitOnce', 1);
    const waiting = test.pull('CommitOnce', 0, 0, { sysFlag: 7, commitOffset: 0, consumerGroup: 'OnceG' });
    const offset = async (): Promise<number> => (await test.call(Commands.queryConsumerOffset, { consumerGroup: 'OnceG', topic: 'CommitOnce', queueId: 0 })).header().offset;
    await test.call(Commands.updateConsumerOffset, { consumerGroup: 'OnceG', topic: 'CommitOnce', queueId: 0, commitOffset: 1 });
    await test.send('CommitOnce', 'x');
    await waiting;
    expect(await offset()).toBe(1);
  });

  it('is forgotten with its connection', async () => {
    await test.createTopic('Gone', 1);
    const other = test.newClient();
    const waiting = test.pull('Gone', 0, 0, wait, other).catch((error: unknown) => error);
    await eventually(() => other.isConnected(test.broker.address));
    await other.shutdown();
    await waiting;
    // A message for somebody who is gone disturbs nobody.
    await test.send('Gone', 'x');
    expect((await test.pull('Gone', 0, 0)).messages).toHaveLength(1);
  });

  it('is answered when the broker stops', async () => {
    await using stopping = await TestBroker.start();
    await stopping.createTopic('Stop', 1);
    const waiting = stopping.pull('Stop', 0, 0, wait);
    // One request behind it on the same connection has been answered: the pull is held.
    await stopping.pull('Stop', 0, 0);
    await stopping.broker.shutdown();
    expect((await waiting).code).toBe(ResponseCode.pullNotFound);
  });
});
