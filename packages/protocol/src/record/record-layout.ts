import { MessageSysFlag } from '../sys-flag.ts';
import { readInt32, readInt64 } from './int64.ts';

/** First int32 after a record's size: topic length in one byte (v1), in two (v2), or the filler at the end of a segment. */
export const RecordMagic = { v1: 0xda_a3_20_a7 | 0, v2: 0xda_a3_20_ab | 0, blank: 0xcb_d4_31_94 | 0 } as const;

/** Positions of fields that do not depend on the hosts' lengths. */
export const RecordOffset = {
  size: 0,
  magic: 4,
  bodyCrc: 8,
  queueId: 12,
  flag: 16,
  queueOffset: 20,
  physicalOffset: 28,
  sysFlag: 36,
  bornTimestamp: 40,
  bornHost: 48,
} as const;

export const RecordLimits = {
  /** Size, magic: what a filler must have. */
  fillerBytesMin: 8,
  /** v1, both hosts IPv4, nothing in it. */
  recordBytesMin: 91,
  /** The length is read as a signed byte. */
  topicBytesMaxV1: 127,
  topicBytesMaxV2: 32_767,
  propertiesBytesMax: 32_767,
} as const;

export const hostBytesV4 = 8;
export const hostBytesV6 = 20;

/** Field readers: `offset` is the record's first byte. They check nothing. */
export function recordSizeAt(bytes: Uint8Array, offset: number): number {
  return readInt32(bytes, offset);
}
export function magicAt(bytes: Uint8Array, offset: number): number {
  return readInt32(bytes, offset + RecordOffset.magic);
}
export function bodyCrcAt(bytes: Uint8Array, offset: number): number {
  return readInt32(bytes, offset + RecordOffset.bodyCrc);
}
export function queueIdAt(bytes: Uint8Array, offset: number): number {
  return readInt32(bytes, offset + RecordOffset.queueId);
}
export function flagAt(bytes: Uint8Array, offset: number): number {
  return readInt32(bytes, offset + RecordOffset.flag);
}
export function queueOffsetAt(bytes: Uint8Array, offset: number): number {
  return readInt64(bytes, offset + RecordOffset.queueOffset);
}
export function physicalOffsetAt(bytes: Uint8Array, offset: number): number {
  return readInt64(bytes, offset + RecordOffset.physicalOffset);
}
export function sysFlagAt(bytes: Uint8Array, offset: number): number {
  return readInt32(bytes, offset + RecordOffset.sysFlag);
}
export function bornTimestampAt(bytes: Uint8Array, offset: number): number {
  return readInt64(bytes, offset + RecordOffset.bornTimestamp);
}
/** Where the store timestamp is: behind the born host, whose length `sysFlag` tells. */
export function storeTimestampOffset(sysFlag: number): number {
  return RecordOffset.bornHost + ((sysFlag & MessageSysFlag.bornHostV6) === 0 ? hostBytesV4 : hostBytesV6);
}
export function storeTimestampAt(bytes: Uint8Array, offset: number): number {
  return readInt64(bytes, offset + storeTimestampOffset(sysFlagAt(bytes, offset)));
}
/** Where reconsume times, the first field behind the hosts, are. */
export function reconsumeTimesOffset(sysFlag: number): number {
  return storeTimestampOffset(sysFlag) + 8 + ((sysFlag & MessageSysFlag.storeHostV6) === 0 ? hostBytesV4 : hostBytesV6);
}
/** Where the body's length is. */
export function bodyLengthOffset(sysFlag: number): number {
  return reconsumeTimesOffset(sysFlag) + 12;
}
