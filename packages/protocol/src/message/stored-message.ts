import { KiteError } from '@kitemq/runtime';
import { checkRecord, RecordCheck } from '../record/check-record.ts';
import { decodeRecord } from '../record/record-view.ts';
import type { RecordView } from '../record/record-view.ts';
import { MessageSysFlag } from '../sys-flag.ts';
import { decodeBatch } from './batch.ts';
import { decompressBody } from './compression.ts';
import type { Decompressor } from './compression.ts';
import { hostText } from './hosts.ts';
import { encodeOffsetMessageId } from './message-ids.ts';
import { decodePropertyBytes } from './message-properties.ts';

/** A message read from a record, on its own: it keeps no receive buffer alive. */
export interface StoredMessage {
  readonly topic: string;
  readonly queueId: number;
  readonly queueOffset: number;
  readonly physicalOffset: number;
  readonly flag: number;
  /** Without the `compressed` bit: the body is as the producer gave it. */
  readonly sysFlag: number;
  readonly bornTimestamp: number;
  /** `ip:port`. */
  readonly bornHost: string;
  readonly storeTimestamp: number;
  readonly storeHost: string;
  readonly reconsumeTimes: number;
  readonly preparedTransactionOffset: number;
  readonly bodyCrc: number;
  /** Bytes of the record in the log. */
  readonly storeSize: number;
  readonly body: Uint8Array;
  readonly properties: Record<string, string>;
  /** The broker's message id. */
  readonly offsetMessageId: string;
}

export interface DecodeOptions {
  readonly decompressor?: Decompressor;
  /** Leave compressed bodies as they are. */
  readonly keepCompressed?: boolean;
  readonly decompressedBytesMax?: number;
}

/**
 * Reads the records of a pull, pop, query or view response. Inner batches become single messages.
 * @throws KiteError `KITE_RECORD_ILLEGAL` for anything but whole records, end to end; those of {@link decompressBody}
 */
export function decodeMessages(bytes: Uint8Array, options: DecodeOptions = {}): StoredMessage[] {
  const messages: StoredMessage[] = [];
  let at = 0;
  while (at < bytes.length) {
    const size = checkRecord(bytes, at, bytes.length, false);
    if (size <= RecordCheck.nothing) {
      throw new KiteError('KITE_RECORD_ILLEGAL', `No whole record at byte ${at} of ${bytes.length}: check ${size}`, { details: { at, check: size } });
    }
    const record = decodeRecord(bytes, at, at + size);
    if ((record.sysFlag & MessageSysFlag.needUnwrap) === 0) messages.push(messageOf(record, options));
    else unwrap(record, options, messages);
    at += size;
  }
  return messages;
}

/** One record as a message. */
export function messageOf(record: RecordView, options: DecodeOptions = {}): StoredMessage {
  const { storeHost, physicalOffset, sysFlag } = record;
  const plain = options.keepCompressed === true ? record.body : decompressBody(record.body, sysFlag, options.decompressor, options.decompressedBytesMax);
  return {
    topic: record.topic,
    queueId: record.queueId,
    queueOffset: record.queueOffset,
    physicalOffset,
    flag: record.flag,
    sysFlag: options.keepCompressed === true ? sysFlag : sysFlag & ~MessageSysFlag.compressed,
    bornTimestamp: record.bornTimestamp,
    bornHost: hostText(record.bornHost),
    storeTimestamp: record.storeTimestamp,
    storeHost: hostText(storeHost),
    reconsumeTimes: record.reconsumeTimes,
    preparedTransactionOffset: record.preparedTransactionOffset,
    bodyCrc: record.bodyCrc,
    storeSize: record.size,
    body: (sysFlag & MessageSysFlag.compressed) === 0 || options.keepCompressed === true ? Uint8Array.prototype.slice.call(plain) : plain,
    properties: decodePropertyBytes(record.propertiesBytes),
    offsetMessageId: encodeOffsetMessageId(storeHost, physicalOffset),
  };
}

/** The messages of an inner batch: what is not in an element is the wrapper's. */
function unwrap(record: RecordView, options: DecodeOptions, into: StoredMessage[]): void {
  const wrapper = messageOf(record, options);
  for (const [index, element] of decodeBatch(wrapper.body).entries()) {
    into.push({
      ...wrapper,
      queueOffset: wrapper.queueOffset + index,
      flag: element.flag,
      sysFlag: wrapper.sysFlag & ~(MessageSysFlag.needUnwrap | MessageSysFlag.innerBatch),
      body: element.body,
      properties: decodePropertyBytes(element.properties),
    });
  }
}
