import { Commands, encodeBatch, encodeProperties, ResponseCode } from '@kitemq/protocol';
import { describe, expect, it, onTestFinished } from 'vitest';
import { eventually, sendHeader, TestBroker } from '../support/test-broker.ts';

async function compactingBroker(): Promise<TestBroker> {
  const test = await TestBroker.start({ settings: { compactionScheduleInternal: 20 } });
  onTestFinished(() => test[Symbol.asyncDispose]());
  await test.createTopic('Prices', 1, { attributes: '+cleanup.policy=COMPACTION' });
  return test;
}

const put = (test: TestBroker, key: string, value: string) => test.send('Prices', value, { props: { KEYS: key } });

/** Pulls as a consumer does, following nextBeginOffset. */
async function consume(test: TestBroker, from = 0): Promise<string[]> {
  const found: string[] = [];
  for (let offset = from; ; ) {
    const answer = await test.pull('Prices', 0, offset);
    if (answer.code === ResponseCode.pullNotFound) return found;
    for (const message of answer.messages) found.push(`${message.queueOffset} ${message.properties['KEYS']}=${Buffer.from(message.body).toString()}`);
    offset = answer.reply.header().nextBeginOffset;
  }
}

describe('a topic with cleanup.policy=COMPACTION', () => {
  it('keeps the latest message of each key, with its offset; also after a restart', async () => {
    const test = await compactingBroker();
    for (const [key, value] of [['a', '1'], ['b', '1'], ['a', '2']] as const) await put(test, key, value);
    await eventually(async () => (await consume(test)).length === 2);
    expect(await consume(test)).toEqual(['1 b=1', '2 a=2']);
    expect((await test.call(Commands.getMinOffset, { topic: 'Prices', queueId: 0 })).header().offset).toBe(1);
    expect((await test.call(Commands.getMaxOffset, { topic: 'Prices', queueId: 0 })).header().offset).toBe(3);
    await test.restart();
    expect(await consume(test)).toEqual(['1 b=1', '2 a=2']);
    await put(test, 'a', '');
    await eventually(async () => (await consume(test)).length === 2);
    expect(await consume(test)).toEqual(['1 b=1', '3 a=']);
  });

  it('takes only messages with a key', async () => {
    const test = await compactingBroker();
    for (const props of [{}, { KEYS: '  ' }] as Record<string, string>[]) {
      const reply = await test.send('Prices', 'x', { props });
      expect([reply.code, reply.remark]).toEqual([ResponseCode.messageIllegal, 'Required message key is missing']);
    }
    const batch = (...keys: (string | undefined)[]) =>
      encodeBatch(keys.map((key) => ({ flag: 0, body: Buffer.from('x'), properties: Buffer.from(encodeProperties(key === undefined ? {} : { KEYS: key })) })));
    const send = (body: Uint8Array) => test.call(Commands.sendMessageV2, { ...sendHeader('Prices'), batch: true }, body);
    expect((await send(batch('a', undefined))).code).toBe(ResponseCode.messageIllegal);
    expect((await send(batch('a', 'b'))).code).toBe(0);
  });

  it('takes no message that expires: who missed it would take an older one of its key for the latest', async () => {
    const test = await compactingBroker();
    const props = { KEYS: 'a', MSG_TTL_MS: '60000' };
    const batch = encodeBatch([{ flag: 0, body: Buffer.from('x'), properties: Buffer.from(encodeProperties(props)) }]);
    for (const reply of [await test.send('Prices', 'x', { props }), await test.send('Prices', 'x', { props: { ...props, DELAY: '1' } }), await test.call(Commands.sendMessageV2, { ...sendHeader('Prices'), batch: true }, batch)]) {
      expect([reply.code, reply.remark]).toEqual([ResponseCode.messageIllegal, expect.stringContaining('MSG_TTL_MS')]);
    }
  });

  it('has that policy for ever', async () => {
    const test = await compactingBroker();
    expect((await test.createTopic('Prices', 1, { attributes: '+cleanup.policy=DELETE' })).remark).toContain('unchangeable');
    await test.createTopic('Plain', 1);
    expect((await test.createTopic('Plain', 1, { attributes: '+cleanup.policy=COMPACTION' })).remark).toContain('unchangeable');
  });
});
