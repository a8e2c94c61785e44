/** 2^32, to split a 64-bit number in two halves: no BigInt on the hot path. */
const word = 4_294_967_296;

/** Writes an int64, big-endian. `value` is a safe integer; the caller has checked that eight bytes are left. */
export function writeInt64(bytes: Uint8Array, offset: number, value: number): void {
  const high = Math.floor(value / word);
  const low = value - high * word;
  bytes[offset] = high >> 24;
  bytes[offset + 1] = high >> 16;
  bytes[offset + 2] = high >> 8;
  bytes[offset + 3] = high;
  bytes[offset + 4] = low >>> 24;
  bytes[offset + 5] = low >>> 16;
  bytes[offset + 6] = low >>> 8;
  bytes[offset + 7] = low;
}

/** Reads an int64, big-endian, clamped to ±(2^53 − 1). */
export function readInt64(bytes: Uint8Array, offset: number): number {
  const high = readInt32(bytes, offset);
  const value = high * word + (readInt32(bytes, offset + 4) >>> 0);
  if (value > Number.MAX_SAFE_INTEGER) return Number.MAX_SAFE_INTEGER;
  return value < Number.MIN_SAFE_INTEGER ? Number.MIN_SAFE_INTEGER : value;
}

export function writeInt32(bytes: Uint8Array, offset: number, value: number): void {
  bytes[offset] = value >> 24;
  bytes[offset + 1] = value >> 16;
  bytes[offset + 2] = value >> 8;
  bytes[offset + 3] = value;
}

export function readInt32(bytes: Uint8Array, offset: number): number {
  return (bytes[offset]! << 24) | (bytes[offset + 1]! << 16) | (bytes[offset + 2]! << 8) | bytes[offset + 3]!;
}

export function writeInt16(bytes: Uint8Array, offset: number, value: number): void {
  bytes[offset] = value >> 8;
  bytes[offset + 1] = value;
}

/** Signed. */
export function readInt16(bytes: Uint8Array, offset: number): number {
  return ((bytes[offset]! << 24) | (bytes[offset + 1]! << 16)) >> 16;
}
