import type { Settings, TopicPolicy } from '@kitemq/store';
import { readTopicConfig } from './topic-config.ts';
import { settingsKind } from './topic-table.ts';

/** What the store is to do with a topic's messages, as the topic's configuration in the store itself says: also before the topic table is there. */
export function storedTopicPolicy(settings: Settings | undefined, topic: string): TopicPolicy | undefined {
  const config = readTopicConfig(settings?.get(settingsKind, topic));
  return config?.attributes['cleanup.policy'] === 'COMPACTION' ? { cleanup: 'compact' } : undefined;
}
