import type { Commands, ConsumeQueueData } from '@kitemq/protocol';
import { decodeRecord, ResponseCode, tagsCodeOf } from '@kitemq/protocol';
import { KiteError } from '@kitemq/runtime';
import type { KeyKind, ReadResult } from '@kitemq/store';
import { Refusal } from '../answer.ts';
import type { Answer, Call } from '../answer.ts';
import type { BrokerContext } from '../broker-context.ts';

/** Most queue entries of one answer. */
const entriesMax = 1_024;

/** `indexType` on the wire; anything else is K. */
function kindOf(indexType: string | undefined): KeyKind {
  if (indexType === 'U') return 'unique';
  return indexType === 'T' ? 'tag' : 'key';
}

/**
 * QUERY_MESSAGE (12): the newest messages with a key, oldest of them first. As with Apache: a query by unique key looks for
 * `defaultQueryMaxNum`, K also finds unique keys, and nothing found is QUERY_NOT_FOUND. Other keys with the same hash are never answered.
 */
export async function queryMessage({ store, config }: BrokerContext, { header }: Call<typeof Commands.queryMessage>): Promise<Answer<typeof Commands.queryMessage>> {
  const { topic, key, maxNum, beginTimestamp, endTimestamp, indexType, uniqueKeyQuery } = header;
  const isUnique = uniqueKeyQuery === true;
  const kind = isUnique ? 'unique' : kindOf(indexType);
  const maxMessages = Math.min(isUnique ? config.defaultQueryMaxNum : maxNum, config.maxMsgsNumBatch);
  const query = { topic, key, kind, maxMessages, begin: beginTimestamp, end: endTimestamp };
  const { records, lastPosition, lastTime } = await store.queryByKey(query).catch((error: unknown): never => {
    throw KiteError.is(error, 'KITE_STORE_BUSY') ? new Refusal(ResponseCode.systemBusy, error.message) : error;
  });
  if (records.length === 0) {
    const none = { indexLastUpdateTimestamp: 0, indexLastUpdatePhyoffset: 0 };
    return { code: ResponseCode.queryNotFound, remark: 'can not find message, maybe time range not correct', header: none };
  }
  return { header: { indexLastUpdateTimestamp: lastTime, indexLastUpdatePhyoffset: lastPosition }, body: Buffer.concat(records) };
}

/** VIEW_MESSAGE_BY_ID (33): only ever a whole record, whatever offset a peer asks for. */
export async function viewMessage({ store }: BrokerContext, { header }: Call<typeof Commands.viewMessageById>): Promise<Answer<typeof Commands.viewMessageById>> {
  const record = await store.recordAt(header.offset);
  if (record === undefined) throw new Refusal(ResponseCode.systemError, `can not find message by the offset, ${header.offset}`);
  return { body: record };
}

/** QUERY_CONSUME_QUEUE (321): entries of a queue, with what the group's filter makes of them. */
export async function queryConsumeQueue({ store, clients, topics }: BrokerContext, { header }: Call<typeof Commands.queryConsumeQueue>): Promise<Answer<typeof Commands.queryConsumeQueue>> {
  const { topic = '', queueId = 0, index = 0, count = 0, consumerGroup = '' } = header;
  if (topics.get(topic) === undefined) throw new Refusal(ResponseCode.systemError, `${queueId}@${topic} is not exist!`);
  const subscription = clients.consumerGroup(consumerGroup)?.subscriptions.get(topic);
  const result = await new Promise<ReadResult>((resolve) => {
    const query = { topic, queueId, offset: index, maxMessages: Math.max(1, Math.min(count, entriesMax)), maxBytes: 8 * 1024 * 1024, matchesTags: undefined, matchesRecord: undefined };
    store.read(query, { readDone: resolve });
  });
  const queueData = result.records.map((bytes): ConsumeQueueData => {
    const record = decodeRecord(bytes);
    const tagsCode = tagsCodeOf(record.propertiesBytes);
    const takes = subscription === undefined || subscription.filter.matchesTags === undefined || subscription.filter.matchesTags(tagsCode);
    return { physicOffset: record.physicalOffset, physicSize: record.size, tagsCode, eval: takes };
  });
  return { body: { subscriptionData: subscription?.data, queueData, minQueueIndex: store.minOffset(topic, queueId), maxQueueIndex: store.maxOffset(topic, queueId) } };
}
