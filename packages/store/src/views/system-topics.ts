import { storeTopicPrefix } from '@kitemq/protocol';

/** Topics of the store's own records, which only the store appends, all with `storeTopicPrefix`; their bodies are msgpack. */
export const SystemTopic = {
  /** Consumer offsets that changed in one flush interval. */
  consumerOffsets: 'rmq_sys_KITEMQ_OFFSETS',
  /** Changes of settings. */
  settings: 'rmq_sys_KITEMQ_SETTINGS',
  /** Commands to the queue view: removed topics. */
  queues: 'rmq_sys_KITEMQ_QUEUES',
  /** Messages of compacted topics that outlive the part of the log they were in. */
  carried: 'rmq_sys_KITEMQ_CARRIED',
} as const;

export function isStoreTopic(topic: string): boolean {
  return topic.startsWith(storeTopicPrefix);
}
