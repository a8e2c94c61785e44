import type { TaskScope } from '@kitemq/runtime';
import { deferred, KiteError } from '@kitemq/runtime';
import type { MessageQueue } from '../admin/types.ts';
import type { ClientCore } from '../connection/client-core.ts';
import { WakeUp } from '../connection/wake-up.ts';
import { queueKey } from '../route/topic-route.ts';
import type { TopicRoute } from '../route/topic-route.ts';
import type { ResolvedConsumerOptions } from './consumer-options.ts';
import type { Consumption } from './consumption.ts';
import { assignmentChange, Rebalancer } from './rebalancer.ts';
import { SubscriptionCheck } from './subscription-check.ts';
import type { Subscriptions } from './subscriptions.ts';

/** How often a member looks whether its queues are still its own, ms. */
const REBALANCE_MS = 20_000;
/** How soon it looks again when it could not find out, or a topic has no route yet: doubling between these, ms. */
const UNSETTLED_MS = { first: 250, max: 5_000 };

export interface MembershipOptions {
  readonly core: ClientCore;
  readonly options: ResolvedConsumerOptions;
  readonly consumption: Consumption;
  readonly subscriptions: Subscriptions;
}

/** A member's place in its group: keeps the queues it reads equal to what the group's strategy gives it. */
export class Membership {
  readonly #parts: MembershipOptions;
  readonly #wakeUp: WakeUp;
  readonly #rebalancer: Rebalancer;
  readonly #check: SubscriptionCheck;
  /** Queues seen per topic; an empty set: the topic did not exist when we first looked. */
  readonly #seen = new Map<string, Set<string>>();
  #waitMs = UNSETTLED_MS.first;
  /** Answers of this round, by broker address: topics of one broker need not ask it again. */
  #membersAt = new Map<string, Promise<readonly string[]>>();

  constructor(parts: MembershipOptions) {
    const { core, options } = parts;
    this.#parts = parts;
    this.#wakeUp = new WakeUp(core.runtime.timers);
    this.#check = new SubscriptionCheck({ core, group: options.group });
    this.#rebalancer = new Rebalancer({
      group: options.group,
      clientId: core.clientId,
      model: options.model,
      strategy: options.allocate,
      logger: core.runtime.logger,
      route: (topic, signal) => this.#route(topic, signal),
      members: (route, signal) => this.#members(route, signal),
    });
  }

  /** Rebalances now. */
  wake(): void {
    this.#waitMs = UNSETTLED_MS.first;
    this.#wakeUp.wake();
  }

  /** Rebalances until the scope closes. Resolves after the first round. @throws KiteError `KITE_SUBSCRIPTION_INVALID` */
  start(scope: TaskScope): Promise<void> {
    const stopListening = this.#parts.core.routes.onChange((topic) => {
      if (this.#parts.subscriptions.get(topic) !== undefined) this.wake();
    });
    const first = deferred<void>();
    scope.run('membership', async (signal) => {
      try {
        await this.#introduce(signal);
        while (!signal.aborted) {
          const settled = await this.#round(signal);
          first.resolve();
          if (settled) await this.#compareSubscriptions(signal);
          await this.#wakeUp.wait(settled ? REBALANCE_MS : this.#nextWait(), signal);
        }
      } catch (error) {
        if (!KiteError.is(error, 'KITE_SUBSCRIPTION_INVALID')) throw error;
        first.reject(error);
      } finally {
        stopListening();
        first.resolve();
      }
    });
    return first.promise;
  }

  /** Brokers must have our subscription before they can list us as a member, or answer our pulls. */
  async #introduce(signal: AbortSignal): Promise<void> {
    for (const data of this.#parts.subscriptions.data()) {
      try {
        const route = await this.#route(data.topic, signal);
        if (route !== undefined) await this.#check.condition(data, route, signal);
      } catch (error) {
        if (KiteError.is(error, 'KITE_SUBSCRIPTION_INVALID')) throw error;
        this.#trouble(error, data.topic, signal);
      }
    }
    await this.#parts.core.introduce();
  }

  /** After every settled round: another member may have come with other subscriptions. */
  async #compareSubscriptions(signal: AbortSignal): Promise<void> {
    const { core, subscriptions, options } = this.#parts;
    const [route] = subscriptions.topics().flatMap((topic) => core.routes.known(topic) ?? []);
    if (route !== undefined && options.model === 'clustering') await this.#check.conflicts(subscriptions.data(), route, signal);
  }

  /** One look at every topic. True when all of them are settled. */
  async #round(signal: AbortSignal): Promise<boolean> {
    this.#membersAt = new Map();
    let settled = await this.#dropUnsubscribed();
    for (const topic of this.#parts.subscriptions.topics()) {
      if (signal.aborted) return false;
      try {
        settled = (await this.#rebalance(topic, signal)) && settled;
      } catch (error) {
        settled = false;
        this.#trouble(error, topic, signal);
      }
    }
    if (settled) this.#waitMs = UNSETTLED_MS.first;
    return settled;
  }

  async #rebalance(topic: string, signal: AbortSignal): Promise<boolean> {
    const allocation = await this.#rebalancer.allocate(topic, signal);
    if (allocation.kind === 'unknown') {
      if (!this.#seen.has(topic)) this.#seen.set(topic, new Set());
      return false;
    }
    if (allocation.kind === 'absent') {
      await this.#parts.core.introduce();
      return false;
    }
    this.#note(topic, allocation.all);
    const { owned } = this.#parts.consumption;
    this.#parts.consumption.shared = allocation.members > 1;
    const mine = owned.queues().filter((queue) => queue.topic === topic);
    const { revoked, added } = assignmentChange(mine, allocation.queues);
    if (revoked.length > 0 || added.length > 0) {
      const { logger } = this.#parts.core.runtime;
      logger.info({ group: this.#parts.options.group, topic, revoked: revoked.length, added: added.length, queues: allocation.queues.length }, 'assignment changed');
    }
    const moved = new KiteError('KITE_QUEUE_REVOKED', `a queue of ${topic} moved to another member of the group`);
    await Promise.all(revoked.map((queue) => owned.drop(queue, moved)));
    for (const queue of added) owned.add(queue);
    return true;
  }

  /** Remembers the topic's queues; those that were not there before are new to the whole group. */
  #note(topic: string, all: readonly MessageQueue[]): void {
    const before = this.#seen.get(topic);
    if (before !== undefined) {
      for (const queue of all) {
        if (!before.has(queueKey(queue))) this.#parts.consumption.appeared.add(queueKey(queue));
      }
    }
    this.#seen.set(topic, new Set(all.map(queueKey)));
  }

  async #dropUnsubscribed(): Promise<boolean> {
    const { consumption, subscriptions } = this.#parts;
    const gone = consumption.owned.queues().filter((queue) => subscriptions.get(queue.topic) === undefined);
    await Promise.all(gone.map((queue) => consumption.owned.drop(queue, new KiteError('KITE_QUEUE_REVOKED', `${queue.topic} was unsubscribed`))));
    return true;
  }

  #route(topic: string, signal: AbortSignal): Promise<TopicRoute | undefined> {
    const { routes, timeoutMs } = this.#parts.core;
    return routes.find(topic, { timeoutMs, signal });
  }

  /** Any broker of the topic knows the members; the first that answers will do. */
  async #members(route: TopicRoute, signal: AbortSignal): Promise<readonly string[]> {
    const { core, options } = this.#parts;
    let lastError: unknown = new KiteError('KITE_BROKER_UNKNOWN', `topic ${route.topic} has no broker`, { retryable: true });
    for (const { brokerName } of route.info.brokers) {
      const address = core.brokerAddress(brokerName, { orAny: true });
      if (address === undefined) continue;
      try {
        let asked = this.#membersAt.get(address);
        if (asked === undefined) {
          asked = core.groupCalls.members(address, options.group, { timeoutMs: core.timeoutMs, signal });
          this.#membersAt.set(address, asked);
        }
        return await asked;
      } catch (error) {
        lastError = error;
      }
    }
    throw lastError;
  }

  #nextWait(): number {
    const wait = this.#waitMs;
    this.#waitMs = Math.min(UNSETTLED_MS.max, wait * 2);
    return wait;
  }

  #trouble(error: unknown, topic: string, signal: AbortSignal): void {
    if (signal.aborted) return;
    this.#parts.core.runtime.logger.warn({ group: this.#parts.options.group, topic, error }, 'rebalancing failed; queues stay as they are');
  }
}
