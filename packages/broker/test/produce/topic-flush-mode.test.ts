import { Commands, ResponseCode } from '@kitemq/protocol';
import { nodeRuntime } from '@kitemq/runtime';
import { RecordingLogger } from '@kitemq/runtime/testing';
import { describe, expect, it, onTestFinished } from 'vitest';
import { SlowDisk } from '../support/slow-disk.ts';
import { eventually, TestBroker } from '../support/test-broker.ts';

async function brokerOn(disk: SlowDisk, settings: Parameters<typeof TestBroker.start>[0] = {}): Promise<TestBroker> {
  const runtime = { ...nodeRuntime({ logger: new RecordingLogger() }), disk };
  const test = await TestBroker.start({ runtime, ...settings });
  onTestFinished(async () => {
    disk.release();
    await test[Symbol.asyncDispose]();
  });
  return test;
}

describe('flush.mode=SYNC on a broker with ASYNC_FLUSH', () => {
  it('a send to the topic is answered when the disk has it; others are not held up; WAIT=false does not wait', async () => {
    const disk = new SlowDisk();
    const test = await brokerOn(disk, { settings: { flushDiskType: 'ASYNC_FLUSH' } });
    await test.createTopic('Safe', 1, { attributes: '+flush.mode=SYNC' });
    await test.send('Fast', 'warm-up');
    disk.holds = true;
    let answered = 0;
    const safe = test.send('Safe', 'a').then((reply) => {
      answered++;
      return reply;
    });
    await eventually(() => disk.heldSyncs === 1);
    expect((await test.send('Fast', 'b')).code).toBe(0);
    expect((await test.send('Safe', 'c', { props: { WAIT: 'false' } })).code).toBe(0);
    expect((await test.pull('Safe', 0, 0)).messages).toHaveLength(2);
    expect(answered).toBe(0);
    disk.release();
    expect((await safe).code).toBe(0);
    expect((await safe).header().queueOffset).toBe(0);
  });

  it('a disk that is not in time is answered FLUSH_DISK_TIMEOUT with the place of the message, which is stored', async () => {
    const disk = new SlowDisk();
    const test = await brokerOn(disk, { settings: { flushDiskType: 'ASYNC_FLUSH', syncFlushTimeout: 30 } });
    await test.createTopic('Safe', 1, { attributes: '+flush.mode=SYNC' });
    disk.holds = true;
    const reply = await test.send('Safe', 'a');
    expect(reply.code).toBe(ResponseCode.flushDiskTimeout);
    expect(reply.header()).toMatchObject({ queueOffset: 0 });
    expect(reply.header().msgId).toMatch(/^[0-9A-F]{32}$/);
    expect((await test.pull('Safe', 0, 0)).messages).toHaveLength(1);
  });

  it('batches too, and a change of the attribute holds for the next send', async () => {
    const disk = new SlowDisk();
    const test = await brokerOn(disk, { settings: { flushDiskType: 'ASYNC_FLUSH', syncFlushTimeout: 30 } });
    await test.createTopic('Safe', 1, { attributes: '+flush.mode=SYNC' });
    disk.holds = true;
    expect((await test.send('Safe', 'a')).code).toBe(ResponseCode.flushDiskTimeout);
    disk.release();
    await test.createTopic('Safe', 1, { attributes: '-flush.mode' });
    disk.holds = true;
    expect((await test.send('Safe', 'a')).code).toBe(0);
  });
});

describe('flush.mode on a broker with SYNC_FLUSH', () => {
  it('cannot be weaker than the broker', async () => {
    await using test = await TestBroker.start();
    const refused = await test.createTopic('Weak', 1, { attributes: '+flush.mode=ASYNC' });
    expect(refused.code).toBe(ResponseCode.invalidParameter);
    expect(refused.remark).toContain('weaker than this broker');
    expect((await test.call(Commands.getTopicConfig, { topic: 'Weak' })).code).toBe(ResponseCode.topicNotExist);
    expect((await test.createTopic('Same', 1, { attributes: '+flush.mode=SYNC' })).code).toBe(0);
  });

  it('a weaker one that was set before means nothing, and is in nobody’s way', async () => {
    const disk = new SlowDisk();
    const test = await brokerOn(disk, { settings: { flushDiskType: 'ASYNC_FLUSH', syncFlushTimeout: 30 } });
    expect((await test.createTopic('Old', 1, { attributes: '+flush.mode=ASYNC' })).code).toBe(0);
    await test.restart({ flushDiskType: 'SYNC_FLUSH' });
    expect((await test.createTopic('Old', 2)).code).toBe(0);
    disk.holds = true;
    expect((await test.send('Old', 'a')).code).toBe(ResponseCode.flushDiskTimeout);
  });
});
