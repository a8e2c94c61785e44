import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { encodeFiller, encodeHost, encodeProperties, encodeRecord, MessageSysFlag, recordSizeOf, tagsCodeOf, type RecordFields } from '@kitemq/protocol';

export interface FixtureMessage {
  readonly topic: string;
  readonly queueId?: number;
  readonly body: string | Uint8Array;
  readonly properties?: Readonly<Record<string, string>>;
  readonly sysFlag?: number;
  readonly storeTimestamp?: number;
  readonly bornHost?: string;
  readonly storeHost?: string;
  /** Inner batches take several offsets. */
  readonly count?: number;
}

interface Unit {
  readonly position: number;
  readonly size: number;
  readonly tagsCode: number;
  readonly count: number;
}

const segmentName = (position: number): string => String(position).padStart(20, '0');

/**
 * Writes store directories as Apache lays them out, from the format's description alone: commit log files of one size with a filler, zeros
 * behind the last message, a file made ahead, consume queues, JSON tables.
 */
export class ApacheFixture {
  readonly segmentBytes: number;
  readonly consumeQueueUnits: number;
  readonly #segments: Buffer[] = [];
  #end = 0;
  #time = 1_700_000_000_000;
  /** By `topic/queueId`: where the index begins, and its units. */
  readonly queues = new Map<string, { first: number; units: Unit[] }>();
  readonly #firstSegment: number;
  /** Files of config/ by name. */
  readonly config = new Map<string, string>();

  constructor(options: { readonly segmentBytes?: number; readonly consumeQueueUnits?: number; readonly firstSegment?: number } = {}) {
    this.segmentBytes = options.segmentBytes ?? 16 * 1024;
    this.consumeQueueUnits = options.consumeQueueUnits ?? 50;
    this.#firstSegment = options.firstSegment ?? 0;
    this.#end = this.#firstSegment * this.segmentBytes;
  }

  /** Log position behind the last message. */
  get end(): number {
    return this.#end;
  }

  send(message: FixtureMessage): { readonly position: number; readonly queueOffset: number; readonly storeTimestamp: number } {
    const { topic, queueId = 0, count = 1 } = message;
    const key = `${topic}/${queueId}`;
    const queue = this.queues.get(key) ?? { first: 0, units: [] };
    this.queues.set(key, queue);
    const queueOffset = queue.first + queue.units.reduce((sum, unit) => sum + unit.count, 0);
    const fields = this.#fields(message, queueOffset);
    const size = recordSizeOf(fields);
    const position = this.#reserve(size);
    encodeRecord(this.#segments.at(-1) as Buffer, position % this.segmentBytes, { ...fields, physicalOffset: position });
    const transaction = fields.sysFlag & MessageSysFlag.transactionMask;
    if (transaction !== MessageSysFlag.transactionPrepared && transaction !== MessageSysFlag.transactionRollback) {
      queue.units.push({ position, size, tagsCode: tagsCodeOf(fields.properties), count });
    }
    return { position, queueOffset, storeTimestamp: fields.storeTimestamp };
  }

  /** The queue goes on at `next`, having had messages that are no longer in the log. */
  beginAt(topic: string, queueId: number, next: number): void {
    this.queues.set(`${topic}/${queueId}`, { first: next, units: [] });
  }

  /** As Apache does: the index and the table forget the topic, the log keeps its messages. */
  deleteTopic(topic: string): void {
    for (const key of [...this.queues.keys()]) if (key.startsWith(`${topic}/`)) this.queues.delete(key);
  }

  /** Writes the directory. `ahead`: Apache's next file is there already. */
  write(path: string, options: { readonly ahead?: boolean; readonly abort?: string; readonly withoutIndex?: boolean } = {}): void {
    mkdirSync(join(path, 'commitlog'), { recursive: true });
    for (const [index, segment] of this.#segments.entries()) writeFileSync(join(path, 'commitlog', segmentName((this.#firstSegment + index) * this.segmentBytes)), segment);
    if (options.ahead === true) writeFileSync(join(path, 'commitlog', segmentName((this.#firstSegment + this.#segments.length) * this.segmentBytes)), Buffer.alloc(this.segmentBytes));
    if (options.withoutIndex !== true) for (const [key, queue] of this.queues) this.#writeIndex(path, key, queue);
    mkdirSync(join(path, 'config'), { recursive: true });
    for (const [name, text] of this.config) writeFileSync(join(path, 'config', name), text);
    writeFileSync(join(path, 'lock'), 'lock');
    writeFileSync(join(path, 'checkpoint'), Buffer.alloc(4096));
    if (options.abort !== undefined) writeFileSync(join(path, 'abort'), options.abort);
  }

  #fields(message: FixtureMessage, queueOffset: number): RecordFields & { readonly storeTimestamp: number } {
    const bornHost = encodeHost(message.bornHost ?? '10.0.0.1', 40_000);
    const storeHost = encodeHost(message.storeHost ?? '10.0.0.2', 10_911);
    const v6 = (bornHost.length === 20 ? MessageSysFlag.bornHostV6 : 0) | (storeHost.length === 20 ? MessageSysFlag.storeHostV6 : 0);
    const storeTimestamp = message.storeTimestamp ?? ++this.#time;
    return {
      topic: Buffer.from(message.topic),
      queueId: message.queueId ?? 0,
      flag: 7,
      queueOffset,
      physicalOffset: 0,
      sysFlag: (message.sysFlag ?? 0) | v6,
      bornTimestamp: storeTimestamp - 5,
      bornHost,
      storeTimestamp,
      storeHost,
      reconsumeTimes: 0,
      preparedTransactionOffset: 0,
      body: Buffer.from(message.body as string),
      properties: Buffer.from(encodeProperties(message.properties ?? {})),
    };
  }

  #reserve(size: number): number {
    const room = this.segmentBytes - (this.#end % this.segmentBytes);
    if (this.#segments.length === 0 || this.#end % this.segmentBytes === 0) this.#segments.push(Buffer.alloc(this.segmentBytes));
    else if (size + 8 > room) {
      encodeFiller(this.#segments.at(-1) as Buffer, this.#end % this.segmentBytes, room);
      this.#end += room;
      this.#segments.push(Buffer.alloc(this.segmentBytes));
    }
    const position = this.#end;
    this.#end += size;
    return position;
  }

  #writeIndex(path: string, key: string, queue: { first: number; units: Unit[] }): void {
    if (queue.units.some(({ count }) => count > 1)) writeBatchQueue(join(path, 'batchconsumequeue', key), queue.units);
    else this.#writeQueue(join(path, 'consumequeue', key), queue);
  }

  #writeQueue(path: string, { first, units }: { first: number; units: readonly Unit[] }): void {
    mkdirSync(path, { recursive: true });
    const per = this.consumeQueueUnits;
    const begin = Math.floor(first / per);
    for (let file = begin; file <= Math.floor((first + units.length) / per); file++) {
      const bytes = Buffer.alloc(per * 20);
      for (let slot = 0; slot < per; slot++) {
        const offset = file * per + slot;
        const unit = units[offset - first];
        // Before its beginning Apache writes units that stand for nothing.
        if (offset < first) bytes.writeInt32BE(0x7fffffff, slot * 20 + 8);
        if (unit === undefined || offset < first) continue;
        bytes.writeBigInt64BE(BigInt(unit.position), slot * 20);
        bytes.writeInt32BE(unit.size, slot * 20 + 8);
        bytes.writeBigInt64BE(BigInt(unit.tagsCode), slot * 20 + 12);
      }
      writeFileSync(join(path, segmentName(file * per * 20)), bytes);
    }
  }
}

function writeBatchQueue(path: string, units: readonly Unit[]): void {
  mkdirSync(path, { recursive: true });
  const bytes = Buffer.alloc(46 * (units.length + 20));
  let base = 0;
  for (const [index, unit] of units.entries()) {
    bytes.writeBigInt64BE(BigInt(unit.position), index * 46);
    bytes.writeInt32BE(unit.size, index * 46 + 8);
    bytes.writeBigInt64BE(BigInt(base), index * 46 + 28);
    bytes.writeInt16BE(unit.count, index * 46 + 36);
    base += unit.count;
  }
  writeFileSync(join(path, segmentName(0)), bytes);
}
