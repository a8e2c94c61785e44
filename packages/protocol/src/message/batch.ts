import { KiteError } from '@kitemq/runtime';
import { readInt16, readInt32, writeInt16, writeInt32 } from '../record/int64.ts';
import { RecordLimits } from '../record/record-layout.ts';

/** One message of a batch: topic, queue and times are those of the request. */
export interface BatchMessage {
  readonly flag: number;
  readonly body: Uint8Array;
  /** Property string, UTF-8. */
  readonly properties: Uint8Array;
}

/** Size, magic, CRC, flag, body length, properties length. */
const elementBytesMin = 22;

/**
 * Takes a batch body apart. Bodies and properties are views.
 * @throws KiteError `KITE_BATCH_INVALID` for anything but whole elements, end to end, at most `messagesMax` of them
 */
export function decodeBatch(bytes: Uint8Array, messagesMax = 65_536): BatchMessage[] {
  const messages: BatchMessage[] = [];
  let at = 0;
  while (at < bytes.length) {
    if (messages.length === messagesMax) throw batchInvalid(`it holds more than ${messagesMax} messages`, at);
    at += decodeElement(bytes, at, messages);
  }
  return messages;
}

function decodeElement(bytes: Uint8Array, offset: number, into: BatchMessage[]): number {
  if (bytes.length - offset < elementBytesMin) throw batchInvalid('an element is cut off', offset);
  const size = readInt32(bytes, offset);
  if (size < elementBytesMin || size > bytes.length - offset) throw batchInvalid(`an element of ${size} bytes does not fit`, offset);
  const end = offset + size;
  const bodyStart = offset + 20;
  const bodyLength = readInt32(bytes, offset + 16);
  if (bodyLength < 0 || bodyLength > size - elementBytesMin) throw batchInvalid('a body is longer than its element', offset);
  const propertiesStart = bodyStart + bodyLength + 2;
  const propertiesLength = readInt16(bytes, propertiesStart - 2);
  if (propertiesLength < 0 || propertiesStart + propertiesLength !== end) throw batchInvalid('lengths do not add up', offset);
  into.push({
    flag: readInt32(bytes, offset + 12),
    body: bytes.subarray(bodyStart, bodyStart + bodyLength),
    properties: bytes.subarray(propertiesStart, end),
  });
  return size;
}

/** Puts messages together as one batch body. @throws KiteError `KITE_BATCH_INVALID` for properties over 32767 bytes */
export function encodeBatch(messages: readonly BatchMessage[]): Uint8Array {
  let size = 0;
  for (const message of messages) {
    if (message.properties.length > RecordLimits.propertiesBytesMax) throw batchInvalid('the properties of a message are too long', size);
    size += elementBytesMin + message.body.length + message.properties.length;
  }
  const bytes = Buffer.alloc(size);
  let at = 0;
  for (const message of messages) {
    writeInt32(bytes, at, elementBytesMin + message.body.length + message.properties.length);
    writeInt32(bytes, at + 12, message.flag);
    writeInt32(bytes, at + 16, message.body.length);
    bytes.set(message.body, at + 20);
    at += 20 + message.body.length;
    writeInt16(bytes, at, message.properties.length);
    bytes.set(message.properties, at + 2);
    at += 2 + message.properties.length;
  }
  return bytes;
}

function batchInvalid(why: string, offset: number): KiteError {
  return new KiteError('KITE_BATCH_INVALID', `Not a batch of messages: ${why}, at byte ${offset}`, { details: { offset } });
}
