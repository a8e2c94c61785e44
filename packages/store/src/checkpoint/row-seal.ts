import { crc32 } from 'node:zlib';

/**
 * The value of each row ends with the CRC-32 of its key and its value, little-endian. LMDB has no checksums, and what rotted on the disk must not
 * be believed: everything in the rows is in the log.
 */
export const sealBytes = 4;

/** Writes the seal behind the key and the value, which lie one behind the other in `[start, end)`. */
export function writeSeal(target: Buffer, start: number, end: number): void {
  target.writeUInt32LE(crc32(target.subarray(start, end)), end);
}

export function sealed(key: Uint8Array, value: Uint8Array): Buffer {
  const bytes = Buffer.allocUnsafe(value.length + sealBytes);
  bytes.set(value);
  bytes.writeUInt32LE(crc32(value, crc32(key)), value.length);
  return bytes;
}

/** The value without its seal; undefined when that is not the one of this key and value. */
export function unsealed(key: Uint8Array, bytes: Uint8Array): Uint8Array | undefined {
  const length = bytes.length - sealBytes;
  if (length < 0) return undefined;
  const value = bytes.subarray(0, length);
  const seal = Buffer.from(bytes.buffer, bytes.byteOffset + length, sealBytes).readUInt32LE();
  return crc32(value, crc32(key)) === seal ? value : undefined;
}
