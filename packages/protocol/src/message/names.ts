export const TopicNames = {
  /** Template for topics that are created by the first send. */
  autoCreate: 'TBW102',
  schedule: 'SCHEDULE_TOPIC_XXXX',
  benchmark: 'BenchmarkTest',
  transactionHalf: 'RMQ_SYS_TRANS_HALF_TOPIC',
  transactionOp: 'RMQ_SYS_TRANS_OP_HALF_TOPIC',
  transactionCheckMax: 'TRANS_CHECK_MAX_TIME_TOPIC',
  trace: 'RMQ_SYS_TRACE_TOPIC',
  selfTest: 'SELF_TEST_TOPIC',
  offsetMoved: 'OFFSET_MOVED_EVENT',
  rocksdbOffset: 'CHECKPOINT_TOPIC',
  timer: 'rmq_sys_wheel_timer',
} as const;

export const systemTopicPrefix = 'rmq_sys_';
/** Topics of records that are the store's own: offsets, settings, commands. Nobody else may write what the store will believe. */
export const storeTopicPrefix = 'rmq_sys_KITEMQ_';
export const retryTopicPrefix = '%RETRY%';
export const dlqTopicPrefix = '%DLQ%';
export const lmqPrefix = '%LMQ%';
const systemGroupPrefix = 'CID_RMQ_SYS_';

/** Topics every broker has for itself (TopicValidator). */
export const systemTopics: ReadonlySet<string> = new Set([
  TopicNames.autoCreate,
  TopicNames.schedule,
  TopicNames.benchmark,
  TopicNames.transactionHalf,
  TopicNames.transactionOp,
  TopicNames.transactionCheckMax,
  TopicNames.trace,
  TopicNames.selfTest,
  TopicNames.offsetMoved,
  TopicNames.rocksdbOffset,
]);

const unsendableTopics: ReadonlySet<string> = new Set([
  TopicNames.schedule,
  TopicNames.transactionHalf,
  TopicNames.transactionOp,
  TopicNames.transactionCheckMax,
  TopicNames.selfTest,
  TopicNames.offsetMoved,
]);

const systemGroups: ReadonlySet<string> = new Set([
  'DEFAULT_PRODUCER',
  'DEFAULT_CONSUMER',
  'TOOLS_CONSUMER',
  'SCHEDULE_CONSUMER',
  'FILTERSRV_CONSUMER',
  '__MONITOR_CONSUMER',
  'CLIENT_INNER_PRODUCER',
  'SELF_TEST_P_GROUP',
  'SELF_TEST_C_GROUP',
  'CID_ONS-HTTP-PROXY',
  'CID_ONSAPI_PERMISSION',
  'CID_ONSAPI_OWNER',
  'CID_ONSAPI_PULL',
  'CID_RMQ_SYS_TRANS',
]);

export const NameLimits = {
  topicLengthMax: 127,
  retryOrDlqTopicLengthMax: 255,
  /** Leaves room for the retry topic's prefix. */
  groupLengthMax: 120,
} as const;

const allowed = /^[%|a-zA-Z0-9_-]+$/;

/** Why `topic` is no name for a topic, or undefined when it is one. The sentence is what brokers answer with INVALID_PARAMETER. */
export function topicNameProblem(topic: string): string | undefined {
  if (topic.trim() === '') return 'The specified topic is blank.';
  if (!allowed.test(topic)) return `The specified topic: ${printable(topic)}, contains illegal characters, allowing only ^[%|a-zA-Z0-9_-]+$`;
  const max = isRetryTopic(topic) || isDlqTopic(topic) ? NameLimits.retryOrDlqTopicLengthMax : NameLimits.topicLengthMax;
  if (topic.length > max) return `The specified topic: ${printable(topic)}, is longer than topic max length: ${max}`;
  return undefined;
}

/** The same for a consumer or producer group. */
export function groupNameProblem(group: string): string | undefined {
  if (group.trim() === '') return 'The specified group is blank.';
  if (!allowed.test(group)) return `The specified group: ${printable(group)}, contains illegal characters, allowing only ^[%|a-zA-Z0-9_-]+$`;
  if (group.length > NameLimits.groupLengthMax) return `The specified group: ${printable(group)}, is longer than group max length: ${NameLimits.groupLengthMax}`;
  return undefined;
}

/** A peer's text is cut and stripped of control characters before it is repeated. */
function printable(name: string): string {
  return name.slice(0, NameLimits.retryOrDlqTopicLengthMax).replaceAll(/[^\x20-\x7e]/g, '?');
}

export function retryTopicOf(group: string): string {
  return retryTopicPrefix + group;
}
export function dlqTopicOf(group: string): string {
  return dlqTopicPrefix + group;
}
/** Where replies of a cluster are stored. */
export function replyTopicOf(cluster: string): string {
  return `${cluster}_REPLY_TOPIC`;
}
/** Where pop consumers of `group` get retries of `topic` from. */
export function popRetryTopicOf(group: string, topic: string): string {
  return `${retryTopicPrefix}${group}_${topic}`;
}
/** The second naming: `+` cannot be part of a name, so that two pairs never meet. */
export function popRetryTopicV2Of(group: string, topic: string): string {
  return `${retryTopicPrefix}${group}+${topic}`;
}
export function isRetryTopic(topic: string): boolean {
  return topic.startsWith(retryTopicPrefix);
}
export function isDlqTopic(topic: string): boolean {
  return topic.startsWith(dlqTopicPrefix);
}
export function isSystemTopic(topic: string): boolean {
  return systemTopics.has(topic) || topic.startsWith(systemTopicPrefix);
}
/** Topics that no client may send to. */
export function isUnsendableTopic(topic: string): boolean {
  return unsendableTopics.has(topic) || topic.startsWith(storeTopicPrefix);
}
export function isSystemGroup(group: string): boolean {
  return systemGroups.has(group) || group.startsWith(systemGroupPrefix);
}
