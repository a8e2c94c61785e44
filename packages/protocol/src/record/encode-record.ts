import { KiteError } from '@kitemq/runtime';
import { MessageSysFlag } from '../sys-flag.ts';
import { maskedCrc32 } from './crc32.ts';
import { writeInt16, writeInt32, writeInt64 } from './int64.ts';
import { hostBytesV4, hostBytesV6, RecordLimits, RecordMagic } from './record-layout.ts';

/** A message as it goes into the log. Its bytes are copied, nothing is kept. */
export interface RecordFields {
  queueId: number;
  flag: number;
  queueOffset: number;
  physicalOffset: number;
  /** The host bits are set from the hosts' lengths. */
  sysFlag: number;
  /** ms since the epoch. */
  bornTimestamp: number;
  /** 4 or 16 address bytes and an int32 port. */
  bornHost: Uint8Array;
  storeTimestamp: number;
  storeHost: Uint8Array;
  reconsumeTimes: number;
  preparedTransactionOffset: number;
  body: Uint8Array;
  /** UTF-8. More than 127 bytes make a v2 record. */
  topic: Uint8Array;
  /** Property string, UTF-8. */
  properties: Uint8Array;
}

/** Byte lengths of a record's variable parts. */
export interface RecordLengths {
  readonly topic: number;
  readonly body: number;
  readonly properties: number;
  /** 8 or 20. */
  readonly bornHost: number;
  readonly storeHost: number;
}

/** The size of a record, in bytes. */
export function recordSize(lengths: RecordLengths): number {
  const version = lengths.topic > RecordLimits.topicBytesMaxV1 ? 1 : 0;
  const hosts = lengths.bornHost + lengths.storeHost - 2 * hostBytesV4;
  return RecordLimits.recordBytesMin + version + hosts + lengths.topic + lengths.body + lengths.properties;
}

/** {@link recordSize} of these fields. */
export function recordSizeOf(fields: RecordFields): number {
  return (
    RecordLimits.recordBytesMin +
    (fields.topic.length > RecordLimits.topicBytesMaxV1 ? 1 : 0) +
    fields.bornHost.length +
    fields.storeHost.length -
    2 * hostBytesV4 +
    fields.topic.length +
    fields.body.length +
    fields.properties.length
  );
}

/**
 * Writes a record straight into `target` and returns its size.
 * @throws KiteError `KITE_RECORD_ILLEGAL` for what the format cannot hold, `KITE_BUFFER_TOO_SMALL`
 */
export function encodeRecord(target: Uint8Array, offset: number, fields: RecordFields): number {
  const { topic, body, properties, bornHost, storeHost } = fields;
  checkLengths(fields);
  const size = recordSizeOf(fields);
  if (offset + size > target.length) {
    throw new KiteError('KITE_BUFFER_TOO_SMALL', `A record of ${size} bytes does not fit at ${offset} of ${target.length}`);
  }
  const long = topic.length > RecordLimits.topicBytesMaxV1;
  const sysFlag =
    (fields.sysFlag & ~(MessageSysFlag.bornHostV6 | MessageSysFlag.storeHostV6)) |
    (bornHost.length === hostBytesV6 ? MessageSysFlag.bornHostV6 : 0) |
    (storeHost.length === hostBytesV6 ? MessageSysFlag.storeHostV6 : 0);
  writeInt32(target, offset, size);
  writeInt32(target, offset + 4, long ? RecordMagic.v2 : RecordMagic.v1);
  writeInt32(target, offset + 8, maskedCrc32(body));
  writeInt32(target, offset + 12, fields.queueId);
  writeInt32(target, offset + 16, fields.flag);
  writeInt64(target, offset + 20, fields.queueOffset);
  writeInt64(target, offset + 28, fields.physicalOffset);
  writeInt32(target, offset + 36, sysFlag);
  writeInt64(target, offset + 40, fields.bornTimestamp);
  target.set(bornHost, offset + 48);
  let at = offset + 48 + bornHost.length;
  writeInt64(target, at, fields.storeTimestamp);
  target.set(storeHost, at + 8);
  at += 8 + storeHost.length;
  writeInt32(target, at, fields.reconsumeTimes);
  writeInt64(target, at + 4, fields.preparedTransactionOffset);
  writeInt32(target, at + 12, body.length);
  target.set(body, at + 16);
  at += 16 + body.length;
  if (long) {
    writeInt16(target, at, topic.length);
    at += 2;
  } else {
    target[at] = topic.length;
    at += 1;
  }
  target.set(topic, at);
  at += topic.length;
  writeInt16(target, at, properties.length);
  target.set(properties, at + 2);
  return size;
}

function checkLengths(fields: RecordFields): void {
  if (fields.topic.length > RecordLimits.topicBytesMaxV2) throw illegal(`a topic of ${fields.topic.length} bytes`);
  if (fields.properties.length > RecordLimits.propertiesBytesMax) throw illegal(`properties of ${fields.properties.length} bytes`);
  if (!isHost(fields.bornHost) || !isHost(fields.storeHost)) throw illegal('a host that is not 8 or 20 bytes long');
}

function isHost(bytes: Uint8Array): boolean {
  return bytes.length === hostBytesV4 || bytes.length === hostBytesV6;
}

function illegal(what: string): KiteError {
  return new KiteError('KITE_RECORD_ILLEGAL', `A record cannot hold ${what}`);
}

/** Writes the filler that ends a segment: `size` bytes are left in it, at least 8. Only its head is written. */
export function encodeFiller(target: Uint8Array, offset: number, size: number): void {
  if (size < RecordLimits.fillerBytesMin || offset + RecordLimits.fillerBytesMin > target.length) throw illegal(`a filler of ${size} bytes`);
  writeInt32(target, offset, size);
  writeInt32(target, offset + 4, RecordMagic.blank);
}
