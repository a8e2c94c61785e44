import type { Logger } from '@kitemq/runtime';
import type { MessageQueue } from '../admin/types.ts';
import { compareQueues } from '../route/topic-route.ts';
import type { TopicRoute } from '../route/topic-route.ts';
import type { AllocateStrategy } from './allocate.ts';

export interface RebalancerOptions {
  readonly group: string;
  readonly clientId: string;
  readonly model: 'clustering' | 'broadcasting';
  readonly strategy: AllocateStrategy;
  readonly logger: Logger;
  /** The topic's route, undefined when it has none. */
  route(topic: string, signal: AbortSignal): Promise<TopicRoute | undefined>;
  /** Members of the group, from a broker of the topic. */
  members(route: TopicRoute, signal: AbortSignal): Promise<readonly string[]>;
}

/** `unknown`: nothing may change; `absent`: the brokers do not know this member yet. */
export type Allocation =
  | { readonly kind: 'queues'; readonly queues: readonly MessageQueue[]; readonly all: readonly MessageQueue[]; readonly members: number }
  | { readonly kind: 'unknown' }
  | { readonly kind: 'absent' };

/** Finds out which queues of a topic are this member's. When in doubt nothing changes: dropping queues on an error would stop consumption. */
export class Rebalancer {
  readonly #options: RebalancerOptions;

  constructor(options: RebalancerOptions) {
    this.#options = options;
  }

  async allocate(topic: string, signal: AbortSignal): Promise<Allocation> {
    const { group, clientId, model, strategy, logger } = this.#options;
    const route = await this.#options.route(topic, signal);
    if (route === undefined) return { kind: 'unknown' };
    const all = [...route.subscribeQueues].sort(compareQueues);
    if (model === 'broadcasting') return { kind: 'queues', queues: all, all, members: 1 };
    if (all.length === 0) return { kind: 'queues', queues: [], all, members: 1 };
    const clientIds = [...new Set(await this.#options.members(route, signal))].sort((a, b) => (a < b ? -1 : 1));
    if (!clientIds.includes(clientId)) {
      logger.debug({ group, topic, clientId, members: clientIds.length }, 'brokers do not list this member yet');
      return { kind: 'absent' };
    }
    return { kind: 'queues', queues: strategy.allocate({ group, clientId, queues: all, clientIds }), all, members: clientIds.length };
  }
}

/** What changes from one assignment to the next. */
export function assignmentChange(
  owned: readonly MessageQueue[],
  wanted: readonly MessageQueue[],
): { readonly revoked: readonly MessageQueue[]; readonly added: readonly MessageQueue[] } {
  const same = (a: MessageQueue) => (b: MessageQueue) => compareQueues(a, b) === 0;
  return {
    revoked: owned.filter((queue) => !wanted.some(same(queue))),
    added: wanted.filter((queue) => !owned.some(same(queue))),
  };
}
