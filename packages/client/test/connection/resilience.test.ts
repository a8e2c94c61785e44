import { Commands, ResponseCode } from '@kitemq/protocol';
import { describe, expect, it } from 'vitest';
import { FakeCluster } from '../fake/fake-cluster.ts';

const names = (prefix: string, count: number): string[] => Array.from({ length: count }, (_, index) => `${prefix}${index}`);

describe('a client whose servers are away', () => {
  it('joins when a broker and a name server that were down at the start come up', () =>
    new FakeCluster().run(
      async (cluster) => {
        const client = cluster.client();
        const consumer = await client.consumer({ group: 'g', subscriptions: { T: '*' }, from: 'first' });
        const seen: string[] = [];
        void consumer.run((message) => seen.push(message.text()));
        await cluster.simulation.sleep(45_000);
        for (const server of [...cluster.nameservers, ...cluster.brokers]) await server.start();
        cluster.broker.createTopic('T', 2);
        const producer = await client.producer();
        await producer.send({ topic: 'T', body: 'hello' }, { timeoutMs: 20_000 });
        await cluster.until('it arrived', () => seen.length === 1, 15_000);
      },
      { cold: true },
    ));

  it('goes on within seconds after a broker restart, without losing or repeating anything', () =>
    new FakeCluster().run(async (cluster) => {
      cluster.broker.createTopic('T', 4);
      const consumer = await cluster.client().consumer({ group: 'g', subscriptions: { T: '*' }, from: 'first' });
      const seen: string[] = [];
      void consumer.run((message) => seen.push(message.text()));
      const producer = await cluster.client().producer();
      for (const body of names('a', 10)) await producer.send({ topic: 'T', body });
      await cluster.until('ten arrived', () => seen.length === 10);
      await cluster.simulation.sleep(6_000);
      await cluster.broker.stop();
      await cluster.simulation.sleep(3_000);
      await cluster.broker.start();
      for (const body of names('b', 10)) await producer.send({ topic: 'T', body });
      await cluster.until('ten more arrived', () => seen.length >= 20, 10_000);
      expect(seen.sort()).toEqual([...names('a', 10), ...names('b', 10)].sort());
    }));

  it('uses the other name server when the first is gone, whichever that was', () =>
    new FakeCluster({ nameservers: 2 }).run(async (cluster) => {
      cluster.broker.createTopic('T', 1);
      cluster.broker.createTopic('U', 1);
      cluster.broker.createTopic('V', 1);
      const producer = await cluster.client().producer();
      await producer.send({ topic: 'T', body: '1' });
      const [one, two] = cluster.nameservers;
      await one?.stop();
      await producer.send({ topic: 'U', body: '2' });
      await one?.start();
      await two?.stop();
      await producer.send({ topic: 'V', body: '3' });
      expect(one?.queries).toBeGreaterThan(0);
      expect(two?.queries).toBeGreaterThan(0);
    }));

  it('notices a connection that is dead without a word, and dials anew', () =>
    new FakeCluster().run(async (cluster) => {
      cluster.broker.createTopic('T', 1);
      const consumer = await cluster.client().consumer({ group: 'g', subscriptions: { T: '*' }, from: 'first' });
      const seen: string[] = [];
      void consumer.run((message) => seen.push(message.text()));
      const producer = await cluster.client().producer();
      await producer.send({ topic: 'T', body: 'before' });
      await cluster.until('the first arrived', () => seen.length === 1);
      // The packets of the consumer's connection vanish; the broker forgets the connection meanwhile.
      cluster.simulation.partition('client-1', 'broker-a');
      await cluster.simulation.sleep(90_000);
      cluster.simulation.heal();
      await producer.send({ topic: 'T', body: 'after' });
      await cluster.until('the second arrived', () => seen.length === 2, 60_000);
    }));

  it('keeps known routes while no name server answers', () =>
    new FakeCluster().run(async (cluster) => {
      cluster.broker.createTopic('T', 1);
      const producer = await cluster.client({ routeRefreshMs: 1_000 }).producer();
      await producer.send({ topic: 'T', body: '1' });
      await cluster.nameservers[0]?.stop();
      await cluster.simulation.sleep(20_000);
      expect((await producer.send({ topic: 'T', body: '2' })).status).toBe('SEND_OK');
    }));

  it('waits for a broker that restarts as long as a send may take, though no name server has its route meanwhile', () =>
    new FakeCluster().run(async (cluster) => {
      cluster.broker.createTopic('T', 1);
      const producer = await cluster.client({ routeRefreshMs: 1_000 }).producer({ sendTimeoutMs: 10_000 });
      await producer.send({ topic: 'T', body: '1' });
      await cluster.broker.stop();
      await cluster.simulation.sleep(3_000);
      // Failing sends ask for the route again and again.
      for (let index = 0; index < 30; index++) {
        await expect(producer.send({ topic: 'T', body: 'x' }, { timeoutMs: 100 })).rejects.toMatchObject({ retryable: true });
      }
      const sending = producer.send({ topic: 'T', body: '2' });
      await cluster.simulation.sleep(5_000);
      await cluster.broker.start();
      expect((await sending).status).toBe('SEND_OK');
      await cluster.broker.stop();
      await expect(producer.send({ topic: 'T', body: '3' }, { timeoutMs: 1_000 })).rejects.toMatchObject({ code: expect.stringMatching(/KITE_(CONNECT_FAILED|TIMEOUT)/), retryable: true });
    }));

  it('says which name servers it tried when none can be reached', () =>
    new FakeCluster({ nameservers: 2 }).run(
      async (cluster) => {
        const producer = await cluster.client().producer();
        await expect(producer.send({ topic: 'T', body: 'x' })).rejects.toMatchObject({ code: expect.stringMatching(/KITE_(NAMESERVER_UNREACHABLE|TIMEOUT)/), retryable: true });
      },
      { cold: true },
    ));

  it('tells a broker again who it is when that has forgotten', () =>
    new FakeCluster().run(async (cluster) => {
      cluster.broker.createTopic('T', 1);
      const client = cluster.client();
      const consumer = await client.consumer({ group: 'g', subscriptions: { T: '*' }, from: 'first' });
      const seen: string[] = [];
      void consumer.run((message) => seen.push(message.text()));
      let forgetful = 3;
      cluster.broker.script = (request) => {
        if (request.code !== Commands.pullMessage.code || forgetful-- <= 0) return false;
        request.fail(ResponseCode.subscriptionNotExist, "the consumer's group info not exist");
        return true;
      };
      await (await client.producer()).send({ topic: 'T', body: 'x' });
      await cluster.until('it arrived', () => seen.length === 1, 10_000);
    }));
});

describe('calls', () => {
  it('end at once when their signal is aborted, before and while they run', () =>
    new FakeCluster().run(async (cluster) => {
      cluster.broker.createTopic('T', 1);
      const client = cluster.client();
      const producer = await client.producer();
      const aborted = AbortSignal.abort(new Error('changed my mind'));
      await expect(producer.send({ topic: 'T', body: 'x' }, { signal: aborted })).rejects.toMatchObject({ code: 'KITE_ABORTED' });
      cluster.broker.script = () => true;
      const controller = new AbortController();
      const started = cluster.simulation.now;
      const sending = producer.send({ topic: 'T', body: 'x' }, { signal: controller.signal });
      cluster.simulation.observer.timers.setTimeout(() => controller.abort(), 100);
      await expect(sending).rejects.toMatchObject({ code: 'KITE_ABORTED' });
      expect(cluster.simulation.now - started).toBeLessThan(200);
    }));

  it('are refused after `close`, which can be called twice', () =>
    new FakeCluster().run(async (cluster) => {
      cluster.broker.createTopic('T', 1);
      const client = cluster.client();
      const producer = await client.producer();
      const consumer = await client.consumer({ group: 'g', subscriptions: { T: '*' } });
      const running = consumer.run(() => {});
      await Promise.all([client.close(), client.close()]);
      await running;
      expect(await consumer[Symbol.asyncIterator]().next()).toMatchObject({ done: true });
      await expect(producer.send({ topic: 'T', body: 'x' })).rejects.toMatchObject({ code: 'KITE_CLIENT_CLOSED' });
      await expect(client.producer({ group: 'q' })).rejects.toMatchObject({ code: 'KITE_CLIENT_CLOSED' });
      await expect(client.puller().queues('T')).rejects.toMatchObject({ code: 'KITE_CLIENT_CLOSED' });
    }));
});
