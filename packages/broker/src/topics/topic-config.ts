import { Permission } from '@kitemq/protocol';

/** What a topic is, as it is kept in the settings. */
export interface TopicConfig {
  readonly topicName: string;
  readonly readQueueNums: number;
  readonly writeQueueNums: number;
  /** Bits of `Permission`. */
  readonly perm: number;
  readonly topicFilterType: 'SINGLE_TAG' | 'MULTI_TAG';
  readonly topicSysFlag: number;
  readonly order: boolean;
  readonly attributes: Readonly<Record<string, string>>;
}

/** A topic with `queues` read and write queues; readable and writeable unless told otherwise. */
export function topicConfig(topicName: string, queues: number, overrides: Partial<TopicConfig> = {}): TopicConfig {
  return {
    topicName,
    readQueueNums: queues,
    writeQueueNums: queues,
    perm: Permission.readWrite,
    topicFilterType: 'SINGLE_TAG',
    topicSysFlag: 0,
    order: false,
    attributes: {},
    ...overrides,
  };
}

/** Whether two configurations say the same. */
export function sameTopicConfig(a: TopicConfig, b: TopicConfig): boolean {
  const keys = Object.keys(a.attributes);
  return (
    a.readQueueNums === b.readQueueNums &&
    a.writeQueueNums === b.writeQueueNums &&
    a.perm === b.perm &&
    a.topicFilterType === b.topicFilterType &&
    a.topicSysFlag === b.topicSysFlag &&
    a.order === b.order &&
    keys.length === Object.keys(b.attributes).length &&
    keys.every((key) => a.attributes[key] === b.attributes[key])
  );
}

/** Reads what the settings hold; undefined when it is no topic (a newer version wrote it). */
export function readTopicConfig(value: unknown): TopicConfig | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const stored = value as Partial<TopicConfig>;
  if (typeof stored.topicName !== 'string' || !Number.isInteger(stored.readQueueNums) || !Number.isInteger(stored.writeQueueNums)) return undefined;
  return topicConfig(stored.topicName, 1, stored);
}
