import { crc32 } from 'node:zlib';

/** RocketMQ's CRC: the standard CRC-32 without its top bit, as a non-negative int32. */
export function maskedCrc32(bytes: Uint8Array): number {
  return crc32(bytes) & 0x7f_ff_ff_ff;
}

/** Bytes that the `__CRC32#` property takes at the end of a record's properties. */
export const crcPropertyBytes = 20;

/** The digits of the `__CRC32#` property: ten, the least significant first. */
export function crcDigits(crc: number): string {
  let digits = '';
  let rest = crc;
  for (let index = 0; index < 10; index++) {
    digits += rest % 10;
    rest = Math.floor(rest / 10);
  }
  return digits;
}
