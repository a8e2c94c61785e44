/**
 * Topics of the store's own records. Their names have the prefix of Apache's system topics, so that nobody can send to them; their bodies are msgpack.
 */
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

const names: ReadonlySet<string> = new Set(Object.values(SystemTopic));

export function isStoreTopic(topic: string): boolean {
  return names.has(topic);
}
