import { createHash } from 'node:crypto';
import { PropertyKey, PropertyName } from '@kitemq/protocol';

/** Bytes of a key's digest: by chance two keys share one only in a store with some 2^60 of them. */
export const keyDigestBytes = 16;

const keys = new PropertyKey(PropertyName.keys);

/**
 * What stands for a message's key in maps and rows, as latin1 text of {@link keyDigestBytes}. The key is the whole KEYS property (several keys
 * separated by blanks are one key here, as Apache compacts). Undefined for a message without it, or with nothing but blanks.
 */
export function keyDigest(properties: Uint8Array): string | undefined {
  const key = keys.find(properties);
  return key === undefined || key.trim() === '' ? undefined : createHash('sha256').update(key).digest().toString('latin1', 0, keyDigestBytes);
}
