import { describe, expect, it } from 'vitest';
import type { RouteData } from '../../src/route/topic-route.ts';
import { compareQueues, TopicRoute } from '../../src/route/topic-route.ts';

const data = (change: Partial<RouteData> = {}): RouteData => ({
  queueDatas: [
    { brokerName: 'b', readQueueNums: 2, writeQueueNums: 1, perm: 6 },
    { brokerName: 'a', readQueueNums: 1, writeQueueNums: 2, perm: 6 },
  ],
  brokerDatas: [
    { cluster: 'c', brokerName: 'b', brokerAddrs: new Map([[1, 'b-slave:1'], [0, 'b:1']]) },
    { cluster: 'c', brokerName: 'a', brokerAddrs: new Map([[0, 'a:1']]) },
  ],
  ...change,
});
const text = (queues: readonly { readonly brokerName: string; readonly queueId: number }[]): string => queues.map((queue) => `${queue.brokerName}${queue.queueId}`).join(' ');

describe('a route', () => {
  it('has queues to write and queues to read, sorted by broker', () => {
    const route = new TopicRoute('T', data());
    expect(text(route.publishQueues)).toBe('a0 a1 b0');
    expect(text(route.subscribeQueues)).toBe('a0 b0 b1');
    expect(route.broker('b')?.members).toEqual([{ brokerId: 0, address: 'b:1' }, { brokerId: 1, address: 'b-slave:1' }]);
  });

  it('respects permissions, and writes only where there is a master', () => {
    const queueDatas = [
      { brokerName: 'a', readQueueNums: 1, writeQueueNums: 1, perm: 4 },
      { brokerName: 'b', readQueueNums: 1, writeQueueNums: 1, perm: 2 },
      { brokerName: 'c', readQueueNums: 1, writeQueueNums: 1, perm: 6 },
    ];
    const brokerDatas = [...data().brokerDatas, { cluster: 'c', brokerName: 'c', brokerAddrs: new Map([[1, 'c-slave:1']]) }];
    const route = new TopicRoute('T', data({ queueDatas, brokerDatas }));
    expect(text(route.publishQueues)).toBe('b0');
    expect(text(route.subscribeQueues)).toBe('a0 c0');
  });

  it('follows the configuration of an ordered topic', () => {
    expect(text(new TopicRoute('T', data({ orderTopicConf: 'b:3;a:1' })).publishQueues)).toBe('b0 b1 b2 a0');
  });

  it('offers few queues per broker for a topic made from a template', () => {
    const queueDatas = [
      { brokerName: 'a', readQueueNums: 8, writeQueueNums: 8, perm: 7 },
      { brokerName: 'b', readQueueNums: 2, writeQueueNums: 8, perm: 7 },
    ];
    const queues = new TopicRoute('TBW102', data({ queueDatas })).templateQueues('new', 4);
    expect(text(queues)).toBe('a0 a1 a2 a3 b0 b1');
    expect(queues.every((queue) => queue.topic === 'new')).toBe(true);
  });

  it('is the same as one that says the same in another order', () => {
    const { queueDatas, brokerDatas } = data();
    const turned = data({ queueDatas: [...queueDatas].reverse(), brokerDatas: [...brokerDatas].reverse() });
    expect(new TopicRoute('T', data()).sameAs(new TopicRoute('T', turned))).toBe(true);
    expect(new TopicRoute('T', data()).sameAs(new TopicRoute('T', data({ orderTopicConf: 'a:1' })))).toBe(false);
  });

  it('queues are ordered as Java orders them', () => {
    const queues = [
      { topic: 'b', brokerName: 'a', queueId: 0 },
      { topic: 'a', brokerName: 'b', queueId: 10 },
      { topic: 'a', brokerName: 'b', queueId: 9 },
      { topic: 'a', brokerName: 'B', queueId: 0 },
    ];
    expect([...queues].sort(compareQueues).map((queue) => `${queue.topic}${queue.brokerName}${queue.queueId}`)).toEqual(['aB0', 'ab9', 'ab10', 'ba0']);
  });
});
