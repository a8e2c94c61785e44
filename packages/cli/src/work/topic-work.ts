import { isDlqTopic, isRetryTopic, isSystemTopic } from '@kitemq/protocol';
import type { BrokerTarget } from '@kitemq/client';
import type { Session } from '../command/session.ts';

export interface TopicTargetFlags {
  readonly cluster?: string | undefined;
  readonly broker?: string | undefined;
}

export interface CreateTopicFlags extends TopicTargetFlags {
  readonly topic: string;
  readonly queues?: number | undefined;
  readonly readQueues?: number | undefined;
  readonly writeQueues?: number | undefined;
  readonly perm?: number | undefined;
  readonly order?: boolean | undefined;
  /** `message.type=FIFO`, `+message.type=FIFO`, several joined by `,`. */
  readonly attributes?: string | undefined;
  readonly keepHours?: number | undefined;
  readonly keepBytes?: number | undefined;
}

/** `host:port` is an address, anything else a broker name. */
export function brokerTarget(flags: TopicTargetFlags): BrokerTarget {
  if (flags.broker === undefined) return { cluster: flags.cluster };
  return flags.broker.includes(':') ? { brokerAddress: flags.broker } : { brokerName: flags.broker };
}

function attributesOf(text: string | undefined): Record<string, string> | undefined {
  if (text === undefined) return undefined;
  const entries = text.split(',').map((part) => part.trim().replace(/^\+/, '').split('='));
  return Object.fromEntries(entries.map(([key = '', value = '']) => [key, value]));
}

function withRetention({ attributes, keepHours, keepBytes }: CreateTopicFlags): Record<string, string> | undefined {
  const given = attributesOf(attributes);
  if (keepHours === undefined && keepBytes === undefined) return given;
  return { ...given, ...(keepHours === undefined ? {} : { 'reserve.time': String(keepHours) }), ...(keepBytes === undefined ? {} : { 'reserve.bytes': String(keepBytes) }) };
}

export async function createTopic(session: Session, flags: CreateTopicFlags): Promise<void> {
  const { topic, perm, order } = flags;
  const readQueues = flags.readQueues ?? flags.queues;
  const writeQueues = flags.writeQueues ?? flags.queues;
  await session.admin.createTopic({ topic, readQueues, writeQueues, perm, order, attributes: withRetention(flags) }, brokerTarget(flags), { signal: session.signal });
  const route = await session.admin.topicRoute(topic, { signal: session.signal });
  const brokers = route.queues.map((queue) => queue.brokerName).join(', ');
  session.answer(route, () => `Topic ${topic} is on ${brokers} with ${route.queues.map((queue) => queue.writeQueues).join(', ')} queues.\n`);
}

export async function deleteTopic(session: Session, topic: string, target: TopicTargetFlags): Promise<void> {
  await session.admin.deleteTopic(topic, brokerTarget(target), { signal: session.signal });
  session.answer({ topic, deleted: true }, () => `Topic ${topic} is deleted.\n`);
}

/** Topics that RocketMQ makes for itself, for a broker or for a group. */
function isMadeByBrokers(topic: string): boolean {
  return isSystemTopic(topic) || isRetryTopic(topic) || isDlqTopic(topic);
}

export async function listTopics(session: Session, flags: { readonly cluster?: string | undefined; readonly all?: boolean | undefined }): Promise<void> {
  const { cluster } = flags;
  const [all, overview] = await Promise.all([
    session.admin.listTopics({ signal: session.signal, ...(cluster === undefined ? {} : { cluster }) }),
    session.admin.clusterInfo({ signal: session.signal }),
  ]);
  // Every broker has a topic with its own name and one with its cluster's.
  const own = new Set([...overview.clusters, ...overview.brokers.map((broker) => broker.brokerName)]);
  const topics = flags.all === true ? all : all.filter((topic) => !isMadeByBrokers(topic) && !own.has(topic));
  session.table(topics, ['TOPIC'], topics.map((topic) => [topic]), 'No topics. Create one with: kitemq topic create NAME (system topics are shown with --all)');
}

function timeText(timestamp: number): string {
  return timestamp > 0 ? new Date(timestamp).toISOString() : '-';
}

export async function topicStatus(session: Session, topic: string): Promise<void> {
  const status = await session.admin.topicStatus(topic, { signal: session.signal });
  const rows = status.queues.map((queue) => [
    queue.brokerName,
    queue.queueId,
    queue.minOffset,
    queue.maxOffset,
    queue.maxOffset - queue.minOffset,
    timeText(queue.lastUpdateTimestamp),
  ]);
  session.table(status, ['BROKER', 'QUEUE', 'MIN OFFSET', 'MAX OFFSET', 'MESSAGES', 'LAST MESSAGE'], rows, `Topic ${topic} has no queues.`);
}

export async function topicRoute(session: Session, topic: string): Promise<void> {
  const route = await session.admin.topicRoute(topic, { signal: session.signal });
  const addresses = new Map(route.brokers.map((broker) => [broker.brokerName, broker.members.map((member) => `${member.brokerId}=${member.address}`).join(' ')]));
  const rows = route.queues.map((queue) => [queue.brokerName, queue.readQueues, queue.writeQueues, queue.perm, addresses.get(queue.brokerName)]);
  session.table(route, ['BROKER', 'READ QUEUES', 'WRITE QUEUES', 'PERM', 'ADDRESSES'], rows, `Topic ${topic} has no queues.`);
}
