import { isSystemGroup, isSystemTopic } from '@kitemq/protocol';
import type { SubscriptionGroupConfig, TopicConfig as ApacheTopicConfig } from '@kitemq/protocol';
import { groupConfig } from '../subscription-groups/group-config.ts';
import type { GroupConfig } from '../subscription-groups/group-config.ts';
import { topicConfig } from '../topics/topic-config.ts';
import type { TopicConfig } from '../topics/topic-config.ts';
import type { ApacheConfig } from './apache-config.ts';

/** In Apache's table of what is forbidden to groups: reading (PermName.INDEX_PERM_READ). */
export const readForbiddenBit = 4;

/** Topics of a table that are not made by every broker itself. */
export function carriedTopics(config: ApacheConfig): TopicConfig[] {
  return Array.from(config.topics?.topicConfigTable.values() ?? [])
    .filter(({ topicName }) => topicName !== '' && !isSystemTopic(topicName))
    .map((topic: ApacheTopicConfig) => ({ ...topic, attributes: Object.fromEntries(topic.attributes) }));
}

export function carriedGroups(config: ApacheConfig): GroupConfig[] {
  return Array.from(config.groups?.subscriptionGroupTable.values() ?? [])
    .filter(({ groupName }) => groupName !== '' && !isSystemGroup(groupName))
    .map((group: SubscriptionGroupConfig) => groupConfig(group.groupName, { ...group, attributes: Object.fromEntries(group.attributes) }));
}

/** By group: topics that it must not read. */
export function carriedForbidden(config: ApacheConfig): Map<string, string[]> {
  const forbidden = new Map<string, string[]>();
  for (const [group, bitsByTopic] of config.groups?.forbiddenTable ?? []) {
    const topics = Array.from(bitsByTopic).flatMap(([topic, bits]) => ((bits & readForbiddenBit) === 0 ? [] : [topic]));
    if (topics.length > 0) forbidden.set(group, topics);
  }
  return forbidden;
}

/** Topics made from their queues, where no table tells of them. */
export function topicsOfQueues(queues: Iterable<{ readonly topic: string; readonly queueId: number }>): TopicConfig[] {
  const counts = new Map<string, number>();
  for (const { topic, queueId } of queues) if (!isSystemTopic(topic)) counts.set(topic, Math.max(counts.get(topic) ?? 0, queueId + 1));
  return Array.from(counts, ([topic, count]) => topicConfig(topic, count));
}
