import type { TopicConfig as WireTopicConfig } from '@kitemq/protocol';
import type { TopicConfig } from './topic-config.ts';

/** A topic as bodies carry it. */
export function toWire(config: TopicConfig): WireTopicConfig {
  return { ...config, attributes: new Map(Object.entries(config.attributes)) };
}

/** A topic from a body. */
export function fromWire(config: WireTopicConfig): TopicConfig {
  return { ...config, attributes: Object.fromEntries(config.attributes) };
}
