import { compressBody, encodeBatch, encodeProperties, MessageSysFlag, PropertyName, RecordLimits } from '@kitemq/protocol';
import { KiteError } from '@kitemq/runtime';
import { checkTopic } from '../check-options.ts';
import type { PreparedMessage } from './prepared-message.ts';
import type { OutgoingMessage } from './producer.ts';

export interface PrepareOptions {
  readonly compressBytesMin: number;
  readonly messageBytesMax: number;
  /** A new `UNIQ_KEY`. */
  readonly nextId: () => string;
  /** ms since the epoch */
  readonly now: () => number;
}

/** Names the protocol gives a meaning: users do not set them. */
const reserved: ReadonlySet<string> = new Set(Object.values(PropertyName));
/** Delay levels as every broker knows them; a broker with more takes larger numbers, too. */
const DELAY_LEVEL_MAX = 1_000;

function invalid(text: string): KiteError {
  return new KiteError('KITE_MESSAGE_INVALID', text);
}

/** Checks a message and brings it into its wire form. @throws KiteError `KITE_MESSAGE_INVALID` | `KITE_OPTION_INVALID` (the topic) */
export function prepareMessage(message: OutgoingMessage, options: PrepareOptions): PreparedMessage {
  const plain = bodyBytes(message, options.messageBytesMax);
  const compressed = options.compressBytesMin > 0 && plain.length >= options.compressBytesMin ? compressBody(plain) : undefined;
  const messageId = options.nextId();
  return {
    topic: checkTopic(message.topic),
    body: compressed ?? plain,
    properties: propertiesText(message, messageId),
    sysFlag: compressed === undefined ? 0 : MessageSysFlag.compressed | MessageSysFlag.compressionZlib,
    flag: flagOf(message),
    bornTimestamp: options.now(),
    messageId,
    batch: false,
    reconsume: undefined,
  };
}

/** Several messages of one topic as one. @throws KiteError as {@link prepareMessage} */
export function prepareBatch(messages: readonly OutgoingMessage[], options: PrepareOptions): PreparedMessage {
  const [first] = messages;
  if (first === undefined) throw invalid('a batch needs at least one message');
  const ids: string[] = [];
  const elements = messages.map((message) => {
    checkBatchMember(message, first);
    const messageId = options.nextId();
    ids.push(messageId);
    return { flag: flagOf(message), body: bodyBytes(message, options.messageBytesMax), properties: Buffer.from(propertiesText(message, messageId)) };
  });
  const body = encodeBatch(elements);
  if (body.length > options.messageBytesMax) {
    throw invalid(`a batch of ${messages.length} messages has ${body.length} bytes; at most ${options.messageBytesMax} can be sent: split it`);
  }
  const batchId = options.nextId();
  return {
    topic: checkTopic(first.topic),
    body,
    properties: encodeProperties({ [PropertyName.wait]: String(first.waitStoreOk ?? true), [PropertyName.uniqKey]: batchId }),
    sysFlag: 0,
    flag: 0,
    bornTimestamp: options.now(),
    messageId: ids.join(','),
    batch: true,
    reconsume: undefined,
  };
}

function checkBatchMember(message: OutgoingMessage, first: OutgoingMessage): void {
  if (message.topic !== first.topic) throw invalid(`a batch goes to one topic, not to ${first.topic} and ${message.topic}`);
  if ((message.waitStoreOk ?? true) !== (first.waitStoreOk ?? true)) throw invalid('the messages of a batch need the same waitStoreOk');
  if (message.delayLevel !== undefined || message.delayMs !== undefined || message.deliverAt !== undefined) {
    throw invalid('delayed messages cannot be sent in a batch');
  }
  if (message.topic.startsWith('%RETRY%')) throw invalid('batches cannot go to a retry topic');
}

function bodyBytes(message: OutgoingMessage, bytesMax: number): Uint8Array {
  const body = typeof message.body === 'string' ? Buffer.from(message.body) : message.body;
  if (!(body instanceof Uint8Array)) throw invalid('body: give text or bytes');
  if (body.length === 0) throw invalid('body: must not be empty');
  if (body.length > bytesMax) throw invalid(`body: ${body.length} bytes are more than the ${bytesMax} allowed (messageBytesMax)`);
  return body;
}

function flagOf(message: OutgoingMessage): number {
  const flag = message.flag ?? 0;
  if (!Number.isInteger(flag) || flag < -0x80_00_00_00 || flag > 0x7f_ff_ff_ff) throw invalid(`flag: ${flag} is no 32-bit integer`);
  return flag;
}

function propertiesText(message: OutgoingMessage, messageId: string): string {
  const properties: Record<string, string | undefined> = {};
  for (const [name, value] of Object.entries(message.properties ?? {})) {
    if (reserved.has(name)) throw invalid(`properties: ${name} is the protocol's; there is an option for what may be set`);
    if (name === '' || value === '') throw invalid(`properties: '${name}' = '${value}': brokers drop properties without name or value`);
    properties[name] = String(value);
  }
  properties[PropertyName.keys] = keysText(message);
  properties[PropertyName.tags] = tagsText(message);
  properties[PropertyName.shardingKey] = message.shardingKey;
  properties[PropertyName.wait] = String(message.waitStoreOk ?? true);
  properties[PropertyName.uniqKey] = messageId;
  Object.assign(properties, delayProperties(message));
  const text = encodeProperties(properties);
  const bytes = Buffer.byteLength(text);
  if (bytes > RecordLimits.propertiesBytesMax) throw invalid(`properties: ${bytes} bytes are more than the ${RecordLimits.propertiesBytesMax} allowed`);
  return text;
}

function keysText(message: OutgoingMessage): string | undefined {
  const keys = typeof message.keys === 'string' ? [message.keys] : (message.keys ?? []);
  return keys.length === 0 ? undefined : keys.join(' ');
}

function tagsText(message: OutgoingMessage): string | undefined {
  const { tags } = message;
  if (tags === undefined || tags === '') return undefined;
  if (tags.includes('||')) throw invalid(`tags: '${tags}': a message has one tag`);
  return tags;
}

function delayProperties(message: OutgoingMessage): Record<string, string> {
  const { delayLevel, delayMs, deliverAt } = message;
  if ([delayLevel, delayMs, deliverAt].filter((each) => each !== undefined).length > 1) throw invalid('give delayLevel, delayMs or deliverAt, not several');
  if (delayLevel !== undefined) return { [PropertyName.delay]: whole('delayLevel', delayLevel, DELAY_LEVEL_MAX) };
  if (delayMs !== undefined) return { [PropertyName.timerDelayMs]: whole('delayMs', delayMs, Number.MAX_SAFE_INTEGER) };
  if (deliverAt !== undefined) return { [PropertyName.timerDeliverMs]: whole('deliverAt', Number(deliverAt), Number.MAX_SAFE_INTEGER) };
  return {};
}

function whole(name: string, value: number, max: number): string {
  if (!Number.isInteger(value) || value < 0 || value > max) throw invalid(`${name}: ${value} is not a whole number from 0 to ${max}`);
  return String(value);
}
