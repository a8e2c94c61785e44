import { Commands, ResponseCode } from '@kitemq/protocol';
import { Refusal } from '../answer.ts';
import type { Answer, Call } from '../answer.ts';
import type { BrokerContext } from '../broker-context.ts';
import type { OffsetResets } from './offset-resets.ts';

/**
 * QUERY_CONSUMER_OFFSET (14). A group without offset starts at 0 where that loses nothing and costs little: the queue is
 * empty, or complete and young, or complete and new to a group that consumes the topic. Otherwise it is told that nothing is known and decides by itself; never is 0 a guess.
 */
export function queryConsumerOffset({ store, config, memoryBytes }: BrokerContext, { header }: Call<typeof Commands.queryConsumerOffset>): Answer<typeof Commands.queryConsumerOffset> {
  const { consumerGroup, topic, queueId } = header;
  const offset = store.consumerOffsets.get(consumerGroup, topic, queueId);
  if (offset >= 0) return { header: { offset } };
  if (header.setZeroIfNotFound === false) throw new Refusal(ResponseCode.queryNotFound, 'Not found, do not set to zero, maybe this group boot first');
  const youngBytes = (memoryBytes * config.accessMessageInMemoryMaxRatio) / 100;
  // How old offset 0 is: at most as old as the log, which is cheaper to know than where its record lies.
  const young = store.maxPosition - store.minPosition <= youngBytes;
  const complete = store.minOffset(topic, queueId) <= 0;
  // A queue that was added to a topic which the group consumes: none of it has been consumed.
  const added = store.consumerOffsets.ofQueue(consumerGroup, topic).size > 0;
  if (store.maxOffset(topic, queueId) === 0 || (complete && (young || added))) return { header: { offset: 0 } };
  throw new Refusal(ResponseCode.queryNotFound, 'Not found, V3_0_6_SNAPSHOT maybe this group consumer boot first');
}

/** UPDATE_CONSUMER_OFFSET (15) */
export function updateConsumerOffset(context: BrokerContext, resets: OffsetResets, { header }: Call<typeof Commands.updateConsumerOffset>): Answer<typeof Commands.updateConsumerOffset> {
  const { consumerGroup, topic, queueId, commitOffset } = header;
  if (consumerGroup === '' || topic === '' || queueId < 0 || commitOffset < 0) throw new Refusal(ResponseCode.invalidParameter, 'The group, the topic, the queue id and the offset are needed, and neither number may be negative.');
  if (context.groups.get(consumerGroup) === undefined) throw new Refusal(ResponseCode.subscriptionGroupNotExist, `Group ${consumerGroup} not exist!`);
  const entry = context.topics.get(topic);
  if (entry === undefined) throw new Refusal(ResponseCode.topicNotExist, `Topic ${topic} not exist!`);
  if (queueId >= Math.max(entry.config.readQueueNums, entry.config.writeQueueNums)) throw new Refusal(ResponseCode.invalidParameter, `Topic ${topic} has no queue ${queueId}.`);
  if (resets.isPending(consumerGroup, topic, queueId)) return { remark: 'Offset has been previously reset' };
  context.store.consumerOffsets.commit(consumerGroup, topic, queueId, commitOffset);
  return {};
}

/** SEARCH_OFFSET_BY_TIMESTAMP (29) */
export async function searchOffset({ store }: BrokerContext, { header }: Call<typeof Commands.searchOffsetByTimestamp>): Promise<Answer<typeof Commands.searchOffsetByTimestamp>> {
  const boundary = header.boundaryType?.toUpperCase() === 'UPPER' ? 'UPPER' : 'LOWER';
  return { header: { offset: await store.offsetByTime(header.topic, header.queueId, header.timestamp, boundary) } };
}

/** GET_MAX_OFFSET (30) */
export function maxOffset({ store }: BrokerContext, { header }: Call<typeof Commands.getMaxOffset>): Answer<typeof Commands.getMaxOffset> {
  return { header: { offset: store.maxOffset(header.topic, header.queueId, header.committed !== false) } };
}

/** GET_MIN_OFFSET (31) */
export function minOffset({ store, topics }: BrokerContext, { header }: Call<typeof Commands.getMinOffset>): Answer<typeof Commands.getMinOffset> {
  const { topic, queueId } = header;
  // As Apache's batch consume queue says it.
  if (topics.get(topic)?.batchQueue === true && store.maxOffset(topic, queueId) === 0) return { header: { offset: -1 } };
  return { header: { offset: store.minOffset(topic, queueId) } };
}

/** GET_EARLIEST_MSG_STORETIME (32) */
export async function earliestStoreTime({ store }: BrokerContext, { header }: Call<typeof Commands.getEarliestMsgStoreTime>): Promise<Answer<typeof Commands.getEarliestMsgStoreTime>> {
  return { header: { timestamp: await store.earliestStoreTime(header.topic, header.queueId) } };
}

/** GET_ALL_CONSUMER_OFFSET (43): by `topic@group` and queue. */
export function allConsumerOffsets({ store, groups, runtime }: BrokerContext): Answer<typeof Commands.getAllConsumerOffset> {
  const offsetTable = new Map<string, Map<number, number>>();
  for (const { config } of groups.entries()) {
    for (const topic of store.consumerOffsets.topicsOf(config.groupName)) {
      offsetTable.set(`${topic}@${config.groupName}`, new Map(store.consumerOffsets.ofQueue(config.groupName, topic)));
    }
  }
  return { body: { offsetTable, dataVersion: { stateVersion: 0, timestamp: runtime.clock.now(), counter: 0 } } };
}
