import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { assignmentChange } from '../../src/consumer/rebalancer.ts';
import type { AllocateStrategy, MessageQueue } from '../../src/index.ts';
import { averageAllocation, circleAllocation, consistentHashAllocation } from '../../src/index.ts';

/** One table, made by the Java client (see fixtures/AllocateTables.java). */
interface Table {
  readonly strategy: string;
  readonly brokers: number;
  readonly queues: number;
  /** `broker:queueId` by client id. */
  readonly members: Readonly<Record<string, readonly string[]>>;
}

const tables = JSON.parse(readFileSync(new URL('../fixtures/allocate-tables.json', import.meta.url), 'utf8')) as Table[];
const strategies: Readonly<Record<string, AllocateStrategy>> = {
  AVG: averageAllocation,
  AVG_BY_CIRCLE: circleAllocation,
  CONSISTENT_HASH: consistentHashAllocation(),
};

const queuesOf = (brokers: number, queues: number): MessageQueue[] =>
  Array.from({ length: brokers * queues }, (_, index) => ({
    topic: 'orders',
    brokerName: `broker-${String.fromCharCode(97 + Math.floor(index / queues))}`,
    queueId: index % queues,
  }));
const text = (queue: MessageQueue): string => `${queue.brokerName}:${queue.queueId}`;

describe.each(Object.values(strategies))('$name', (strategy) => {
  const own = tables.filter((table) => table.strategy === strategy.name);

  it('gives each member what the Java client gives it', () => {
    expect(own.length).toBeGreaterThan(20);
    for (const table of own) {
      const clientIds = Object.keys(table.members).sort();
      const queues = queuesOf(table.brokers, table.queues);
      for (const clientId of clientIds) {
        expect(strategy.allocate({ group: 'g', clientId, queues, clientIds }).map(text)).toEqual(table.members[clientId]);
      }
    }
  });

  it('gives every queue to exactly one member, and nothing to a stranger', () => {
    for (const table of own) {
      const clientIds = Object.keys(table.members).sort();
      const queues = queuesOf(table.brokers, table.queues);
      const all = clientIds.flatMap((clientId) => strategy.allocate({ group: 'g', clientId, queues, clientIds }).map(text));
      expect(all.sort()).toEqual(queues.map(text).sort());
      expect(strategy.allocate({ group: 'g', clientId: 'nobody', queues, clientIds })).toEqual([]);
    }
  });
});

it('a change of assignment keeps what stays', () => {
  const [one, two, three] = queuesOf(1, 3) as [MessageQueue, MessageQueue, MessageQueue];
  expect(assignmentChange([one, two], [{ ...two }, three])).toEqual({ revoked: [one], added: [three] });
});
