import type { BrokerContext } from '../broker-context.ts';
import type { RateCounter } from './rate-counter.ts';

/** All counters of topics and groups, for sampling. */
export function* rateCounters({ topics, groups }: Pick<BrokerContext, 'topics' | 'groups'>): Generator<RateCounter> {
  for (const topic of topics.entries()) {
    yield topic.putCount;
    yield topic.putBytes;
  }
  for (const group of groups.entries()) {
    for (const traffic of group.traffic.values()) {
      yield traffic.getCount;
      yield traffic.getBytes;
      yield traffic.sentBack;
    }
  }
}
