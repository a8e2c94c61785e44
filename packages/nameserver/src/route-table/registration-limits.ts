import type { Registration } from './register-broker.ts';
import type { RouteTable } from './route-table.ts';

/** Ours; Apache has none. */
export const registrationLimits = { nameCharsMax: 255, brokersMax: 10_000, topicsMax: 1_000_000 } as const;

/** Why a registration is not taken at all, or undefined. */
export function registrationFault(routes: RouteTable, registration: Registration): string | undefined {
  const { nameCharsMax, brokersMax, topicsMax } = registrationLimits;
  for (const key of ['clusterName', 'brokerName', 'brokerAddr'] as const) {
    const value = registration[key];
    if (value === '' || value.length > nameCharsMax) return `${key} must have 1 to ${nameCharsMax} characters`;
  }
  if (registration.brokerId < 0) return 'brokerId must not be negative';
  if (!routes.brokers.has(registration.brokerName) && routes.brokers.size >= brokersMax) return `${brokersMax} brokers are registered already`;
  const { topicConfigTable } = registration.body.topicConfigSerializeWrapper;
  if (topicConfigTable.size > topicsMax - routes.topics.size) {
    let added = 0;
    for (const topic of topicConfigTable.keys()) if (!routes.topics.has(topic)) added++;
    if (routes.topics.size + added > topicsMax) return `${topicsMax} topics are registered already`;
  }
  for (const [topic, { topicName }] of topicConfigTable) {
    if (topic.length > nameCharsMax || topicName === '' || topicName.length > nameCharsMax) return `topic names must have 1 to ${nameCharsMax} characters`;
  }
  return undefined;
}
