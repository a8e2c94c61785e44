import { decodeMessages as decodeRecords, decodeRecord, isRetryTopic, messageOf, PropertyName, recordSizeAt } from '@kitemq/protocol';
import type { StoredMessage } from '@kitemq/protocol';
import type { Logger } from '@kitemq/runtime';
import { KiteError } from '@kitemq/runtime';
import type { MessageFields } from './decoded-message.ts';

/**
 * Messages of a broker's answer. A body that cannot be decompressed is handed out as it is stored, so that one message does not hold up its queue.
 * @throws KiteError `KITE_RECORD_ILLEGAL`
 */
export function decodeMessages(records: Uint8Array, brokerName: string, logger: Logger): MessageFields[] {
  try {
    return decodeRecords(records).map((message) => fieldsOf(message, brokerName));
  } catch (error) {
    if (KiteError.is(error, 'KITE_RECORD_ILLEGAL')) throw error;
    logger.warn({ brokerName, error }, 'a message could not be decompressed; its body is handed out as it is stored');
    return decodeOneByOne(records).map((message) => fieldsOf(message, brokerName));
  }
}

function decodeOneByOne(records: Uint8Array): StoredMessage[] {
  const messages: StoredMessage[] = [];
  for (let at = 0; at < records.length; at += recordSizeAt(records, at)) {
    const end = at + recordSizeAt(records, at);
    try {
      messages.push(...decodeRecords(records.subarray(at, end)));
    } catch {
      messages.push(messageOf(decodeRecord(records, at, end), { keepCompressed: true }));
    }
  }
  return messages;
}

function fieldsOf(message: StoredMessage, brokerName: string): MessageFields {
  const { properties } = message;
  return {
    topic: isRetryTopic(message.topic) ? (properties[PropertyName.retryTopic] ?? message.topic) : message.topic,
    body: message.body,
    messageId: properties[PropertyName.uniqKey] ?? message.offsetMessageId,
    offsetMessageId: message.offsetMessageId,
    properties,
    brokerName,
    queueId: message.queueId,
    queueOffset: message.queueOffset,
    physicalOffset: message.physicalOffset,
    reconsumeTimes: message.reconsumeTimes,
    bornTimestamp: message.bornTimestamp,
    storeTimestamp: message.storeTimestamp,
    bornHost: message.bornHost,
    storeHost: message.storeHost,
    flag: message.flag,
    sysFlag: message.sysFlag,
  };
}
