import { KiteError } from '@kitemq/runtime';
import type { Message } from './message.ts';

/** What a decoder finds in a stored record, names and topic as users see them. */
export type MessageFields = Omit<Message, 'text' | 'json' | 'tags' | 'keys'>;

const utf8 = new TextDecoder();

/** A message read from a broker. */
export class DecodedMessage implements Message {
  readonly topic: string;
  readonly body: Uint8Array;
  readonly messageId: string;
  readonly offsetMessageId: string;
  readonly properties: Readonly<Record<string, string>>;
  readonly brokerName: string;
  readonly queueId: number;
  readonly queueOffset: number;
  readonly physicalOffset: number;
  readonly reconsumeTimes: number;
  readonly bornTimestamp: number;
  readonly storeTimestamp: number;
  readonly bornHost: string;
  readonly storeHost: string;
  readonly flag: number;
  readonly sysFlag: number;

  constructor(fields: MessageFields) {
    this.topic = fields.topic;
    this.body = fields.body;
    this.messageId = fields.messageId;
    this.offsetMessageId = fields.offsetMessageId;
    this.properties = fields.properties;
    this.brokerName = fields.brokerName;
    this.queueId = fields.queueId;
    this.queueOffset = fields.queueOffset;
    this.physicalOffset = fields.physicalOffset;
    this.reconsumeTimes = fields.reconsumeTimes;
    this.bornTimestamp = fields.bornTimestamp;
    this.storeTimestamp = fields.storeTimestamp;
    this.bornHost = fields.bornHost;
    this.storeHost = fields.storeHost;
    this.flag = fields.flag;
    this.sysFlag = fields.sysFlag;
  }

  get tags(): string | undefined {
    return this.properties['TAGS'];
  }

  get keys(): readonly string[] {
    const keys = this.properties['KEYS'];
    return keys === undefined ? [] : keys.split(' ').filter((key) => key !== '');
  }

  text(): string {
    return utf8.decode(this.body);
  }

  json<T = unknown>(): T {
    try {
      return JSON.parse(this.text()) as T;
    } catch (error) {
      throw new KiteError('KITE_BODY_INVALID', `the body of message ${this.messageId} (topic ${this.topic}) is not JSON`, { cause: error });
    }
  }
}
