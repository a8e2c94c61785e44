import { createHash } from 'node:crypto';
import type { MessageQueue } from '../admin/types.ts';

/** What every member of a group knows alike. */
export interface AllocateInput {
  readonly group: string;
  /** The member that asks. */
  readonly clientId: string;
  /** All queues of one topic, sorted by broker name and queue id. */
  readonly queues: readonly MessageQueue[];
  /** All members, sorted; contains `clientId`. */
  readonly clientIds: readonly string[];
}

/**
 * Which queues a member takes. A pure function: members of a group do not talk to each other, they only agree
 * because each computes the same table. The built-in ones give what Apache's Java clients give.
 */
export interface AllocateStrategy {
  /** `AVG`, `AVG_BY_CIRCLE`, `CONSISTENT_HASH`, or a name of your own. */
  readonly name: string;
  allocate(input: AllocateInput): readonly MessageQueue[];
}

/** Neighbouring queues in equal parts, the first members get one more: Apache's default (`AllocateMessageQueueAveragely`). */
export const averageAllocation: AllocateStrategy = {
  name: 'AVG',
  allocate({ clientId, queues, clientIds }) {
    const index = clientIds.indexOf(clientId);
    if (index < 0) return [];
    const rest = queues.length % clientIds.length;
    const size = queues.length <= clientIds.length ? 1 : Math.floor(queues.length / clientIds.length) + (index < rest ? 1 : 0);
    const start = index < rest ? index * size : index * size + rest;
    return queues.slice(start, start + size);
  },
};

/** Dealt out like cards (`AllocateMessageQueueAveragelyByCircle`). */
export const circleAllocation: AllocateStrategy = {
  name: 'AVG_BY_CIRCLE',
  allocate({ clientId, queues, clientIds }) {
    const index = clientIds.indexOf(clientId);
    if (index < 0) return [];
    return queues.filter((_, position) => position % clientIds.length === index);
  },
};

/** The first four bytes of the MD5, unsigned: what the Java router hashes with. */
function ringHash(text: string): number {
  return createHash('md5').update(text, 'utf8').digest().readUInt32BE(0);
}

/** A ring with `virtualNodes` points per member: few queues move when a member comes or goes (`AllocateMessageQueueConsistentHash`). */
export function consistentHashAllocation(virtualNodes = 10): AllocateStrategy {
  return {
    name: 'CONSISTENT_HASH',
    allocate({ clientId, queues, clientIds }) {
      if (!clientIds.includes(clientId)) return [];
      const ring = new Map<number, string>();
      for (const id of clientIds) {
        for (let node = 0; node < virtualNodes; node++) ring.set(ringHash(`${id}-${node}`), id);
      }
      const points = [...ring.keys()].sort((a, b) => a - b);
      return queues.filter((queue) => {
        const hash = ringHash(`MessageQueue [topic=${queue.topic}, brokerName=${queue.brokerName}, queueId=${queue.queueId}]`);
        const point = points.find((candidate) => candidate >= hash) ?? points[0];
        return point !== undefined && ring.get(point) === clientId;
      });
    },
  };
}
