import { Commands } from '@kitemq/protocol';
import { describe, expect, it } from 'vitest';
import { TestBroker, eventually } from '../support/test-broker.ts';
import { levelsOf } from '../../src/schedule/delay-levels.ts';

const settings = { messageDelayLevel: '1s 2s' };

function arrived(test: TestBroker, topic: string, count: number): Promise<string[]> {
  return eventually(async () => {
    const { messages } = await test.pull(topic, 0, 0);
    return messages.length >= count ? messages.map((message) => Buffer.from(message.body).toString()) : undefined;
  });
}

describe('delay levels', () => {
  it('are read from the setting', () => {
    expect(levelsOf('1s 5m 2h 1d')).toEqual([1_000, 300_000, 7_200_000, 86_400_000]);
    expect(() => levelsOf('1x')).toThrow(expect.objectContaining({ code: 'KITE_CONFIG_INVALID' }));
  });

  it('deliver to the real topic and queue, not before their time, with the message as it was sent', async () => {
    await using test = await TestBroker.start({ settings });
    await test.createTopic('Later', 2);
    const reply = await test.send('Later', 'wait for it', { queueId: 1, flag: 3, props: { DELAY: '1', TAGS: 'a', TIMER_DELAY_MS: '5' } });
    expect(reply.header()).toMatchObject({ queueId: 1, queueOffset: 0 });
    expect((await test.pull('Later', 1, 0)).messages).toHaveLength(0);
    const scheduled = (await test.pull('SCHEDULE_TOPIC_XXXX', 0, 0)).messages[0]!;
    const [message] = await eventually(async () => {
      const answer = await test.pull('Later', 1, 0, { subscription: 'a' });
      return answer.code === 0 ? answer.messages : undefined;
    });
    expect(message).toMatchObject({ topic: 'Later', queueId: 1, flag: 3 });
    expect(message!.storeTimestamp - scheduled.storeTimestamp).toBeGreaterThanOrEqual(1_000);
    expect(message!.properties['DELAY']).toBeUndefined();
    expect(message!.properties['TIMER_DELAY_MS']).toBeUndefined();
    expect(message!.properties['REAL_TOPIC']).toBe('Later');
  });

  it('above the highest are the highest; the progress can be asked for', async () => {
    await using test = await TestBroker.start({ settings });
    await test.send('High', 'x', { props: { DELAY: '99' } });
    expect((await test.pull('SCHEDULE_TOPIC_XXXX', 1, 0)).messages).toHaveLength(1);
    const offsets = (await test.call(Commands.getAllDelayOffset, {})).body().offsetTable;
    expect([...offsets]).toEqual([[1, 0], [2, 0]]);
    expect(await arrived(test, 'High', 1)).toEqual(['x']);
  });

  it('go on where they were after a restart: nothing is lost, and nothing comes twice after a shutdown', async () => {
    await using test = await TestBroker.start({ settings });
    await test.send('Over', 'first', { props: { DELAY: '1' } });
    await arrived(test, 'Over', 1);
    await test.send('Over', 'second', { props: { DELAY: '1' } });
    await test.restart();
    expect(await arrived(test, 'Over', 2)).toEqual(['first', 'second']);
    await test.restart();
    await test.send('Over', 'third', { props: { DELAY: '1' } });
    expect(await arrived(test, 'Over', 3)).toEqual(['first', 'second', 'third']);
  });
});
