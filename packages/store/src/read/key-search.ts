import { bodyCrcAt, decodeProperties, decodeRecord, PropertyName, queueIdAt, queueOffsetAt, storeTimestampAt } from '@kitemq/protocol';
import { KiteError, type Timers } from '@kitemq/runtime';
import type { KeyQuery, KeyQueryResult } from '../message-store.ts';
import { hashOfKey } from '../views/key-hash.ts';
import type { KeySource, KeyView } from '../views/keys.ts';
import type { RecordReader } from './record-reader.ts';

/** Records that one query reads: a key may be in many messages outside the wanted time, and other keys may have the same hash. */
export const candidatesMax = 4096;

/** Records in a row that are older than wanted before no younger one is expected behind them: a clock may have been set back. */
const olderMax = 64;

/** Queries at a time: each reads from disk, one record after the other, and consumers do too. */
export const queriesMax = 64;

/** Runs looked at before others get a turn: each costs a page that may have to come from disk. */
const sourcesPerTurn = 16;

export const queryBytesMaxDefault: number = 8 * 1024 * 1024;

export interface KeySearchParts {
  readonly keys: KeyView;
  readonly records: RecordReader;
  readonly timers: Timers;
  /** Offset of the queue's first message: what its topic's settings took away is not found any more. */
  readonly minOffsetOf: (topic: string, queueId: number) => number;
  /** Log positions between which records may be handed out. */
  readonly limits: () => { readonly min: number; readonly visible: number };
}

/** Answers queries by key: candidates from the index, newest first, each verified against the record itself. */
export class KeySearch {
  readonly #parts: KeySearchParts;
  #running = 0;

  constructor(parts: KeySearchParts) {
    this.#parts = parts;
  }

  /** @throws KiteError `KITE_STORE_BUSY` beyond {@link queriesMax} */
  async query(query: KeyQuery): Promise<KeyQueryResult> {
    if (this.#running >= queriesMax) throw new KiteError('KITE_STORE_BUSY', `${queriesMax} queries by key are running already; try again`, { retryable: true });
    this.#running++;
    try {
      return await this.#search(query);
    } finally {
      this.#running--;
    }
  }

  async #search(query: KeyQuery): Promise<KeyQueryResult> {
    const sources = this.#parts.keys.sources();
    const newest = sources[0];
    const found = new Found(query);
    const hash = hashOfKey(query.topic, query.key, query.kind ?? 'key');
    for (let index = 0; index < sources.length && found.wantsMore; index++) {
      if (index % sourcesPerTurn === sourcesPerTurn - 1) await new Promise<void>((resolve) => void this.#parts.timers.setImmediate(resolve));
      const source = sources[index] as KeySource;
      if (source.timeMax >= found.begin && source.timeMin <= found.end) await this.#searchIn(source, hash, found);
    }
    return { records: found.records.reverse(), lastPosition: newest?.lastPosition ?? -1, lastTime: newest?.lastTime ?? 0 };
  }

  async #searchIn(source: KeySource, hash: number, found: Found): Promise<void> {
    const { limits, records } = this.#parts;
    const { min } = limits();
    const positions = source.find(hash).filter((position) => position >= min);
    let index = source.timeMax > found.end ? await this.#firstNotAfter(positions, found.end) : 0;
    let older = 0;
    for (; index < positions.length && found.wantsMore && older < olderMax; index++) {
      const record = await records.recordAt(positions[index] as number, limits().visible);
      found.looked++;
      if (record === undefined) continue;
      if (storeTimestampAt(record, 0) < found.begin) older++;
      else {
        older = 0;
        if (!this.#isTrimmed(record)) found.offer(record);
      }
    }
  }

  #isTrimmed(bytes: Uint8Array): boolean {
    const { topic, queueId, queueOffset } = decodeRecord(bytes);
    return queueOffset < this.#parts.minOffsetOf(topic, queueId);
  }

  /** Index of the newest record that is not stored after `time`: store times rise with the position as far as the clock did. */
  async #firstNotAfter(positions: readonly number[], time: number): Promise<number> {
    let low = 0;
    let high = positions.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((await this.#parts.records.storeTimeOf(positions[middle] as number)) > time) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** What a query has found so far, newest first. */
class Found {
  readonly #query: KeyQuery;
  readonly #bytesMax: number;
  readonly begin: number;
  readonly end: number;
  readonly records: Uint8Array[] = [];
  looked = 0;
  readonly #places = new Set<string>();
  #bytes = 0;
  #isFull = false;

  constructor(query: KeyQuery) {
    this.#query = query;
    this.#bytesMax = query.maxBytes ?? queryBytesMaxDefault;
    this.begin = query.begin ?? 0;
    this.end = query.end ?? Number.MAX_SAFE_INTEGER;
  }

  get wantsMore(): boolean {
    return !this.#isFull && this.records.length < this.#query.maxMessages && this.looked < candidatesMax;
  }

  offer(record: Uint8Array): void {
    if (storeTimestampAt(record, 0) > this.end || !hasKey(record, this.#query) || this.#isRepeated(record)) return;
    this.#isFull = this.records.length > 0 && this.#bytes + record.length > this.#bytesMax;
    if (this.#isFull) return;
    this.#bytes += record.length;
    this.records.push(record);
  }

  /** Compaction carries messages over to a newer place; the old one is there until its segment goes. */
  #isRepeated(record: Uint8Array): boolean {
    const place = `${queueIdAt(record, 0)}/${queueOffsetAt(record, 0)}/${storeTimestampAt(record, 0)}/${bodyCrcAt(record, 0)}`;
    const { size } = this.#places;
    return this.#places.add(place).size === size;
  }
}

/** True when the record has just this key: not one with the same hash. */
function hasKey(bytes: Uint8Array, { topic, key, kind = 'key' }: KeyQuery): boolean {
  const record = decodeRecord(bytes);
  if (record.topic !== topic) return false;
  const properties = decodeProperties(record.properties);
  if (kind === 'tag') return properties[PropertyName.tags] === key;
  if (properties[PropertyName.uniqKey] === key) return true;
  return kind === 'key' && properties[PropertyName.keys]?.split(' ').includes(key) === true;
}
