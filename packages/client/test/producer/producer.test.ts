import { Commands, decodeProperties, MessageSysFlag, ResponseCode } from '@kitemq/protocol';
import { inflateSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import type { MessageQueue } from '../../src/index.ts';
import { BrokerError } from '../../src/index.ts';
import { FakeCluster } from '../fake/fake-cluster.ts';

describe('a producer', () => {
  it('spreads messages over all queues in turn', () =>
    new FakeCluster({ brokers: 2 }).run(async (cluster) => {
      for (const broker of cluster.brokers) broker.createTopic('T', 4);
      const producer = await cluster.client().producer();
      const results = [];
      for (let index = 0; index < 32; index++) results.push(await producer.send({ topic: 'T', body: 'x' }));
      const counts = new Map<string, number>();
      for (const { queue } of results) counts.set(`${queue.brokerName}:${queue.queueId}`, (counts.get(`${queue.brokerName}:${queue.queueId}`) ?? 0) + 1);
      expect([...counts.values()]).toEqual([4, 4, 4, 4, 4, 4, 4, 4]);
    }));

  it('takes few queues per broker of the template topic for a topic that does not exist', () =>
    new FakeCluster({ brokers: 2 }).run(async (cluster) => {
      const producer = await cluster.client().producer();
      const queues = await producer.queues('new');
      expect(queues).toHaveLength(8);
      await producer.send({ topic: 'new', body: 'x' }, { queue: queues[0] as MessageQueue });
      expect(cluster.broker.bodies('new')).toEqual(['x']);
    }));

  it.each([1, 2, 14, 16, 17, 204, 205, 1500])('turns to the other broker when one answers %i', (code) =>
    new FakeCluster({ brokers: 2 }).run(async (cluster) => {
      for (const broker of cluster.brokers) broker.createTopic('T', 2);
      cluster.broker.script = (request) => {
        if (request.code !== Commands.sendMessageV2.code) return false;
        request.fail(code, 'go elsewhere');
        return true;
      };
      const producer = await cluster.client().producer();
      for (let index = 0; index < 6; index++) expect((await producer.send({ topic: 'T', body: 'x' })).queue.brokerName).toBe('broker-b');
      const asked = cluster.broker.seen.filter((each) => each === Commands.sendMessageV2.code).length;
      // After the first refusal it is left alone for a while.
      expect(asked).toBeLessThanOrEqual(2);
    }),
  );

  it.each([13, 29, 3])('does not try again after %i', (code) =>
    new FakeCluster({ brokers: 2 }).run(async (cluster) => {
      for (const broker of cluster.brokers) {
        broker.createTopic('T', 2);
        broker.script = (request) => {
          if (request.code !== Commands.sendMessageV2.code) return false;
          request.fail(code, 'never');
          return true;
        };
      }
      const producer = await cluster.client().producer();
      const error: unknown = await producer.send({ topic: 'T', body: 'x' }).catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(BrokerError);
      expect(error).toMatchObject({ responseCode: code, remark: 'never', retryable: false });
      expect(cluster.brokers.flatMap((broker) => broker.seen.filter((each) => each === Commands.sendMessageV2.code))).toHaveLength(1);
    }),
  );

  it('turns to the other broker in time when one does not answer, and stays within its timeout when none does', () =>
    new FakeCluster({ brokers: 2 }).run(async (cluster) => {
      for (const broker of cluster.brokers) broker.createTopic('T', 2);
      cluster.broker.script = (request) => request.code === Commands.sendMessageV2.code;
      const producer = await cluster.client().producer({ sendTimeoutMs: 3_000 });
      for (let index = 0; index < 4; index++) expect((await producer.send({ topic: 'T', body: 'x' })).queue.brokerName).toBe('broker-b');
      const [, other] = cluster.brokers;
      if (other !== undefined) other.script = (request) => request.code === Commands.sendMessageV2.code;
      const started = cluster.simulation.now;
      await expect(producer.send({ topic: 'T', body: 'x' })).rejects.toMatchObject({ code: 'KITE_TIMEOUT' });
      expect(cluster.simulation.now - started).toBeLessThan(3_300);
    }));

  it.each([
    [ResponseCode.flushDiskTimeout, 'FLUSH_DISK_TIMEOUT'],
    [ResponseCode.flushSlaveTimeout, 'FLUSH_SLAVE_TIMEOUT'],
    [ResponseCode.slaveNotAvailable, 'SLAVE_NOT_AVAILABLE'],
  ])('takes %i for stored with a warning: %s', (code, status) =>
    new FakeCluster().run(async (cluster) => {
      cluster.broker.createTopic('T', 1);
      cluster.broker.script = (request) => {
        if (request.code !== Commands.sendMessageV2.code) return false;
        request.reply(Commands.sendMessageV2, code, { msgId: 'id', queueId: 0, queueOffset: 7 });
        return true;
      };
      const producer = await cluster.client().producer();
      expect(await producer.send({ topic: 'T', body: 'x' })).toMatchObject({ status, offsetMessageId: 'id', queueOffset: 7 });
    }),
  );

  it('puts everything of a message on the wire', () =>
    new FakeCluster().run(async (cluster) => {
      cluster.broker.createTopic('T', 1);
      let header: Record<string, string> = {};
      let body: Uint8Array = new Uint8Array();
      cluster.broker.script = (request) => {
        if (request.code !== Commands.sendMessageV2.code) return false;
        header = request.extObject();
        body = Uint8Array.from(request.body ?? []);
        return false;
      };
      const producer = await cluster.client().producer({ group: 'pg' });
      const text = 'long enough to compress '.repeat(300);
      const result = await producer.send({ topic: 'T', body: text, tags: 't', keys: ['a', 'b'], properties: { p: 'q' }, delayLevel: 3, flag: 5, shardingKey: 's', waitStoreOk: false });
      expect(header).toMatchObject({ a: 'pg', b: 'T', c: 'TBW102', d: '4', e: '0', h: '5', j: '0', k: 'false', m: 'false', n: 'broker-a' });
      expect(Number(header['f'])).toBe(MessageSysFlag.compressed | MessageSysFlag.compressionZlib);
      expect(inflateSync(body).toString()).toBe(text);
      expect({ ...decodeProperties(header['i'] ?? '') }).toEqual({ p: 'q', KEYS: 'a b', TAGS: 't', WAIT: 'false', DELAY: '3', __SHARDINGKEY: 's', UNIQ_KEY: result.messageId });
      expect(result.messageId).toMatch(/^[0-9A-F]{32}$/);
    }));

  it.each([
    ['an empty body', { body: '' }, /empty/],
    ['a body that is too large', { body: 'x'.repeat(101) }, /101 bytes/],
    ['a reserved property', { properties: { UNIQ_KEY: 'mine' } }, /UNIQ_KEY/],
    ['a separator in a property', { properties: { a: 'b\u0002c' } }, /separator/],
    ['properties that are too long', { properties: { a: 'x'.repeat(40_000) } }, /32767/],
    ['two delays', { delayLevel: 1, delayMs: 5 }, /not several/],
    ['a delay that is no number', { delayMs: Number.NaN }, /delayMs/],
    ['a topic with a blank', { topic: 'a b' }, /illegal characters/],
    ['two tags', { tags: 'a || b' }, /one tag/],
  ])('refuses %s before sending anything', (_name, wrong, message) =>
    new FakeCluster().run(async (cluster) => {
      const producer = await cluster.client().producer({ messageBytesMax: 100 });
      await expect(producer.send({ topic: 'T', body: 'x', ...wrong })).rejects.toThrow(message);
      expect(cluster.broker.seen).toEqual([]);
    }),
  );

  it('lets only so many sends wait at a time, and serves all of them', () =>
    new FakeCluster().run(async (cluster) => {
      cluster.broker.createTopic('T', 1);
      let inFlight = 0;
      let most = 0;
      cluster.broker.script = (request) => {
        if (request.code !== Commands.sendMessageV2.code) return false;
        most = Math.max(most, ++inFlight);
        request.detach();
        cluster.simulation.observer.timers.setTimeout(() => {
          inFlight--;
          request.reply(Commands.sendMessageV2, 0, { msgId: 'id', queueId: 0, queueOffset: 0 });
        }, 10);
        return true;
      };
      const producer = await cluster.client().producer({ inFlightMax: 5 });
      await Promise.all(Array.from({ length: 40 }, () => producer.send({ topic: 'T', body: 'x' })));
      expect(most).toBe(5);
    }));

  it('waits for sends under way when it stops, and refuses new ones', () =>
    new FakeCluster().run(async (cluster) => {
      cluster.broker.createTopic('T', 1);
      const producer = await cluster.client().producer();
      const sending = producer.send({ topic: 'T', body: 'x' });
      const stopping = producer.stop();
      await expect(producer.send({ topic: 'T', body: 'y' })).rejects.toMatchObject({ code: 'KITE_CLIENT_CLOSED' });
      await stopping;
      expect((await sending).status).toBe('SEND_OK');
    }));

  it('can share its group with others of its client; the group lives until the last one stops', () =>
    new FakeCluster().run(async (cluster) => {
      cluster.broker.createTopic('T', 1);
      const client = cluster.client({ heartbeatMs: 1_000 });
      const [one, two] = [await client.producer(), await client.producer()];
      await Promise.all([one, two].map((producer) => producer.send({ topic: 'T', body: 'x' })));
      const groups = (): string[] => [...cluster.broker.members.values()].flatMap((data) => data.producerDataSet.map((each) => each.groupName));
      await cluster.until('the group is known', () => groups().includes('kitemq-producer'));
      await one.stop();
      expect(cluster.broker.seen).not.toContain(Commands.unregisterClient.code);
      await two.stop();
      expect(cluster.broker.seen).toContain(Commands.unregisterClient.code);
    }));

  it('keeps the messages of a batch together, and refuses mixed ones', () =>
    new FakeCluster().run(async (cluster) => {
      cluster.broker.createTopic('T', 2);
      const producer = await cluster.client().producer();
      const result = await producer.sendBatch(['a', 'b', 'c'].map((body) => ({ topic: 'T', body })));
      expect(result.queueOffset).toBe(0);
      expect(result.offsetMessageId.split(',')).toHaveLength(3);
      expect(cluster.broker.bodies('T')).toEqual(['a', 'b', 'c']);
      await expect(producer.sendBatch([])).rejects.toThrow(/at least one/);
      await expect(producer.sendBatch([{ topic: 'T', body: 'a' }, { topic: 'U', body: 'b' }])).rejects.toThrow(/one topic/);
      await expect(producer.sendBatch([{ topic: 'T', body: 'a', delayLevel: 1 }])).rejects.toThrow(/delayed/);
    }));
});
