import { createHash } from 'node:crypto';

/** Bytes of a key's digest: by chance two keys share one only in a store with some 2^60 of them. */
export const keyDigestBytes = 16;

const itemEnd = 2;
const nameEnd = 1;
/** `KEYS` and the separator. */
const name: Buffer = Buffer.from('KEYS\u0001');

/**
 * The KEYS property, whole (several keys separated by blanks are one key here, as Apache compacts), in a property string; undefined when there
 * is none or only blanks. Later duplicates win.
 */
export function keysOf(properties: Uint8Array): Uint8Array | undefined {
  let found: Uint8Array | undefined;
  for (let start = 0; start < properties.length; ) {
    let end = properties.indexOf(itemEnd, start);
    if (end < 0) end = properties.length;
    if (end > start + name.length && isNamed(properties, start)) found = properties.subarray(start + name.length, end);
    start = end + 1;
  }
  return found === undefined || found.every(isBlank) ? undefined : found;
}

/** What stands for a message's key in maps and rows, as latin1 text of {@link keyDigestBytes}; undefined for a message without key. */
export function keyDigest(properties: Uint8Array): string | undefined {
  const keys = keysOf(properties);
  return keys === undefined ? undefined : createHash('sha256').update(keys).digest().toString('latin1', 0, keyDigestBytes);
}

function isNamed(properties: Uint8Array, start: number): boolean {
  for (let i = 0; i < name.length; i++) if (properties[start + i] !== name[i]) return false;
  return properties[start + name.length - 1] === nameEnd;
}

/** As Java's `StringUtils.isBlank` for what occurs in ASCII. */
const isBlank = (byte: number): boolean => byte === 0x20 || (byte >= 0x09 && byte <= 0x0d) || (byte >= 0x1c && byte <= 0x1f);
