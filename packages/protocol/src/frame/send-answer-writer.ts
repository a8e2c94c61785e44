import type { ExtWriter } from '../frame.ts';
import type { FastBuffer } from '../header/fast-buffer.ts';
import { writeInt32 } from '../record/int64.ts';
import { FixedBytes } from './fixed-bytes.ts';
import { writeDecimal, writeJsonText } from './text-writer.ts';

/** What a stored message is answered with. */
export interface SendAnswer {
  readonly physicalOffset: number;
  readonly queueId: number;
  readonly queueOffset: number;
  /** UTF-8 of the unique key: `[keyStart, keyEnd)` of it. */
  readonly keyBytes: Uint8Array;
  readonly keyStart: number;
  readonly keyEnd: number;
}

/** The digits of `value` in hexadecimal, upper case. */
const hex = Buffer.from('0123456789ABCDEF');
/** 2^32 */
const word = 4_294_967_296;
const offsetDigits = 16;
const decimalDigitsMax = 16;
/** `\u0001` for one byte. */
const jsonBytesPerByteMax = 6;

/**
 * Writes the fields of a SendMessageResponseHeader for one stored message: what never changes stands ready, the message id goes from number to
 * text, the unique key from the stored record to the socket without a string between. The bytes are those of the general writer.
 */
export class SendAnswerWriter implements ExtWriter {
  readonly #jsonHead: FixedBytes;
  readonly #jsonTail: FixedBytes;
  readonly #binaryHead: FixedBytes;
  readonly #binaryTail: FixedBytes;
  readonly #fixedBytesMax: number;

  /** `storeHost`: 4 or 16 address bytes and the port; half of each message id. */
  constructor(storeHost: Uint8Array, facts: { readonly regionId: string; readonly traceOn: boolean }) {
    const host = Buffer.from(storeHost.buffer, storeHost.byteOffset, storeHost.length).toString('hex').toUpperCase();
    const traceOn = String(facts.traceOn);
    this.#jsonHead = new FixedBytes(`"msgId":"${host}`);
    this.#jsonTail = new FixedBytes(`","MSG_REGION":${JSON.stringify(facts.regionId)},"TRACE_ON":"${traceOn}`);
    const length = Buffer.alloc(4);
    length.writeInt32BE(host.length + offsetDigits);
    this.#binaryHead = new FixedBytes(Buffer.concat([nameBytes('msgId'), length, Buffer.from(host)]));
    this.#binaryTail = new FixedBytes(Buffer.concat([facts.regionId === '' ? Buffer.alloc(0) : binaryField('MSG_REGION', facts.regionId), binaryField('TRACE_ON', traceOn)]));
    const heads = Math.max(this.#jsonHead.length + this.#jsonTail.length, this.#binaryHead.length + this.#binaryTail.length);
    this.#fixedBytesMax = heads + offsetDigits + 2 * decimalDigitsMax + Math.max(jsonKeyBytes, binaryKeyBytes);
  }

  bytesMax(answer: SendAnswer): number {
    return this.#fixedBytesMax + (answer.keyEnd - answer.keyStart) * jsonBytesPerByteMax;
  }

  writeJson(buffer: FastBuffer, offset: number, answer: SendAnswer): number {
    let at = writeHex(buffer, this.#jsonHead.writeTo(buffer, offset), answer.physicalOffset);
    at = writeDecimal(buffer, jsonQueueId.writeTo(buffer, at), answer.queueId);
    at = writeDecimal(buffer, jsonQueueOffset.writeTo(buffer, at), answer.queueOffset);
    if (answer.keyEnd > answer.keyStart) at = writeJsonBytes(buffer, jsonTransactionId.writeTo(buffer, at), answer);
    return this.#jsonTail.writeTo(buffer, at);
  }

  writeBinary(buffer: FastBuffer, offset: number, answer: SendAnswer): number {
    let at = writeHex(buffer, this.#binaryHead.writeTo(buffer, offset), answer.physicalOffset);
    at = writeBinaryDecimal(buffer, binaryQueueId.writeTo(buffer, at), answer.queueId);
    at = writeBinaryDecimal(buffer, binaryQueueOffset.writeTo(buffer, at), answer.queueOffset);
    const { keyBytes, keyStart, keyEnd } = answer;
    if (keyEnd > keyStart) {
      at = binaryTransactionId.writeTo(buffer, at);
      writeInt32(buffer, at, keyEnd - keyStart);
      at += 4;
      for (let from = keyStart; from < keyEnd; from++) buffer[at++] = keyBytes[from]!;
    }
    return this.#binaryTail.writeTo(buffer, at);
  }
}

const jsonQueueId = new FixedBytes('","queueId":"');
const jsonQueueOffset = new FixedBytes('","queueOffset":"');
const jsonTransactionId = new FixedBytes('","transactionId":"');
const jsonKeyBytes = jsonQueueId.length + jsonQueueOffset.length + jsonTransactionId.length;
const binaryQueueId = new FixedBytes(nameBytes('queueId'));
const binaryQueueOffset = new FixedBytes(nameBytes('queueOffset'));
const binaryTransactionId = new FixedBytes(nameBytes('transactionId'));
const binaryKeyBytes = binaryQueueId.length + binaryQueueOffset.length + binaryTransactionId.length + 12;

/** int16 length and name. */
function nameBytes(name: string): Buffer {
  const key = Buffer.alloc(2 + name.length);
  key.writeInt16BE(name.length);
  key.write(name, 2);
  return key;
}

function binaryField(name: string, value: string): Buffer {
  const length = Buffer.alloc(4);
  length.writeInt32BE(Buffer.byteLength(value));
  return Buffer.concat([nameBytes(name), length, Buffer.from(value)]);
}

/** An int32 length and the digits. */
function writeBinaryDecimal(buffer: FastBuffer, offset: number, value: number): number {
  const end = writeDecimal(buffer, offset + 4, value);
  writeInt32(buffer, offset, end - offset - 4);
  return end;
}

/** Sixteen digits. */
function writeHex(buffer: FastBuffer, offset: number, value: number): number {
  let high = Math.floor(value / word);
  let low = (value - high * word) | 0;
  for (let at = offset + 15; at >= offset + 8; at--) {
    buffer[at] = hex[low & 15]!;
    low >>>= 4;
  }
  for (let at = offset + 7; at >= offset; at--) {
    buffer[at] = hex[high & 15]!;
    high >>>= 4;
  }
  return offset + offsetDigits;
}

/** The content of a JSON string. Keys are made of digits and letters; anything else goes the long way. */
function writeJsonBytes(buffer: FastBuffer, offset: number, { keyBytes, keyStart, keyEnd }: SendAnswer): number {
  for (let from = keyStart, at = offset; from < keyEnd; from++, at++) {
    const unit = keyBytes[from]!;
    if (unit < 0x20 || unit === 0x22 || unit === 0x5c || unit > 0x7e) return writeJsonText(buffer, offset, textOf(keyBytes, keyStart, keyEnd));
    buffer[at] = unit;
  }
  return offset + keyEnd - keyStart;
}

function textOf(bytes: Uint8Array, start: number, end: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString('utf8');
}
