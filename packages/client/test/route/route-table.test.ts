import { nodeRuntime } from '@kitemq/runtime';
import { describe, expect, it } from 'vitest';
import { RouteTable } from '../../src/route/route-table.ts';
import { TopicRoute } from '../../src/route/topic-route.ts';

const call = { timeoutMs: 1_000 };
const route = (topic: string, address: string, queues = 1): TopicRoute =>
  new TopicRoute(topic, {
    queueDatas: [{ brokerName: 'b', readQueueNums: queues, writeQueueNums: queues, perm: 6 }],
    brokerDatas: [{ cluster: 'c', brokerName: 'b', brokerAddrs: new Map([[0, address]]) }],
  });

/** A table whose answers are set by the test. */
function table(): { routes: RouteTable; answers: Map<string, TopicRoute | Error>; asked: string[]; clock: { monotonic: number } } {
  const answers = new Map<string, TopicRoute | Error>();
  const asked: string[] = [];
  const clock = { monotonic: 0 };
  const runtime = { ...nodeRuntime(), clock: { now: () => clock.monotonic, monotonic: () => clock.monotonic } };
  const routes = new RouteTable(runtime, async (topic) => {
    asked.push(topic);
    await Promise.resolve();
    const answer = answers.get(topic);
    if (answer instanceof Error) throw answer;
    return answer;
  });
  return { routes, answers, asked, clock };
}

describe('the route table', () => {
  it('asks once for callers that ask at the same time, and remembers', async () => {
    const { routes, answers, asked } = table();
    answers.set('T', route('T', 'a:1'));
    const [first, second] = await Promise.all([routes.find('T', call), routes.find('T', call)]);
    expect(first).toBe(second);
    await routes.find('T', call);
    expect(asked).toEqual(['T']);
  });

  it('keeps what it knows when nobody answers, and tells of changes only', async () => {
    const { routes, answers } = table();
    const changes: string[] = [];
    routes.onChange((topic) => changes.push(topic));
    answers.set('T', route('T', 'a:1'));
    await routes.find('T', call);
    await routes.find('T', { ...call, fresh: true });
    answers.set('T', new Error('away'));
    expect((await routes.refreshAll(1_000, new AbortController().signal)).failures).toHaveLength(1);
    expect(routes.broker('b')?.members[0]?.address).toBe('a:1');
    answers.set('T', route('T', 'a:1', 2));
    await routes.refreshAll(1_000, new AbortController().signal);
    expect(changes).toEqual(['T', 'T']);
  });

  it('follows a broker that moved, whatever older routes say', async () => {
    const { routes, answers } = table();
    answers.set('old', route('old', 'a:1'));
    await routes.find('old', call);
    answers.set('new', route('new', 'a:2'));
    await routes.find('new', call);
    expect(routes.broker('b')?.members[0]?.address).toBe('a:2');
    expect(routes.brokers().map((broker) => broker.members[0]?.address)).toEqual(['a:2']);
  });

  it('forgets a topic that has been gone for long, not one that is gone for a moment', async () => {
    const { routes, answers, clock } = table();
    answers.set('T', route('T', 'a:1'));
    await routes.find('T', call);
    answers.delete('T');
    const refresh = () => routes.refreshAll(1_000, new AbortController().signal);
    for (clock.monotonic = 0; clock.monotonic < 600_000; clock.monotonic += 1_000) await refresh();
    expect(routes.known('T')).toBeDefined();
    await refresh();
    expect(routes.known('T')).toBeUndefined();
    expect(routes.brokers()).toEqual([]);
  });

  it('lets one caller go whose signal is aborted, and serves the others', async () => {
    const { routes, answers } = table();
    answers.set('T', route('T', 'a:1'));
    const controller = new AbortController();
    const left = routes.find('T', { ...call, signal: controller.signal });
    const stays = routes.find('T', call);
    controller.abort();
    await expect(left).rejects.toMatchObject({ code: 'KITE_ABORTED' });
    expect(await stays).toBeDefined();
  });
});
