import type { SubscriptionData } from '@kitemq/protocol';
import { KiteError } from '@kitemq/runtime';
import type { ClientCore } from '../connection/client-core.ts';
import { BrokerError } from '../errors.ts';
import type { TopicRoute } from '../route/topic-route.ts';

export interface SubscriptionCheckOptions {
  readonly core: ClientCore;
  readonly group: string;
}

/**
 * Looks for subscriptions that cannot work: conditions the broker does not understand, and members of one group that subscribe to
 * different things. Of the latter the broker keeps the last one it hears and says nothing; messages then seem to vanish.
 */
export class SubscriptionCheck {
  readonly #options: SubscriptionCheckOptions;
  /** Conflicts told already, so that each is told once. */
  readonly #told = new Set<string>();

  constructor(options: SubscriptionCheckOptions) {
    this.#options = options;
  }

  /** Asks a broker of the topic whether it understands the condition. @throws KiteError `KITE_SUBSCRIPTION_INVALID` */
  async condition(data: SubscriptionData, route: TopicRoute, signal: AbortSignal): Promise<void> {
    const { core, group } = this.#options;
    const brokerName = route.info.brokers[0]?.brokerName;
    const address = brokerName === undefined ? undefined : core.brokerAddress(brokerName, { orAny: true });
    if (data.expressionType === 'TAG' || address === undefined) return;
    try {
      await core.groupCalls.checkSubscription(address, { clientId: core.clientId, group, subscriptionData: data }, { timeoutMs: core.timeoutMs, signal });
    } catch (error) {
      if (!(error instanceof BrokerError)) throw error;
      throw new KiteError('KITE_SUBSCRIPTION_INVALID', `the broker does not take '${data.subString}' for topic ${data.topic}: ${error.remark}`, { cause: error });
    }
  }

  /** Compares with what the broker holds for the group; logs each difference once. Never rejects. */
  async conflicts(own: readonly SubscriptionData[], route: TopicRoute, signal: AbortSignal): Promise<void> {
    const { core, group } = this.#options;
    const brokerName = route.info.brokers[0]?.brokerName;
    const address = brokerName === undefined ? undefined : core.brokerAddress(brokerName, { orAny: true });
    if (address === undefined) return;
    try {
      const theirs = await core.groupCalls.subscriptions(address, group, { timeoutMs: core.timeoutMs, signal });
      if (theirs !== undefined) this.#compare(own, theirs);
    } catch (error) {
      core.runtime.logger.debug({ group, error }, 'subscriptions of the group could not be compared');
    }
  }

  #compare(own: readonly SubscriptionData[], theirs: ReadonlyMap<string, SubscriptionData>): void {
    const mine = new Map(own.map((data) => [data.topic, data]));
    for (const topic of new Set([...mine.keys(), ...theirs.keys()])) {
      const here = describe(mine.get(topic));
      const there = describe(theirs.get(topic));
      const key = `${topic} ${here} ${there}`;
      if (here === there || this.#told.has(key)) continue;
      this.#told.add(key);
      this.#options.core.runtime.logger.error(
        { group: this.#options.group, topic, ours: here, brokers: there },
        'members of this group subscribe to different things: messages will be missed; give all members the same subscriptions, or other groups',
      );
    }
  }
}

function describe(data: SubscriptionData | undefined): string {
  return data === undefined ? 'not subscribed' : `${data.expressionType} ${data.subString}`;
}
