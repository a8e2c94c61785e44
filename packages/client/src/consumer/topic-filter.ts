import { allTags, javaHashCode, parseTagExpression } from '@kitemq/protocol';
import { KiteError } from '@kitemq/runtime';
import type { Subscription } from './consumer.ts';

/** One subscribed topic, in the form heartbeats carry it. */
export interface TopicFilter {
  readonly topic: string;
  readonly expression: string;
  readonly type: 'TAG' | 'SQL92';
  /** Tags of a TAG expression; empty for `*`. */
  readonly tags: readonly string[];
  readonly tagCodes: readonly number[];
  /** ms since the epoch; a later subscription has the larger one. */
  readonly version: number;
}

/** Builds the filter. @throws KiteError `KITE_OPTION_INVALID` for a TAG expression without a tag. */
export function topicFilter(topic: string, subscription: string | Subscription, version: number): TopicFilter {
  const { expression, type = 'TAG' } = typeof subscription === 'string' ? { expression: subscription } : subscription;
  if (type === 'SQL92') return { topic, expression, type, tags: [], tagCodes: [], version };
  const text = expression.trim();
  if (text === allTags || text === '') return { topic, expression: allTags, type, tags: [], tagCodes: [], version };
  const tags = parseTagExpression(text);
  if (tags.length === 0) {
    throw new KiteError('KITE_OPTION_INVALID', `the expression '${expression}' for topic ${topic} names no tag; use '*', 'a' or 'a || b'`);
  }
  return { topic, expression: text, type, tags, tagCodes: tags.map(javaHashCode), version };
}

/** Whether a message with these tags passes: brokers filter by hash only, so the exact text is compared here. */
export function passesFilter(filter: TopicFilter, tags: string | undefined): boolean {
  return filter.tags.length === 0 || (tags !== undefined && filter.tags.includes(tags));
}
