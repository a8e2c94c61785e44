import { decodeRecord, PropertyKey, PropertyName, systemTopicPrefix, TopicNames } from '@kitemq/protocol';
import type { RecordView } from '@kitemq/protocol';
import type { LogStore } from '@kitemq/store';
import type { ApacheConfig } from './apache-config.ts';

const reviveTopicPrefix = `${systemTopicPrefix}REVIVE_LOG_`;
const transactionGroup = 'CID_RMQ_SYS_TRANS';
const reviveGroup = 'CID_RMQ_SYS_REVIVE_GROUP';
const timerOut = new PropertyKey(PropertyName.timerOutMs);

/** Reads of one queue take so many records at a time. */
const readRecords = 256;
const readBytes = 1_048_576;

/** Sentences on what an Apache broker had begun and a broker of this version does not go on with. It stays in the log. */
export async function unfinished(store: LogStore, config: ApacheConfig, now: number): Promise<string[]> {
  const notes: string[] = [];
  const timers = await countTimers(store, now);
  if (timers > 0) notes.push(`${timers} messages that are due at a set time (timer wheel) stay in the log and are not delivered by this version`);
  const halves = await countHalves(store, config);
  if (halves > 0) notes.push(`${halves} transactions wait for a decision; their messages stay in the log (${TopicNames.transactionHalf}), and this version does not ask for it`);
  const revivals = countRevivals(store, config);
  if (revivals > 0) notes.push(`${revivals} entries on messages that pop consumers took stay in the log; what was not acknowledged is not handed out again by this version`);
  return notes;
}

/** Visits the queue's records from `from` on. */
async function eachRecord(store: LogStore, place: { readonly topic: string; readonly queueId: number; readonly from: number }, visit: (record: RecordView) => void): Promise<void> {
  const { topic, queueId } = place;
  let offset = Math.max(place.from, store.minOffset(topic, queueId));
  while (offset < store.maxOffset(topic, queueId)) {
    const from = offset;
    offset = await new Promise<number>((resolve) =>
      store.read(
        { topic, queueId, offset: from, maxMessages: readRecords, maxBytes: readBytes, matchesTags: undefined, matchesRecord: undefined },
        {
          readDone: ({ records, nextBeginOffset }) => {
            for (const record of records) visit(decodeRecord(record));
            resolve(nextBeginOffset);
          },
        },
      ),
    );
    if (offset <= from) break;
  }
}

function offsetOf(config: ApacheConfig, group: string, topic: string, queueId: number): number {
  return config.offsets?.offsetTable.get(`${topic}@${group}`)?.get(queueId) ?? 0;
}

async function countTimers(store: LogStore, now: number): Promise<number> {
  let count = 0;
  for (const { topic, queueId } of store.queues(TopicNames.timer)) {
    await eachRecord(store, { topic, queueId, from: 0 }, (record) => {
      if (Number(timerOut.find(record.propertiesBytes) ?? 0) > now) count++;
    });
  }
  return count;
}

/** Half messages that no op message names. An op's body is queue offsets of half messages. */
async function countHalves(store: LogStore, config: ApacheConfig): Promise<number> {
  let count = 0;
  for (const { topic, queueId } of store.queues(TopicNames.transactionHalf)) {
    const from = Math.max(offsetOf(config, transactionGroup, topic, queueId), store.minOffset(topic, queueId));
    const open = new Set<number>();
    for (let offset = from; offset < store.maxOffset(topic, queueId); offset++) open.add(offset);
    if (open.size === 0) continue;
    const opFrom = offsetOf(config, transactionGroup, TopicNames.transactionOp, queueId);
    await eachRecord(store, { topic: TopicNames.transactionOp, queueId, from: opFrom }, (record) => {
      for (const text of Buffer.from(record.body).toString('latin1').split(',')) if (text !== '') open.delete(Number(text));
    });
    count += open.size;
  }
  return count;
}

function countRevivals(store: LogStore, config: ApacheConfig): number {
  let count = 0;
  for (const { topic, queueId } of store.queues()) {
    if (topic.startsWith(reviveTopicPrefix)) count += Math.max(0, store.maxOffset(topic, queueId) - Math.max(offsetOf(config, reviveGroup, topic, queueId), store.minOffset(topic, queueId)));
  }
  return count;
}
