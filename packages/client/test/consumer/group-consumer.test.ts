import { Commands, ResponseCode } from '@kitemq/protocol';
import { describe, expect, it } from 'vitest';
import type { ReceivedMessage } from '../../src/index.ts';
import { FakeCluster } from '../fake/fake-cluster.ts';

const names = (prefix: string, count: number): string[] => Array.from({ length: count }, (_, index) => `${prefix}${index}`);

async function fill(cluster: FakeCluster, topic: string, bodies: readonly string[]): Promise<void> {
  const producer = await cluster.client().producer();
  for (const body of bodies) await producer.send({ topic, body });
}

describe('a consumer', () => {
  it('receives everything once, in the order of each queue, and commits as it goes', () =>
    new FakeCluster().run(async (cluster) => {
      cluster.broker.createTopic('T', 1);
      await fill(cluster, 'T', names('m', 100));
      const consumer = await cluster.client().consumer({ group: 'g', subscriptions: { T: '*' }, from: 'first' });
      const seen: string[] = [];
      void consumer.run((message) => seen.push(message.text()));
      await cluster.until('100 arrived', () => seen.length === 100);
      expect(seen).toEqual(names('m', 100));
      await cluster.until('the offset is committed', () => cluster.broker.committed('g', 'T', 0) === 100);
    }));

  it('retries what a handler throws for, with the original topic, until it is dead', () =>
    new FakeCluster().run(async (cluster) => {
      cluster.broker.createTopic('T', 1);
      await fill(cluster, 'T', ['good', 'bad']);
      const consumer = await cluster.client().consumer({ group: 'g', subscriptions: { T: '*' }, from: 'first', maxReconsumeTimes: 3 });
      const tries: string[] = [];
      const errors: unknown[] = [];
      void consumer.run(
        (message) => {
          tries.push(`${message.topic} ${message.text()} ${message.reconsumeTimes}`);
          if (message.text() === 'bad') throw new Error('no');
        },
        { onError: (error) => errors.push(error) },
      );
      await cluster.until('it is dead', () => cluster.broker.dead.length === 1);
      expect(tries.filter((each) => each.includes('bad'))).toEqual(['T bad 0', 'T bad 1', 'T bad 2', 'T bad 3']);
      expect(tries.filter((each) => each.includes('good'))).toEqual(['T good 0']);
      expect(errors).toHaveLength(4);
      await cluster.until('the offset moved on', () => cluster.broker.committed('g', 'T', 0) === 2);
    }));

  it('moves to the dead letters what the handler wants there, at once', () =>
    new FakeCluster().run(async (cluster) => {
      cluster.broker.createTopic('T', 1);
      await fill(cluster, 'T', ['poison']);
      const consumer = await cluster.client().consumer({ group: 'g', subscriptions: { T: '*' }, from: 'first' });
      void consumer.run((message) => message.deadLetter('not for us'));
      await cluster.until('it is dead', () => cluster.broker.dead.length === 1);
    }));

  it('sends a copy to the retry topic when the broker does not take a message back, and handles it again from memory when that fails too', () =>
    new FakeCluster().run(async (cluster) => {
      cluster.broker.createTopic('T', 1);
      await fill(cluster, 'T', ['bad']);
      const consumer = await cluster.client().consumer({ group: 'g', subscriptions: { T: '*' }, from: 'first' });
      let refuseSends = true;
      cluster.broker.script = (request) => {
        const refused = request.code === Commands.consumerSendMsgBack.code || (refuseSends && request.code === Commands.sendMessageV2.code);
        if (refused) request.fail(ResponseCode.noPermission, 'not now');
        return refused;
      };
      const seen: ReceivedMessage[] = [];
      void consumer.run((message) => {
        seen.push(message);
        if (seen.length === 2) refuseSends = false;
        if (seen.length < 3) throw new Error('no');
      });
      await cluster.until('three deliveries', () => seen.length === 3);
      expect(seen.map((message) => [message.topic, message.text(), message.reconsumeTimes])).toEqual([
        ['T', 'bad', 0],
        ['T', 'bad', 0],
        ['T', 'bad', 1],
      ]);
      expect(seen[2]?.messageId).toBe(seen[0]?.messageId);
      await cluster.until('the offset moved on', () => cluster.broker.committed('g', 'T', 0) === 1);
    }));

  it('stops pulling while too much is unsettled, and goes on when there is room', () =>
    new FakeCluster().run(async (cluster) => {
      cluster.broker.createTopic('T', 1);
      await fill(cluster, 'T', names('m', 200));
      const consumer = await cluster.client().consumer({ group: 'g', subscriptions: { T: '*' }, from: 'first', cachedMessagesMax: 50, pullBatchSize: 10 });
      await cluster.simulation.sleep(5_000);
      const pulled = cluster.broker.seen.filter((code) => code === Commands.pullMessage.code).length;
      expect(pulled).toBeLessThanOrEqual(10);
      const seen: string[] = [];
      for await (const message of consumer) {
        seen.push(message.text());
        await message.ack();
        if (seen.length === 200) break;
      }
      expect(seen).toEqual(names('m', 200));
    }));

  it('never commits beyond a message that is still worked on, and a member that takes over gets it again', () =>
    new FakeCluster().run(async (cluster) => {
      cluster.broker.createTopic('T', 1);
      await fill(cluster, 'T', names('m', 10));
      const first = await cluster.client().consumer({ group: 'g', subscriptions: { T: '*' }, from: 'first' });
      const held: ReceivedMessage[] = [];
      void first.run(
        (message) => {
          if (message.text() !== 'm3') return undefined;
          held.push(message);
          return new Promise(() => {});
        },
        { concurrency: 4 },
      );
      await cluster.until('the others are done', () => held.length === 1);
      await cluster.simulation.sleep(12_000);
      expect(cluster.broker.committed('g', 'T', 0)).toBe(3);
      await first.stop({ drainMs: 1_000 });
      expect(held[0]?.signal.aborted).toBe(true);
      const second = await cluster.client().consumer({ group: 'g', subscriptions: { T: '*' }, from: 'first' });
      const seen: string[] = [];
      void second.run((message) => seen.push(message.text()));
      await cluster.until('seven arrived', () => seen.length === 7);
      expect(seen).toEqual(names('m', 10).slice(3));
    }));

  it('hands its queues over to members that come and go without repeating a message', () =>
    new FakeCluster().run(async (cluster) => {
      cluster.broker.createTopic('T', 8);
      const seen: string[] = [];
      const join = async () => {
        const consumer = await cluster.client().consumer({ group: 'g', subscriptions: { T: '*' }, from: 'first' });
        void consumer.run(
          async (message) => {
            await cluster.simulation.sleep(20);
            seen.push(message.text());
          },
          { concurrency: 8 },
        );
        return consumer;
      };
      await join();
      const producer = await cluster.client().producer();
      const ending = new AbortController();
      let sent = 0;
      const producing = (async () => {
        while (!ending.signal.aborted) {
          await producer.send({ topic: 'T', body: `m${sent++}` });
          await cluster.simulation.sleep(3);
        }
      })();
      for (let change = 0; change < 5; change++) {
        await cluster.simulation.sleep(700);
        const other = await join();
        await cluster.simulation.sleep(1_300);
        await other.stop();
      }
      ending.abort();
      await producing;
      await cluster.until('all are handled', () => new Set(seen).size === sent);
      expect(sent).toBeGreaterThan(1_000);
      expect(seen).toHaveLength(sent);
    }));

  it('does not count a failed message of a queue that was taken away as settled', () =>
    new FakeCluster().run(async (cluster) => {
      cluster.broker.createTopic('T', 2);
      const producer = await cluster.client().producer();
      const queues = await producer.queues('T');
      for (const queue of queues) await producer.send({ topic: 'T', body: `m${queue.queueId}` }, { queue });
      const fail: ((error: Error) => void)[] = [];
      const first = await cluster.client().consumer({ group: 'g', subscriptions: { T: '*' }, from: 'first' });
      void first.run(() => new Promise((_, reject) => fail.push(reject)), { concurrency: 2 });
      await cluster.until('both are under way', () => fail.length === 2);
      const seen: string[] = [];
      const joining = cluster.client().consumer({ group: 'g', subscriptions: { T: '*' }, from: 'first' });
      await cluster.until('one queue is taken away', () => first.assignment().length === 1);
      // Within the moment it is given for what is under way.
      for (const reject of fail) reject(new Error('no'));
      void (await joining).run((message) => seen.push(message.text()));
      await cluster.until('the new owner got it', () => seen.includes('m1'));
    }));

  it('waits for handlers when it stops, but not longer than it is told', () =>
    new FakeCluster().run(async (cluster) => {
      cluster.broker.createTopic('T', 1);
      await fill(cluster, 'T', ['slow', 'slower']);
      const consumer = await cluster.client().consumer({ group: 'g', subscriptions: { T: '*' }, from: 'first' });
      const done: string[] = [];
      const running = consumer.run(
        async (message) => {
          await cluster.simulation.sleep(message.text() === 'slow' ? 2_000 : 60_000);
          done.push(message.text());
        },
        { concurrency: 2 },
      );
      await cluster.simulation.sleep(500);
      const before = cluster.simulation.now;
      await consumer.stop({ drainMs: 10_000 });
      expect(cluster.simulation.now - before).toBeGreaterThanOrEqual(9_999);
      expect(cluster.simulation.now - before).toBeLessThan(15_000);
      expect(done).toEqual(['slow']);
      expect(cluster.broker.committed('g', 'T', 0)).toBe(1);
      await running;
    }));

  it('retries a message that is not settled within the consume timeout', () =>
    new FakeCluster().run(async (cluster) => {
      cluster.broker.createTopic('T', 1);
      await fill(cluster, 'T', ['stuck']);
      const consumer = await cluster.client().consumer({ group: 'g', subscriptions: { T: '*' }, from: 'first', consumeTimeoutMs: 5_000 });
      const seen: ReceivedMessage[] = [];
      void consumer.run(
        (message) => {
          seen.push(message);
          return message.reconsumeTimes === 0 ? new Promise(() => {}) : undefined;
        },
        { concurrency: 2 },
      );
      await cluster.until('a second delivery', () => seen.length === 2);
      expect(seen[0]?.signal.aborted).toBe(true);
      expect(seen[1]?.reconsumeTimes).toBe(1);
    }));

  it('re-filters tags by their text, because brokers compare hashes', () =>
    new FakeCluster().run(async (cluster) => {
      cluster.broker.createTopic('T', 1);
      const producer = await cluster.client().producer();
      // "Aa" and "BB" have the same Java hash; this broker does not filter at all.
      for (const tags of ['Aa', 'BB', 'Aa']) await producer.send({ topic: 'T', body: tags, tags });
      const consumer = await cluster.client().consumer({ group: 'g', subscriptions: { T: 'Aa' }, from: 'first' });
      const seen: string[] = [];
      void consumer.run((message) => seen.push(message.text()));
      await cluster.until('two arrived', () => seen.length === 2);
      await cluster.until('all is committed', () => cluster.broker.committed('g', 'T', 0) === 3);
      expect(seen).toEqual(['Aa', 'Aa']);
    }));

  it('moves to where the broker says when its offset lies outside the queue', () =>
    new FakeCluster().run(async (cluster) => {
      cluster.broker.createTopic('T', 1);
      cluster.broker.offsets.set('T@g@0', 1_000);
      await fill(cluster, 'T', ['lost']);
      const consumer = await cluster.client().consumer({ group: 'g', subscriptions: { T: '*' } });
      const seen: string[] = [];
      void consumer.run((message) => seen.push(message.text()));
      await cluster.until('the offset was corrected', () => cluster.broker.committed('g', 'T', 0) === 1);
      await fill(cluster, 'T', ['found']);
      await cluster.until('it arrived', () => seen.length === 1);
      expect(seen).toEqual(['found']);
    }));

  it('never takes an error for "no offset": it waits until the broker knows', () =>
    new FakeCluster().run(async (cluster) => {
      cluster.broker.createTopic('T', 1);
      await fill(cluster, 'T', names('m', 5));
      cluster.broker.offsets.set('T@g@0', 3);
      let refusals = 5;
      cluster.broker.script = (request) => {
        if (request.code !== Commands.queryConsumerOffset.code || refusals-- <= 0) return false;
        request.fail(ResponseCode.systemError, 'starting');
        return true;
      };
      const consumer = await cluster.client().consumer({ group: 'g', subscriptions: { T: '*' }, from: 'first' });
      const seen: string[] = [];
      void consumer.run((message) => seen.push(message.text()));
      await cluster.until('two arrived', () => seen.length === 2);
      expect(seen).toEqual(['m3', 'm4']);
    }));

  it('reads a topic that comes into being later from its start', () =>
    new FakeCluster().run(async (cluster) => {
      const consumer = await cluster.client().consumer({ group: 'g', subscriptions: { late: '*' }, from: 'last' });
      const seen: string[] = [];
      void consumer.run((message) => seen.push(message.text()));
      await cluster.simulation.sleep(60_000);
      await fill(cluster, 'late', names('m', 3));
      await cluster.until('three arrived', () => seen.length === 3);
    }));

  it('broadcasts: every member gets everything, a handler error costs the message, offsets stay on disk', () =>
    new FakeCluster().run(async (cluster) => {
      cluster.broker.createTopic('T', 2);
      const seen: string[][] = [[], []];
      const clients = [cluster.client(), cluster.client()];
      const join = (index: number) => clients[index]?.consumer({ group: 'g', subscriptions: { T: '*' }, model: 'broadcasting', from: 'first', offsetDirectory: '/offsets' });
      for (const index of [0, 1]) {
        void (await join(index))?.run((message) => {
          seen[index]?.push(message.text());
          if (message.text() === 'm1') throw new Error('dropped');
        });
      }
      await fill(cluster, 'T', names('m', 6));
      await cluster.until('both got all', () => seen.every((each) => each.length === 6));
      await clients[0]?.close();
      const { runtime } = cluster.simulation.process('client-1');
      const again = cluster.client({ runtime, clientId: 'client-1' });
      const rest: string[] = [];
      void (await again.consumer({ group: 'g', subscriptions: { T: '*' }, model: 'broadcasting', from: 'first', offsetDirectory: '/offsets' })).run((message) => rest.push(message.text()));
      await fill(cluster, 'T', ['new']);
      await cluster.until('the new one arrived', () => rest.length > 0);
      await cluster.simulation.sleep(1_000);
      expect(rest).toEqual(['new']);
      expect(cluster.broker.seen).not.toContain(Commands.consumerSendMsgBack.code);
    }));
});
