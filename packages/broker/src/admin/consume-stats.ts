import type { Commands, ConsumeStats } from '@kitemq/protocol';
import { ConsumeStats as ConsumeStatsBody, isRetryTopic, QueueTimeSpan, ResponseCode } from '@kitemq/protocol';
import { Refusal } from '../answer.ts';
import type { Answer, Call } from '../answer.ts';
import type { BrokerContext } from '../broker-context.ts';
import type { PullOffsets } from '../pull/pull-offsets.ts';

interface ConsumeStatsCall {
  readonly context: BrokerContext;
  readonly pullOffsets: PullOffsets;
  readonly group: string;
  readonly topics: readonly string[];
  /** Leave out topics that the group is online for but does not subscribe to. */
  readonly onlySubscribed: boolean;
}

/** Where a group stands in each queue of the topics. */
async function statsOf({ context, pullOffsets, group, topics, onlySubscribed }: ConsumeStatsCall): Promise<ConsumeStats> {
  const { store, config } = context;
  const stats = ConsumeStatsBody.create();
  const online = context.clients.consumerGroup(group);
  for (const topic of topics) {
    const entry = context.topics.get(topic);
    if (entry === undefined) continue;
    if (onlySubscribed && online !== undefined && online.subscriptions.size > 0 && !online.subscriptions.has(topic)) continue;
    for (let queueId = 0; queueId < entry.config.readQueueNums; queueId++) {
      const brokerOffset = store.maxOffset(topic, queueId);
      const committed = store.consumerOffsets.get(group, topic, queueId);
      const consumerOffset = Math.max(0, committed);
      // The time of the last message that was consumed.
      const lastTimestamp = consumerOffset > 0 ? await store.storeTimeAt(topic, queueId, consumerOffset - 1) : 0;
      const pulled = pullOffsets.get(group, topic, queueId);
      stats.offsetTable.set(
        { topic, brokerName: config.brokerName, queueId },
        { brokerOffset, consumerOffset, pullOffset: Math.max(pulled, consumerOffset), lastTimestamp: Math.max(0, lastTimestamp) },
      );
    }
    stats.consumeTps += context.groups.get(group)?.traffic.get(topic)?.getCount.window('minute').tps ?? 0;
  }
  return stats;
}

/** GET_CONSUME_STATS (208) */
export async function consumeStats(context: BrokerContext, pullOffsets: PullOffsets, { header }: Call<typeof Commands.getConsumeStats>): Promise<Answer<typeof Commands.getConsumeStats>> {
  const group = header.consumerGroup;
  const named = (header.topicList ?? '').split(';').filter((topic) => topic !== '');
  let topics = named;
  if (topics.length === 0) topics = header.topic === undefined || header.topic === '' ? context.store.consumerOffsets.topicsOf(group) : [header.topic];
  return { body: await statsOf({ context, pullOffsets, group, topics, onlySubscribed: named.length === 0 }) };
}

/** GET_BROKER_CONSUME_STATS (317): of all groups, with their lag. */
export async function brokerConsumeStats(context: BrokerContext, pullOffsets: PullOffsets, { header }: Call<typeof Commands.getBrokerConsumeStats>): Promise<Answer<typeof Commands.getBrokerConsumeStats>> {
  const consumeStatsList: Map<string, ConsumeStats[]>[] = [];
  let totalDiff = 0;
  let totalInflightDiff = 0;
  for (const { config } of context.groups.entries()) {
    const all: ConsumeStats[] = [];
    for (const topic of context.store.consumerOffsets.topicsOf(config.groupName)) {
      if (header.isOrder && context.topics.get(topic)?.config.order !== true) continue;
      const stats = await statsOf({ context, pullOffsets, group: config.groupName, topics: [topic], onlySubscribed: true });
      for (const queue of stats.offsetTable.values()) {
        totalDiff += queue.brokerOffset - queue.consumerOffset;
        totalInflightDiff += queue.pullOffset - queue.consumerOffset;
      }
      if (stats.offsetTable.size > 0) all.push(stats);
    }
    if (all.length > 0) consumeStatsList.push(new Map([[config.groupName, all]]));
  }
  return { body: { consumeStatsList, brokerAddr: context.address(), totalDiff, totalInflightDiff } };
}

/** QUERY_TOPIC_CONSUME_BY_WHO (300): groups that are online for it, and groups that have offsets in it. */
export function groupsOfTopic({ clients, store }: BrokerContext, { header }: Call<typeof Commands.queryTopicConsumeByWho>): Answer<typeof Commands.queryTopicConsumeByWho> {
  return { body: { groupList: [...new Set([...clients.groupsSubscribedTo(header.topic), ...store.consumerOffsets.groupsOf(header.topic)])] } };
}

/** QUERY_TOPICS_BY_CONSUMER (343) */
export function topicsOfGroup({ store, address }: BrokerContext, { header }: Call<typeof Commands.queryTopicsByConsumer>): Answer<typeof Commands.queryTopicsByConsumer> {
  return { body: { topicList: store.consumerOffsets.topicsOf(header.group), brokerAddr: address() } };
}

/** QUERY_SUBSCRIPTION_BY_CONSUMER (345) */
export function subscriptionOfGroup({ clients }: BrokerContext, { header }: Call<typeof Commands.querySubscriptionByConsumer>): Answer<typeof Commands.querySubscriptionByConsumer> {
  const topic = header.topic ?? '';
  return { body: { group: header.group, topic, subscriptionData: clients.consumerGroup(header.group)?.subscriptions.get(topic)?.data } };
}

/** QUERY_CONSUME_TIME_SPAN (303): how old the messages are that the group has not consumed. */
export async function consumeTimeSpan({ topics, store, config, runtime }: BrokerContext, { header }: Call<typeof Commands.queryConsumeTimeSpan>): Promise<Answer<typeof Commands.queryConsumeTimeSpan>> {
  const { topic, group } = header;
  const entry = topics.get(topic);
  if (entry === undefined) throw new Refusal(ResponseCode.topicNotExist, `topic[${topic}] not exist`);
  const consumeTimeSpanSet: QueueTimeSpan[] = [];
  for (let queueId = 0; queueId < entry.config.writeQueueNums; queueId++) {
    const maxOffset = store.maxOffset(topic, queueId);
    const maxTimeStamp = maxOffset > 0 ? await store.storeTimeAt(topic, queueId, maxOffset - 1) : -1;
    const consumed = store.consumerOffsets.get(group, topic, queueId);
    const minTimeStamp = await store.earliestStoreTime(topic, queueId);
    const consumeTimeStamp = consumed > 0 ? await store.storeTimeAt(topic, queueId, consumed - 1) : minTimeStamp;
    // How long the oldest message that is not consumed has waited.
    // Messages that were deleted are not waited for.
    const next = Math.max(consumed, store.minOffset(topic, queueId));
    const delayTime = consumed >= 0 && next < maxOffset ? runtime.clock.now() - (await store.storeTimeAt(topic, queueId, next)) : 0;
    consumeTimeSpanSet.push(QueueTimeSpan.create({ messageQueue: { topic, brokerName: config.brokerName, queueId }, minTimeStamp, maxTimeStamp, consumeTimeStamp, delayTime }));
  }
  return { body: { consumeTimeSpanSet } };
}

/** QUERY_CORRECTION_OFFSET (308): the smallest offset of all groups in each queue; of a queue where `compareGroup` is ahead of it, the largest number. */
export function correctionOffset({ store }: BrokerContext, { header }: Call<typeof Commands.queryCorrectionOffset>): Answer<typeof Commands.queryCorrectionOffset> {
  const { topic, compareGroup } = header;
  const excluded = new Set((header.filterGroups ?? '').split(',').filter((group) => group !== ''));
  const correctionOffsets = new Map<number, number>();
  for (const group of store.consumerOffsets.groupsOf(topic)) {
    if (excluded.has(group)) continue;
    for (const [queueId, offset] of store.consumerOffsets.ofQueue(group, topic)) {
      if (offset < store.minOffset(topic, queueId)) continue;
      correctionOffsets.set(queueId, Math.min(correctionOffsets.get(queueId) ?? Number.MAX_SAFE_INTEGER, offset));
    }
  }
  for (const [queueId, offset] of store.consumerOffsets.ofQueue(compareGroup, topic)) {
    const smallest = correctionOffsets.get(queueId);
    if (smallest !== undefined && offset > smallest) correctionOffsets.set(queueId, Number.MAX_SAFE_INTEGER);
  }
  return { body: { correctionOffsets } };
}

/** CLONE_GROUP_OFFSET (314): the source's offsets become the destination's, for one topic or all but its retry topic. */
export function cloneOffsets({ store, topics }: BrokerContext, { header }: Call<typeof Commands.cloneGroupOffset>): Answer<typeof Commands.cloneGroupOffset> {
  const { srcGroup, destGroup, topic } = header;
  const all = topic === undefined || topic === '' ? store.consumerOffsets.topicsOf(srcGroup) : [topic];
  for (const name of all) {
    if (topics.get(name) === undefined || (isRetryTopic(name) && name !== topic)) continue;
    for (const [queueId, offset] of store.consumerOffsets.ofQueue(srcGroup, name)) store.consumerOffsets.commit(destGroup, name, queueId, offset);
  }
  return {};
}
