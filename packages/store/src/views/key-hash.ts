import { bodyLengthOffset, magicAt, MessageSysFlag, RecordMagic, recordSizeAt, sysFlagAt } from '@kitemq/protocol';

/** What a message is found by. `key`: a word of KEYS, or the unique key (Apache's files do not tell them apart); `unique`: UNIQ_KEY; `tag`: TAGS. */
export type KeyKind = 'key' | 'unique' | 'tag';

/** Takes the hashes of a record's keys: unsigned 32-bit integers. */
export interface HashSink {
  addHash(hash: number): void;
}

/** Keys of a record that are indexed, at most; its properties have room for 16 000 words. */
export const keysPerRecordMax = 1024;

const nameEnd = 0x01;
const itemEnd = 0x02;
const space = 0x20;

const item = (name: string): Uint8Array => new Uint8Array([...Buffer.from(name), nameEnd]);
const uniqueKeyItem = item('UNIQ_KEY');
const keysItem = item('KEYS');
const tagsItem = item('TAGS');
const uniqueKeyFirst = uniqueKeyItem[0];
const keysFirst = keysItem[0];
const tagsFirst = tagsItem[0];

/** FNV-1a over topic, separator, key; mixed at the end, because runs are divided by the first bits. */
const offsetBasis = 0x811c9dc5 | 0;
const prime = 0x01000193;

/** A tag is not found as a key. */
const keySeparator = new Uint8Array(Buffer.from('#'));
const tagSeparator = new Uint8Array(Buffer.from('#T#'));

function hashAll(hash: number, bytes: Uint8Array): number {
  let result = hash;
  for (let at = 0; at < bytes.length; at++) result = Math.imul(result ^ (bytes[at] as number), prime);
  return result;
}

/** Every bit of the result depends on every bit of `hash` (MurmurHash3's last step). */
function mixed(hash: number): number {
  let result = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  result = Math.imul(result ^ (result >>> 13), 0xc2b2ae35);
  return (result ^ (result >>> 16)) >>> 0;
}

/** The hash under which `key` of `topic` is found. */
export function hashOfKey(topic: string, key: string, kind: KeyKind): number {
  const topicHash = hashAll(offsetBasis, Buffer.from(topic));
  return mixed(hashAll(hashAll(topicHash, kind === 'tag' ? tagSeparator : keySeparator), Buffer.from(key)));
}

/** Hashes the keys of stored records where they lie: the unique key, each word of KEYS, TAGS. Nothing is allocated. */
export class KeyHasher {
  readonly #sink: HashSink;
  #bytes: Uint8Array = keySeparator;
  #end = 0;
  #left = 0;

  constructor(sink: HashSink) {
    this.#sink = sink;
  }

  /** Gives the sink the hashes of the whole record at `offset`; a rolled back transaction has none, as with Apache. */
  hash(bytes: Uint8Array, offset: number): void {
    const end = offset + recordSizeAt(bytes, offset);
    const sysFlag = sysFlagAt(bytes, offset);
    let at = offset + bodyLengthOffset(sysFlag);
    at += 4 + (((bytes[at] as number) << 24) | ((bytes[at + 1] as number) << 16) | ((bytes[at + 2] as number) << 8) | (bytes[at + 3] as number));
    let topicLength = bytes[at++] as number;
    if (magicAt(bytes, offset) === RecordMagic.v2) topicLength = (topicLength << 8) | (bytes[at++] as number);
    const topicEnd = at + topicLength;
    if (topicEnd + 2 >= end || (sysFlag & MessageSysFlag.transactionMask) === MessageSysFlag.transactionRollback) return;
    let topicHash = offsetBasis;
    for (; at < topicEnd; at++) topicHash = Math.imul(topicHash ^ (bytes[at] as number), prime);
    this.#bytes = bytes;
    this.#end = end;
    this.#left = keysPerRecordMax;
    this.#properties(topicEnd + 2, topicHash);
  }

  #properties(start: number, topicHash: number): void {
    const bytes = this.#bytes;
    const end = this.#end;
    for (let at = start; at < end; at++) {
      const first = bytes[at];
      if (first === uniqueKeyFirst && this.#begins(at, uniqueKeyItem)) at = this.#value(at + uniqueKeyItem.length, hashAll(topicHash, keySeparator));
      else if (first === keysFirst && this.#begins(at, keysItem)) at = this.#words(at + keysItem.length, hashAll(topicHash, keySeparator));
      else if (first === tagsFirst && this.#begins(at, tagsItem)) at = this.#value(at + tagsItem.length, hashAll(topicHash, tagSeparator));
      else while (at < end && bytes[at] !== itemEnd) at++;
    }
  }

  #begins(at: number, item: Uint8Array): boolean {
    if (at + item.length > this.#end) return false;
    for (let index = 1; index < item.length; index++) if (this.#bytes[at + index] !== item[index]) return false;
    return true;
  }

  /** The value that begins at `start`; returns where it ends. */
  #value(start: number, seed: number): number {
    const bytes = this.#bytes;
    const end = this.#end;
    let hash = seed;
    let at = start;
    for (; at < end; at++) {
      const byte = bytes[at] as number;
      if (byte === itemEnd) break;
      hash = Math.imul(hash ^ byte, prime);
    }
    if (at > start) this.#give(hash);
    return at;
  }

  /** As {@link #value}, for each word. */
  #words(start: number, seed: number): number {
    const bytes = this.#bytes;
    const end = this.#end;
    let hash = seed;
    let wordStart = start;
    let at = start;
    for (; at < end; at++) {
      const byte = bytes[at] as number;
      if (byte === itemEnd) break;
      if (byte === space) {
        if (at > wordStart) this.#give(hash);
        wordStart = at + 1;
        hash = seed;
      } else hash = Math.imul(hash ^ byte, prime);
    }
    if (at > wordStart) this.#give(hash);
    return at;
  }

  #give(hash: number): void {
    if (this.#left-- > 0) this.#sink.addHash(mixed(hash));
  }
}
