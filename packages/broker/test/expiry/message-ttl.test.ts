import { Commands, decodeOffsetMessageId, encodeBatch, encodeProperties, ResponseCode } from '@kitemq/protocol';
import { nodeRuntime } from '@kitemq/runtime';
import { RecordingLogger } from '@kitemq/runtime/testing';
import { describe, expect, it, onTestFinished } from 'vitest';
import { eventually, sendHeader, TestBroker, type PullAnswer } from '../support/test-broker.ts';

/** A broker whose wall clock can be moved. */
async function timedBroker(settings: Record<string, string> = {}): Promise<{ test: TestBroker; pass: (ms: number) => void }> {
  const node = nodeRuntime({ logger: new RecordingLogger() });
  let passed = 0;
  const clock = { now: () => node.clock.now() + passed, monotonic: () => node.clock.monotonic() };
  const test = await TestBroker.start({ runtime: { ...node, clock }, settings });
  onTestFinished(() => test[Symbol.asyncDispose]());
  return { test, pass: (ms) => (passed += ms) };
}

const bodies = (answer: PullAnswer): string[] => answer.messages.map((message) => Buffer.from(message.body).toString());
const minute = 60_000;

describe('a message with MSG_TTL_MS', () => {
  it('is delivered within its time and not after it; what is behind it is', async () => {
    const { test, pass } = await timedBroker();
    await test.send('Ttl', 'short', { props: { MSG_TTL_MS: String(minute) } });
    await test.send('Ttl', 'for ever');
    await test.send('Ttl', 'long', { props: { MSG_TTL_MS: String(3 * minute) } });
    expect(bodies(await test.pull('Ttl', 0, 0))).toEqual(['short', 'for ever', 'long']);
    pass(2 * minute);
    expect(bodies(await test.pull('Ttl', 0, 0))).toEqual(['for ever', 'long']);
    pass(2 * minute);
    const last = await test.pull('Ttl', 0, 2);
    expect([last.code, last.remark, last.reply.header().nextBeginOffset]).toEqual([ResponseCode.pullRetryImmediately, 'NO_MATCHED_MESSAGE', 3]);
    const info = (await test.call(Commands.getBrokerRuntimeInfo, {})).body().table;
    expect(info.get('msgExpiredPassedOverTotal')).toBe('2');
  });

  it('is looked at after a restart as well, and after its topic was changed', async () => {
    const { test, pass } = await timedBroker();
    await test.send('Ttl', 'short', { props: { MSG_TTL_MS: String(minute) } });
    await test.createTopic('Ttl', 4);
    await test.restart();
    pass(2 * minute);
    expect((await test.pull('Ttl', 0, 0)).code).toBe(ResponseCode.pullRetryImmediately);
  });

  it('in a batch counts for its element', async () => {
    const { test, pass } = await timedBroker();
    const element = (body: string, properties: Record<string, string>) => ({ flag: 0, body: Buffer.from(body), properties: Buffer.from(encodeProperties(properties)) });
    const batch = encodeBatch([element('short', { MSG_TTL_MS: String(minute) }), element('for ever', {})]);
    expect((await test.call(Commands.sendMessageV2, { ...sendHeader('Ttl'), batch: true }, batch)).code).toBe(0);
    pass(2 * minute);
    expect(bodies(await test.pull('Ttl', 0, 0))).toEqual(['for ever']);
    const bad = encodeBatch([element('x', { MSG_TTL_MS: 'soon' })]);
    expect((await test.call(Commands.sendMessageV2, { ...sendHeader('Ttl'), batch: true }, bad)).code).toBe(ResponseCode.messageIllegal);
  });

  it('in a batch that is one record lets all of it live as long as its message that lives longest', async () => {
    const { test, pass } = await timedBroker();
    await test.createTopic('Whole', 1, { attributes: '+queue.type=BatchCQ' });
    const element = (body: string, ttlMs?: number) => ({ flag: 0, body: Buffer.from(body), properties: Buffer.from(encodeProperties(ttlMs === undefined ? {} : { MSG_TTL_MS: String(ttlMs) })) });
    const send = async (uniqueKey: string, batch: Uint8Array, props: Record<string, string> = {}) =>
      (await test.call(Commands.sendMessageV2, { ...sendHeader('Whole'), batch: true, properties: encodeProperties({ UNIQ_KEY: uniqueKey, ...props }) }, batch)).code;
    const batches = [[element('a1', minute), element('a2', minute)], [element('b1', 3 * minute), element('b2', minute)], [element('c1', minute), element('c2')]];
    for (const [index, batch] of batches.entries()) expect(await send(`U${index}`, encodeBatch(batch))).toBe(0);
    expect(bodies(await test.pull('Whole', 0, 0))).toEqual(['a1', 'a2', 'b1', 'b2', 'c1', 'c2']);
    pass(2 * minute);
    expect(bodies(await test.pull('Whole', 0, 0))).toEqual(['b1', 'b2', 'c1', 'c2']);
    await test.restart();
    pass(2 * minute);
    expect(bodies(await test.pull('Whole', 0, 0))).toEqual(['c1', 'c2']);
    expect(await send('U9', encodeBatch([element('x')]), { MSG_TTL_MS: '5' })).toBe(ResponseCode.messageIllegal);
  });

  it('lives so long from its delivery when it was delayed', async () => {
    const { test, pass } = await timedBroker({ messageDelayLevel: '1s 2m' });
    await test.send('Ttl', 'later', { props: { DELAY: '2', MSG_TTL_MS: String(minute) } });
    pass(2 * minute);
    await eventually(async () => bodies(await test.pull('Ttl', 0, 0)).length === 1);
    pass(minute);
    expect((await test.pull('Ttl', 0, 0)).code).toBe(ResponseCode.pullRetryImmediately);
  });

  it.each(['0', '-5', 'soon', '1.5'])('that says %s is refused', async (value) => {
    const { test } = await timedBroker();
    const reply = await test.send('Ttl', 'x', { props: { MSG_TTL_MS: value } });
    expect([reply.code, reply.remark]).toEqual([ResponseCode.messageIllegal, expect.stringContaining('MSG_TTL_MS')]);
  });

  it('passes the filter of the pull first', async () => {
    const { test, pass } = await timedBroker();
    await test.send('Ttl', 'a', { props: { TAGS: 'a', MSG_TTL_MS: String(minute) } });
    await test.send('Ttl', 'b', { props: { TAGS: 'b' } });
    pass(2 * minute);
    expect(bodies(await test.pull('Ttl', 0, 0, { subscription: 'b' }))).toEqual(['b']);
    expect((await test.call(Commands.getBrokerRuntimeInfo, {})).body().table.get('msgExpiredPassedOverTotal')).toBe('0');
  });

  it('does not expire while it is tried again, nor as a dead letter', async () => {
    const { test, pass } = await timedBroker();
    await test.send('%RETRY%CG', 'again', { reconsumeTimes: 1, props: { MSG_TTL_MS: String(minute) } });
    pass(2 * minute);
    expect(bodies(await test.pull('%RETRY%CG', 0, 0))).toEqual(['again']);
  });

  it('is tried again, or becomes a dead letter, also when its time was over before, and whatever it says', async () => {
    const { test, pass } = await timedBroker({ messageDelayLevel: '1s' });
    const sent = (await test.send('Ttl', 'short', { props: { MSG_TTL_MS: String(minute) } })).header();
    const offset = decodeOffsetMessageId(sent.msgId).physicalOffset;
    pass(2 * minute);
    for (const delayLevel of [1, -1]) expect((await test.call(Commands.consumerSendMsgBack, { group: 'CG', offset, delayLevel, originTopic: 'Ttl' })).code).toBe(0);
    pass(2 * minute);
    await eventually(async () => bodies(await test.pull('%RETRY%CG', 0, 0)).length === 1);
    expect(bodies(await test.pull('%DLQ%CG', 0, 0))).toEqual(['short']);
    // As clients do when the broker cannot take it back; an imported log may have any value.
    expect((await test.send('%RETRY%CG', 'imported', { reconsumeTimes: 1, props: { MSG_TTL_MS: 'soon' } })).code).toBe(0);
    expect((await test.send('%RETRY%CG', 'given up', { reconsumeTimes: 17, props: { MSG_TTL_MS: '1' } })).code).toBe(0);
    pass(2 * minute);
    expect(bodies(await test.pull('%DLQ%CG', 0, 0))).toEqual(['short', 'given up']);
  });
});

describe('a topic with message.ttl', () => {
  it('delivers nothing older; a message may live shorter, not longer', async () => {
    const { test, pass } = await timedBroker();
    await test.createTopic('Old', 1, { attributes: `+message.ttl=${2 * minute}` });
    await test.send('Old', 'plain');
    await test.send('Old', 'shorter', { props: { MSG_TTL_MS: String(minute) } });
    await test.send('Old', 'longer', { props: { MSG_TTL_MS: String(9 * minute) } });
    pass(minute + 1000);
    expect(bodies(await test.pull('Old', 0, 0))).toEqual(['plain', 'longer']);
    pass(minute);
    expect((await test.pull('Old', 0, 0)).code).toBe(ResponseCode.pullRetryImmediately);
  });

  it('-1 lets nothing expire; a change holds at once', async () => {
    const { test, pass } = await timedBroker();
    await test.createTopic('Kept', 1, { attributes: '+message.ttl=-1' });
    await test.send('Kept', 'a', { props: { MSG_TTL_MS: '1' } });
    pass(minute);
    expect(bodies(await test.pull('Kept', 0, 0))).toEqual(['a']);
    await test.createTopic('Kept', 1, { attributes: '+message.ttl=1000' });
    expect((await test.pull('Kept', 0, 0)).code).toBe(ResponseCode.pullRetryImmediately);
    await test.createTopic('Kept', 1, { attributes: '-message.ttl' });
    expect((await test.pull('Kept', 0, 0)).code).toBe(ResponseCode.pullRetryImmediately);
  });

  it('passes over a long backlog of expired messages with one answer', async () => {
    const { test, pass } = await timedBroker();
    await test.createTopic('Long', 1, { attributes: `+message.ttl=${minute}` });
    await Promise.all(Array.from({ length: 2_000 }, (_, index) => test.send('Long', String(index))));
    pass(2 * minute);
    await test.send('Long', 'fresh');
    const skipped = await test.pull('Long', 0, 0, { maxMsgNums: 8 });
    expect([skipped.code, skipped.reply.header().nextBeginOffset]).toEqual([ResponseCode.pullRetryImmediately, 2_000]);
    expect(bodies(await test.pull('Long', 0, 2_000))).toEqual(['fresh']);
  });

  it('a held pull is answered when something fresh arrives', async () => {
    const { test, pass } = await timedBroker();
    await test.createTopic('Held', 1, { attributes: `+message.ttl=${minute}` });
    await test.send('Held', 'old');
    pass(2 * minute);
    expect((await test.pull('Held', 0, 0)).reply.header().nextBeginOffset).toBe(1);
    const held = test.pull('Held', 0, 1, { sysFlag: 6 });
    await test.send('Held', 'fresh');
    expect(bodies(await held)).toEqual(['fresh']);
  });

  it('refuses a value that is none', async () => {
    const { test } = await timedBroker();
    for (const value of ['x', '-2', '1.5']) expect((await test.createTopic('Bad', 1, { attributes: `+message.ttl=${value}` })).code).toBe(ResponseCode.systemError);
  });
});
