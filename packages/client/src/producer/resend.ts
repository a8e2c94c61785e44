import { encodeProperties, PropertyName, retryTopicOf } from '@kitemq/protocol';
import type { Message } from '../message/message.ts';
import type { PreparedMessage } from './prepared-message.ts';

/** Delay level of a first retry (10 s); later ones one level more each. */
const FIRST_RETRY_LEVEL = 3;

export interface ResendOptions {
  readonly group: string;
  readonly delayLevel: number;
  readonly maxReconsumeTimes: number;
  readonly messageId: string;
}

/** A copy of a consumed message for its group's retry topic: what Java sends when the broker did not take the message back. */
export function retryCopy(message: Message, options: ResendOptions): PreparedMessage {
  const level = options.delayLevel > 0 ? options.delayLevel : FIRST_RETRY_LEVEL + message.reconsumeTimes;
  const properties = {
    ...message.properties,
    [PropertyName.retryTopic]: message.topic,
    [PropertyName.originMessageId]: message.properties[PropertyName.originMessageId] ?? message.messageId,
    [PropertyName.delay]: String(level),
    [PropertyName.uniqKey]: message.properties[PropertyName.uniqKey] ?? options.messageId,
    [PropertyName.minOffset]: undefined,
    [PropertyName.maxOffset]: undefined,
  };
  return {
    topic: retryTopicOf(options.group),
    body: message.body,
    properties: encodeProperties(properties),
    sysFlag: 0,
    flag: message.flag,
    bornTimestamp: message.bornTimestamp,
    messageId: options.messageId,
    batch: false,
    reconsume: { times: message.reconsumeTimes + 1, max: options.maxReconsumeTimes },
  };
}
