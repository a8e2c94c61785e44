import { Commands, ResponseCode } from '@kitemq/protocol';
import { describe, expect, it } from 'vitest';
import { FakeCluster } from '../fake/fake-cluster.ts';

const names = (prefix: string, count: number): string[] => Array.from({ length: count }, (_, index) => `${prefix}${index}`);

async function filled(cluster: FakeCluster, queues: number, count: number): Promise<void> {
  cluster.broker.createTopic('T', queues);
  const producer = await cluster.client().producer();
  for (const body of names('m', count)) await producer.send({ topic: 'T', body });
}

describe('a puller', () => {
  it('reads what was there when it began, and ends', () =>
    new FakeCluster().run(async (cluster) => {
      await filled(cluster, 1, 100);
      const puller = cluster.client().puller();
      const [queue] = await puller.queues('T');
      const seen: string[] = [];
      for await (const message of puller.read(queue ?? expect.unreachable(), 90)) seen.push(message.text());
      expect(seen).toEqual(names('m', 100).slice(90));
    }));

  it('follows queues: what is there, what comes, through errors, until the loop is left', () =>
    new FakeCluster().run(async (cluster) => {
      await filled(cluster, 2, 10);
      const puller = cluster.client().puller({ group: 'readers' });
      const queues = await puller.queues('T');
      let failures = 3;
      cluster.broker.script = (request) => {
        if (request.code !== Commands.pullMessage.code || failures-- <= 0) return false;
        request.fail(ResponseCode.systemError, 'not now');
        return true;
      };
      const seen: string[] = [];
      const producer = await cluster.client().producer();
      for await (const message of puller.follow(queues, { from: 'first' })) {
        seen.push(message.text());
        await puller.commit(queues[message.queueId] ?? expect.unreachable(), message.queueOffset + 1);
        if (seen.length === 10) for (const body of names('n', 4)) void producer.send({ topic: 'T', body });
        if (seen.length === 14) break;
      }
      expect([...seen].sort()).toEqual([...names('m', 10), ...names('n', 4)].sort());
      // Where it left off.
      const ending = new AbortController();
      const rest: string[] = [];
      const reading = (async () => {
        for await (const message of puller.follow(queues, { from: 'first', signal: ending.signal })) rest.push(message.text());
      })();
      await producer.send({ topic: 'T', body: 'last' });
      await cluster.until('it arrived', () => rest.length > 0);
      ending.abort();
      await reading;
      expect(rest).toEqual(['last']);
    }));

  it('ends what it follows when it stops, and when the client closes', () =>
    new FakeCluster().run(async (cluster) => {
      await filled(cluster, 1, 1);
      const client = cluster.client();
      const [one, two] = [client.puller(), client.puller()];
      const queues = await one.queues('T');
      const ended: string[] = [];
      const follow = async (name: string, puller: typeof one): Promise<void> => {
        for await (const message of puller.follow(queues)) expect.unreachable(message.text());
        ended.push(name);
      };
      const following = [follow('one', one), follow('two', two)];
      await cluster.simulation.sleep(1_000);
      await one.stop();
      await following[0];
      expect(ended).toEqual(['one']);
      await client.close();
      await following[1];
      expect(ended).toEqual(['one', 'two']);
    }));

  it('holds no more than one pull per queue while nobody takes messages', () =>
    new FakeCluster().run(async (cluster) => {
      await filled(cluster, 1, 200);
      const puller = cluster.client().puller();
      const queues = await puller.queues('T');
      const iterator = puller.follow(queues, { from: 'first' })[Symbol.asyncIterator]();
      await iterator.next();
      await cluster.simulation.sleep(60_000);
      expect(cluster.broker.seen.filter((code) => code === Commands.pullMessage.code)).toHaveLength(1);
      await iterator.return?.();
    }));
});
