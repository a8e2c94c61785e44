import { Buffer } from 'node:buffer';
import { decodeProperties, encodeProperties, MessageSysFlag, PropertyName, tagsCodeOf, TopicNames } from '@kitemq/protocol';
import type { RecordView } from '@kitemq/protocol';
import type { MessageToAppend } from '@kitemq/store';

const delayProperties = [PropertyName.delay, PropertyName.timerDeliverMs, PropertyName.timerDelaySec, PropertyName.timerDelayMs];

/** A delayed message as it goes to its topic; undefined when the record does not name one. */
export function deliveredMessage(record: RecordView): MessageToAppend | undefined {
  const properties = decodeProperties(record.properties);
  const topic = properties[PropertyName.realTopic];
  const queueId = Number(properties[PropertyName.realQueueId]);
  if (topic === undefined || !Number.isInteger(queueId)) return undefined;
  for (const name of delayProperties) delete properties[name];
  const bytes = Buffer.from(encodeProperties(properties));
  return { ...copyOf(record, bytes), topic, queueId, tagsCode: tagsCodeOf(bytes) };
}

/** A delayed message as it is appended again to wait anew: its place in the level's queue is behind those that came before. */
export function carriedMessage(record: RecordView, queueId: number, dueTime: number): MessageToAppend {
  return { ...copyOf(record, Buffer.from(record.properties)), topic: TopicNames.schedule, queueId, tagsCode: dueTime };
}

function copyOf(record: RecordView, properties: Buffer): Omit<MessageToAppend, 'topic' | 'queueId' | 'tagsCode'> {
  return {
    flag: record.flag,
    sysFlag: record.sysFlag & ~(MessageSysFlag.transactionMask | MessageSysFlag.storeHostV6),
    bornTimestamp: record.bornTimestamp,
    bornHost: record.bornHost,
    reconsumeTimes: record.reconsumeTimes,
    preparedTransactionOffset: 0,
    body: record.body,
    properties,
  };
}
