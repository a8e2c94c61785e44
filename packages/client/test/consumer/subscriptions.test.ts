import { Commands, ResponseCode } from '@kitemq/protocol';
import { describe, expect, it } from 'vitest';
import { FakeCluster } from '../fake/fake-cluster.ts';

const names = (prefix: string, count: number): string[] => Array.from({ length: count }, (_, index) => `${prefix}${index}`);

describe('subscriptions', () => {
  it('can be added and taken away while the consumer runs', () =>
    new FakeCluster().run(async (cluster) => {
      cluster.broker.createTopic('T', 1);
      cluster.broker.createTopic('U', 1);
      const consumer = await cluster.client().consumer({ group: 'g', subscriptions: { T: '*' }, from: 'first' });
      const seen: string[] = [];
      void consumer.run((message) => seen.push(`${message.topic} ${message.text()}`));
      const producer = await cluster.client().producer();
      await consumer.subscribe('U');
      await producer.send({ topic: 'U', body: '1' });
      await cluster.until('U is read', () => seen.includes('U 1'));
      await consumer.unsubscribe('T');
      await cluster.until('T is given up', () => consumer.assignment().every((queue) => queue.topic !== 'T'));
      await producer.send({ topic: 'T', body: '2' });
      await cluster.simulation.sleep(30_000);
      expect(seen).toEqual(['U 1']);
    }));

  it('that differ between members of a group are told of, once', () =>
    new FakeCluster().run(async (cluster) => {
      cluster.broker.createTopic('T', 2);
      cluster.broker.script = (request) => {
        if (request.code !== Commands.getConsumerConnectionList.code) return false;
        // What a broker has after the other member's heartbeat.
        const { responseBody } = Commands.getConsumerConnectionList;
        const body = responseBody.encode({
          connectionSet: [],
          consumeType: 'CONSUME_PASSIVELY',
          messageModel: 'CLUSTERING',
          consumeFromWhere: 'CONSUME_FROM_LAST_OFFSET',
          subscriptionTable: new Map([['T', { classFilterMode: false, topic: 'T', subString: 'b', tagsSet: ['b'], codeSet: [98], subVersion: 1, expressionType: 'TAG' }]]),
        });
        request.reply(Commands.getConsumerConnectionList, 0, {}, { body });
        return true;
      };
      await cluster.client().consumer({ group: 'g', subscriptions: { T: 'a' } });
      await cluster.simulation.sleep(120_000);
      const told = cluster.logger.lines.filter((entry) => entry.level === 'error' && entry.message.includes('subscribe to different things'));
      expect(told.map((entry) => entry.fields['topic']).sort()).toEqual(['%RETRY%g', 'T']);
      expect(told.find((entry) => entry.fields['topic'] === 'T')?.fields).toMatchObject({ ours: 'TAG a', brokers: 'TAG b' });
    }));

  it('with a condition the broker does not understand are refused at the start', () =>
    new FakeCluster().run(async (cluster) => {
      cluster.broker.createTopic('T', 1);
      cluster.broker.script = (request) => {
        if (request.code !== Commands.checkClientConfig.code) return false;
        request.fail(ResponseCode.subscriptionParseFailed, 'no such operator');
        return true;
      };
      const client = cluster.client();
      const consumer = client.consumer({ group: 'g', subscriptions: { T: { expression: 'a ~ b', type: 'SQL92' } } });
      await expect(consumer).rejects.toMatchObject({ code: 'KITE_SUBSCRIPTION_INVALID', message: expect.stringContaining('no such operator') });
      // The group is free again.
      await client.consumer({ group: 'g', subscriptions: { T: '*' } });
    }));
});

describe('a consumer', () => {
  it('hands out nothing while it is paused, and stays a member', () =>
    new FakeCluster().run(async (cluster) => {
      cluster.broker.createTopic('T', 2);
      const consumer = await cluster.client().consumer({ group: 'g', subscriptions: { T: '*' }, from: 'first' });
      const seen: string[] = [];
      void consumer.run((message) => seen.push(message.text()));
      consumer.pause();
      const producer = await cluster.client().producer();
      for (const body of names('m', 10)) await producer.send({ topic: 'T', body });
      await cluster.simulation.sleep(60_000);
      expect(seen).toEqual([]);
      expect(consumer.assignment().filter((queue) => queue.topic === 'T')).toHaveLength(2);
      consumer.resume();
      await cluster.until('all arrived', () => seen.length === 10);
    }));

  it('stops handing out to a run whose signal is aborted, and goes on with another', () =>
    new FakeCluster().run(async (cluster) => {
      cluster.broker.createTopic('T', 1);
      const consumer = await cluster.client().consumer({ group: 'g', subscriptions: { T: '*' }, from: 'first' });
      const controller = new AbortController();
      const seen: [string[], string[]] = [[], []];
      const running = consumer.run((message) => seen[0].push(message.text()), { concurrency: 3, signal: controller.signal });
      const producer = await cluster.client().producer();
      for (const body of names('a', 5)) await producer.send({ topic: 'T', body });
      await cluster.until('five arrived', () => seen[0].length === 5);
      controller.abort();
      await running;
      void consumer.run((message) => seen[1].push(message.text()));
      for (const body of names('b', 5)) await producer.send({ topic: 'T', body });
      await cluster.until('five more arrived', () => seen[1].length === 5);
      expect(seen[0]).toHaveLength(5);
    }));

  it('keeps a slow message from holding up other queues', () =>
    new FakeCluster().run(async (cluster) => {
      cluster.broker.createTopic('T', 4);
      const producer = await cluster.client().producer();
      const queues = await producer.queues('T');
      for (const queue of queues) for (const body of names(`q${queue.queueId}-`, 50)) await producer.send({ topic: 'T', body }, { queue });
      const consumer = await cluster.client().consumer({ group: 'g', subscriptions: { T: '*' }, from: 'first' });
      const seen: string[] = [];
      void consumer.run((message) => {
        seen.push(message.text());
        return message.text() === 'q0-0' ? new Promise(() => {}) : undefined;
      }, { concurrency: 2 });
      await cluster.until('all others arrived', () => seen.length === 200);
      // In turn: the first messages of all queues come before the last of any.
      const places = queues.map(({ queueId }) => seen.flatMap((body, place) => (body.startsWith(`q${queueId}-`) ? [place] : [])));
      expect(Math.max(...places.map((own) => own[0] as number))).toBeLessThan(Math.min(...places.map((own) => own.at(-1) as number)));
    }));

  it('starts at a point in time', () =>
    new FakeCluster().run(async (cluster) => {
      cluster.broker.createTopic('T', 1);
      let asked = 0;
      cluster.broker.script = (request) => {
        if (request.code !== Commands.searchOffsetByTimestamp.code) return false;
        asked = request.header(Commands.searchOffsetByTimestamp.request).timestamp;
        request.reply(Commands.searchOffsetByTimestamp, 0, { offset: 2 });
        return true;
      };
      const producer = await cluster.client().producer();
      for (const body of names('m', 4)) await producer.send({ topic: 'T', body });
      const from = new Date(1_700_000_000_000);
      const consumer = await cluster.client().consumer({ group: 'g', subscriptions: { T: '*' }, from });
      const seen: string[] = [];
      void consumer.run((message) => seen.push(message.text()));
      await cluster.until('two arrived', () => seen.length === 2);
      expect(seen).toEqual(['m2', 'm3']);
      expect(asked).toBe(from.getTime());
    }));

  it('is one per group and client, and its options are checked', () =>
    new FakeCluster().run(async (cluster) => {
      cluster.broker.createTopic('T', 1);
      const client = cluster.client();
      await client.consumer({ group: 'g', subscriptions: { T: '*' } });
      await expect(client.consumer({ group: 'g', subscriptions: { T: '*' } })).rejects.toMatchObject({ code: 'KITE_GROUP_TAKEN' });
      await expect(client.consumer({ group: 'a b', subscriptions: {} })).rejects.toMatchObject({ code: 'KITE_OPTION_INVALID' });
      await expect(client.consumer({ group: 'h', subscriptions: { 'a b': '*' } })).rejects.toMatchObject({ code: 'KITE_OPTION_INVALID' });
      await expect(client.consumer({ group: 'h', subscriptions: { T: ' || ' } })).rejects.toThrow(/names no tag/);
      await expect(client.consumer({ group: 'h', subscriptions: { T: '*' }, pullBatchSize: 0 })).rejects.toThrow(/pullBatchSize: 0 is not a whole number from 1 to 1024/);
    }));

  it('stops within bounds when its broker does not answer any more', () =>
    new FakeCluster().run(async (cluster) => {
      cluster.broker.createTopic('T', 2);
      const client = cluster.client();
      const consumer = await client.consumer({ group: 'g', subscriptions: { T: '*' }, from: 'first' });
      void consumer.run(() => {});
      await (await cluster.client().producer()).send({ topic: 'T', body: 'x' });
      await cluster.simulation.sleep(100);
      cluster.simulation.partition('client-1', 'broker-a');
      const started = cluster.simulation.now;
      await client.close();
      expect(cluster.simulation.now - started).toBeLessThan(10_000);
    }));
});
