import { bodyLengthOffset, magicAt, MessageSysFlag, RecordMagic, sysFlagAt } from '@kitemq/protocol';

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

/** Four letters as {@link DataView.getInt32} reads them, little-endian. */
const letters = (text: string): number => Buffer.from(text).readInt32LE(0);
const uniqueKeyStart = letters('UNIQ');
const uniqueKeyRest = letters('_KEY');
const uniqueKeyBytes = 9;
const keysStart = letters('KEYS');
const tagsStart = letters('TAGS');
/** `KEYS` and `TAGS` with the end of the name. */
const shortNameBytes = 5;

const seed = 0x811c9dc5 | 0;
const prime = 0x01000193;
/** Between topic and key; a tag is not found as a key. */
const keySeparator = 0x23;
const tagSeparator = 0x54;

const step = (hash: number, byte: number): number => Math.imul(hash ^ byte, prime);

/** FNV-1a, four bytes at a time. */
function hashRange(view: DataView, start: number, end: number, from: number): number {
  let hash = from;
  let at = start;
  for (; at + 4 <= end; at += 4) {
    hash = Math.imul(hash ^ view.getInt32(at, true), 0x9e3779b1);
    hash ^= hash >>> 15;
  }
  for (; at < end; at++) hash = step(hash, view.getUint8(at));
  return hash;
}

/** Where `byte` is in [start, end), `end` when it is not. Looks at four bytes at a time. */
function indexOfByte(view: DataView, byte: number, start: number, end: number): number {
  const pattern = byte * 0x01010101;
  let at = start;
  for (; at + 4 <= end; at += 4) {
    const differing = view.getInt32(at, true) ^ pattern;
    // Each byte that is 0 leaves its highest bit; what is above the first such byte may be wrong.
    const zeros = (differing - 0x01010101) & ~differing & 0x80808080;
    if (zeros !== 0) return at + ((31 - Math.clz32(zeros & -zeros)) >>> 3);
  }
  for (; at < end; at++) if (view.getUint8(at) === byte) return at;
  return end;
}

/** Every bit of the result depends on every bit of `hash` (MurmurHash3's last step): runs are divided by the first bits. */
function mixed(hash: number): number {
  let result = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  result = Math.imul(result ^ (result >>> 13), 0xc2b2ae35);
  return (result ^ (result >>> 16)) >>> 0;
}

const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** What the hashes of a topic's keys begin with. */
export function hashOfTopic(topic: Uint8Array): number {
  return hashRange(viewOf(topic), 0, topic.length, seed);
}

/** The hash under which `key` of `topic` is found. */
export function hashOfKey(topic: string, key: string, kind: KeyKind): number {
  const keyBytes = Buffer.from(key);
  return mixed(hashRange(viewOf(keyBytes), 0, keyBytes.length, step(hashOfTopic(Buffer.from(topic)), kind === 'tag' ? tagSeparator : keySeparator)));
}

/** Hashes the keys of stored records where they lie: the unique key, each word of KEYS, TAGS. Nothing is allocated. */
export class KeyHasher {
  readonly #sink: HashSink;
  #bytes: Uint8Array = Buffer.alloc(0);
  #view: DataView = viewOf(this.#bytes);
  #left = 0;

  constructor(sink: HashSink) {
    this.#sink = sink;
  }

  /** Gives the sink the hashes of the whole record at `offset`; a rolled back transaction has none, as with Apache. */
  hash(bytes: Uint8Array, offset: number): void {
    if (bytes !== this.#bytes) {
      this.#bytes = bytes;
      this.#view = viewOf(bytes);
    }
    const view = this.#view;
    const end = offset + view.getInt32(offset);
    const sysFlag = sysFlagAt(bytes, offset);
    let at = offset + bodyLengthOffset(sysFlag);
    at += 4 + view.getInt32(at);
    const isLong = magicAt(bytes, offset) === RecordMagic.v2;
    const topicEnd = isLong ? at + 2 + view.getUint16(at) : at + 1 + view.getUint8(at);
    if (topicEnd + 2 >= end || (sysFlag & MessageSysFlag.transactionMask) === MessageSysFlag.transactionRollback) return;
    this.hashProperties(bytes, topicEnd + 2, end, hashRange(view, at + (isLong ? 2 : 1), topicEnd, seed));
  }

  /** As {@link hash}, of the property string in [start, end) of a record whose topic has this {@link hashOfTopic}. */
  hashProperties(bytes: Uint8Array, start: number, end: number, topicHash: number): void {
    if (bytes !== this.#bytes) {
      this.#bytes = bytes;
      this.#view = viewOf(bytes);
    }
    this.#left = keysPerRecordMax;
    this.#properties(start, end, topicHash);
  }

  #properties(start: number, end: number, topicHash: number): void {
    const view = this.#view;
    for (let at = start; at < end; ) {
      const itemStart = at + 4 < end ? view.getInt32(at, true) : 0;
      const stop = indexOfByte(view, itemEnd, at, end);
      if (itemStart === keysStart) {
        if (view.getUint8(at + 4) === nameEnd) this.#words(at + shortNameBytes, stop, step(topicHash, keySeparator));
      } else if (itemStart === uniqueKeyStart) {
        if (at + uniqueKeyBytes <= stop && view.getInt32(at + 4, true) === uniqueKeyRest && view.getUint8(at + 8) === nameEnd) {
          this.#value(at + uniqueKeyBytes, stop, step(topicHash, keySeparator));
        }
      } else if (itemStart === tagsStart && view.getUint8(at + 4) === nameEnd) this.#value(at + shortNameBytes, stop, step(topicHash, tagSeparator));
      at = stop + 1;
    }
  }

  #value(start: number, end: number, from: number): void {
    if (start < end && this.#left-- > 0) this.#sink.addHash(mixed(hashRange(this.#view, start, end, from)));
  }

  #words(start: number, end: number, from: number): void {
    for (let at = start; at < end; ) {
      const stop = indexOfByte(this.#view, space, at, end);
      this.#value(at, stop, from);
      at = stop + 1;
    }
  }
}
