import { bodyCrcAt, decodeProperties, decodeRecord, PropertyName, queueIdAt, queueOffsetAt, storeTimestampAt } from '@kitemq/protocol';
import { KiteError, type Timers } from '@kitemq/runtime';
import type { KeyQuery, KeyQueryResult } from '../message-store.ts';
import { hashOfKey } from '../views/key-hash.ts';
import type { KeySource } from '../views/key-index.ts';
import type { KeyView } from '../views/keys.ts';
import { NewestRecords } from './newest-records.ts';
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

/** Answers queries by key: candidates from the index, newest first by store time, each verified against the record itself. */
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
    const { keys } = this.#parts;
    const sources = keys.sources();
    const carriedSources = keys.carriedSources();
    const newest = sources[0] ?? carriedSources[0];
    const found = new Found(query);
    const hash = hashOfKey(query.topic, query.key, query.kind ?? 'key');
    const carried = await this.#carried(carriedSources, hash, found);
    for (let index = 0; index < sources.length && found.wantsMore; index++) {
      if (isTurnOver(index)) await this.#othersTurn();
      const source = sources[index] as KeySource;
      if (source.timeMax >= found.begin && source.timeMin <= found.end) await this.#searchIn(source, hash, found, carried);
    }
    await this.#searchCarried(carried, Number.NEGATIVE_INFINITY, found);
    return { records: found.records.reverse(), lastPosition: newest?.lastPosition ?? -1, lastTime: newest?.lastTime ?? 0 };
  }

  /** What was carried over and may be wanted. Its order in the log is that of nothing, but its times are in the index. */
  async #carried(sources: readonly KeySource[], hash: number, { begin, end }: Found): Promise<NewestRecords> {
    const { min } = this.#parts.limits();
    const carried = new NewestRecords(candidatesMax);
    for (let index = 0; index < sources.length; index++) {
      if (isTurnOver(index)) await this.#othersTurn();
      const source = sources[index] as KeySource;
      if (source.timeMax < begin || source.timeMin > end) continue;
      source.visit(hash, (position, storeTimestamp) => {
        if (position >= min && storeTimestamp >= begin && storeTimestamp <= end) carried.add(position, storeTimestamp);
      });
    }
    return carried;
  }

  /** Messages where they were appended, and before each of them those that were carried over and are younger. */
  async #searchIn(source: KeySource, hash: number, found: Found, carried: NewestRecords): Promise<void> {
    const positions = newestFirst(source, hash, this.#parts.limits().min);
    let index = source.timeMax > found.end ? await this.#firstNotAfter(positions, found.end) : 0;
    let older = 0;
    for (; index < positions.length && found.wantsMore && older < olderMax; index++) {
      const record = await this.#recordAt(positions[index] as number, found);
      if (record === undefined) continue;
      const time = storeTimestampAt(record, 0);
      if (time < found.begin) older++;
      else {
        older = 0;
        await this.#searchCarried(carried, time, found);
        this.#offer(record, found);
      }
    }
  }

  /** Those that were carried over and are younger than `time`. */
  async #searchCarried(carried: NewestRecords, time: number, found: Found): Promise<void> {
    while (found.wantsMore) {
      const position = carried.takeNewerThan(time);
      if (position === undefined) return;
      const record = await this.#recordAt(position, found);
      if (record !== undefined) this.#offer(record, found);
    }
  }

  #recordAt(position: number, found: Found): Promise<Uint8Array | undefined> {
    found.looked++;
    return this.#parts.records.recordAt(position, this.#parts.limits().visible);
  }

  #offer(record: Uint8Array, found: Found): void {
    if (!this.#isTrimmed(record)) found.offer(record);
  }

  #othersTurn(): Promise<void> {
    return new Promise((resolve) => void this.#parts.timers.setImmediate(resolve));
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

const isTurnOver = (index: number): boolean => index % sourcesPerTurn === sourcesPerTurn - 1;

/** Log positions from `min` on of records that may have the key with this hash, each once. */
function newestFirst(source: KeySource, hash: number, min: number): number[] {
  const positions: number[] = [];
  source.visit(hash, (position) => {
    if (position >= min && position !== positions.at(-1)) positions.push(position);
  });
  return positions.reverse();
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
  #bytesFull = false;

  constructor(query: KeyQuery) {
    this.#query = query;
    this.#bytesMax = query.maxBytes ?? queryBytesMaxDefault;
    this.begin = query.begin ?? 0;
    this.end = query.end ?? Number.MAX_SAFE_INTEGER;
  }

  get wantsMore(): boolean {
    return !this.#isFull && this.looked < candidatesMax;
  }

  get #isFull(): boolean {
    return this.#bytesFull || this.records.length >= this.#query.maxMessages;
  }

  offer(record: Uint8Array): void {
    if (this.#isFull || storeTimestampAt(record, 0) > this.end || !hasKey(record, this.#query) || this.#isRepeated(record)) return;
    this.#bytesFull = this.records.length > 0 && this.#bytes + record.length > this.#bytesMax;
    if (this.#bytesFull) return;
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
