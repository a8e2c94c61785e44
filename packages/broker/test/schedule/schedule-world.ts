import { encodeHost, encodeProperties, encodeRecord, recordSizeOf } from '@kitemq/protocol';
import type { RecordFields } from '@kitemq/protocol';
import type { TimerHandle } from '@kitemq/runtime';
import { RecordingLogger } from '@kitemq/runtime/testing';
import { AppendOutcome, AppendStatus, ReadStatus } from '@kitemq/store';
import type { AppendCompletion, MessageToAppend, ReadCompletion, ReadQuery, TrimListener } from '@kitemq/store';
import type { BrokerContext } from '../../src/broker-context.ts';
import { parseBrokerSettings } from '../../src/index.ts';
import { ScheduleService } from '../../src/schedule/schedule-service.ts';

export const delayMs = 60_000;
const target = { REAL_TOPIC: 'T', REAL_QID: '3' };

const callsMax = 2_000;

interface Timer {
  readonly at: number;
  readonly callback: () => void;
}

interface Entry {
  readonly position: number;
  /** None: lost, or damaged. */
  record: Buffer | undefined;
}

/**
 * Delayed delivery with one level, on a store that has nothing but its queue and a log position, in a time that moves only when the test says so.
 * Appends end when `advance` runs.
 */
export class ScheduleWorld {
  now = 1_000_000;
  readonly logger: RecordingLogger = new RecordingLogger();
  readonly queue: Entry[] = [];
  minOffset = 0;
  /** Log position of what is appended next. */
  position = 1_000;
  readonly delivered: string[] = [];
  reads = 0;
  appends = 0;
  /** How the nth append ends; accepted and stored unless said otherwise. */
  plan: (nth: number, body: string) => { status?: AppendStatus; outcome?: AppendOutcome } = () => ({});
  /** Called when a read has been asked for, before it is answered. */
  onRead: () => void = () => {};
  /** The disk cannot read: an answer without records that goes on nowhere. */
  unreadable = false;
  saved: unknown = undefined;
  /** What `settings.put` does. */
  put: (value: unknown) => Promise<void> = (value) => {
    this.saved = value;
    return Promise.resolve();
  };
  #timers: Timer[] = [];
  #trim: TrimListener = () => Promise.resolve();
  #arrived: (topic: string, queueId: number) => void = () => {};
  readonly service: ScheduleService;

  constructor() {
    const timers = { setTimeout: (callback: () => void, ms: number) => this.#after(ms, callback), clear: (timer: unknown) => (this.#timers = this.#timers.filter((one) => one !== timer)) };
    const store = {
      settings: { get: () => this.saved, put: (_kind: string, _key: string, value: unknown) => this.put(value) },
      onArrival: (listener: (topic: string, queueId: number) => void) => (this.#arrived = listener),
      beforeTrim: (listener: TrimListener) => (this.#trim = listener),
      maxOffset: () => this.queue.length,
      read: (query: ReadQuery, completion: ReadCompletion) => this.#read(query, completion),
      append: (message: MessageToAppend, completion: AppendCompletion) => this.#append(message, completion),
    };
    const runtime = { clock: { now: () => this.now }, timers };
    const context = { runtime, store, logger: this.logger, scope: { every: () => {} }, config: parseBrokerSettings({}), delayLevels: [delayMs] };
    this.service = new ScheduleService(context as unknown as BrokerContext);
  }

  get offset(): number {
    return this.service.offsets()[0]!;
  }

  /** A delayed message, stored now; one that is long due with `storeTimestamp`. */
  add(body: string, properties: Record<string, string> = target, storeTimestamp: number = this.now): Entry {
    const host = encodeHost('127.0.0.1', 1);
    const fields = {
      topic: Buffer.from('SCHEDULE_TOPIC_XXXX'), queueId: 0, flag: 0, queueOffset: this.queue.length, physicalOffset: this.position, sysFlag: 0, bornTimestamp: 1, bornHost: host, storeTimestamp, storeHost: host,
      reconsumeTimes: 0, preparedTransactionOffset: 0, body: Buffer.from(body), properties: Buffer.from(encodeProperties(properties)),
    } as unknown as RecordFields;
    const record = Buffer.alloc(recordSizeOf(fields));
    encodeRecord(record, 0, fields);
    const entry = { position: this.position, record };
    this.queue.push(entry);
    this.position += record.length;
    return entry;
  }

  /** As {@link add}, and it is due. */
  addDue(...bodies: string[]): void {
    for (const body of bodies) this.add(body, target, this.now - delayMs);
  }

  /** What the store's `clean` asks for; how that ended: undefined while it has not. */
  carry(position: number): { ended: string | undefined } {
    const carry: { ended: string | undefined } = { ended: undefined };
    this.#trim(position).then(
      () => (carry.ended = 'carried'),
      (error: { readonly code?: string }) => (carry.ended = error.code ?? 'an error without a code'),
    );
    return carry;
  }

  /** Bodies of what is in the queue from log position `from` on. */
  waiting(from: number): string[] {
    return this.queue.filter(({ position }) => position >= from).map(({ record }) => bodyOf(record!));
  }

  async advance(ms: number): Promise<void> {
    const end = this.now + ms;
    await settled();
    for (let calls = 0; ; calls++) {
      if (calls === callsMax) throw new Error('it does not come to rest');
      const next = this.#timers.filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0];
      if (next === undefined) break;
      this.#timers = this.#timers.filter((timer) => timer !== next);
      this.now = Math.max(this.now, next.at);
      next.callback();
      await settled();
    }
    this.now = end;
  }

  #after(ms: number, callback: () => void): TimerHandle {
    const timer = { at: this.now + ms, callback };
    this.#timers.push(timer);
    return timer as unknown as TimerHandle;
  }

  #read({ offset, maxMessages }: ReadQuery, completion: ReadCompletion): void {
    this.reads++;
    this.onRead();
    const { minOffset } = this;
    const maxOffset = this.queue.length;
    const answer = (status: ReadStatus, nextBeginOffset: number, records: readonly Uint8Array[] = []): void => {
      completion.readDone({ status, nextBeginOffset, minOffset, maxOffset, records, messageCount: records.length, byteCount: 0 });
    };
    if (this.unreadable) return answer(ReadStatus.offsetFoundNull, offset);
    if (offset < minOffset) return answer(ReadStatus.offsetTooSmall, minOffset);
    const looked = this.queue.slice(offset, offset + maxMessages);
    const records = looked.flatMap(({ record }) => record ?? []);
    answer(records.length === 0 ? ReadStatus.noMatchedMessage : ReadStatus.found, offset + looked.length, records);
  }

  #append(message: MessageToAppend, completion: AppendCompletion): AppendStatus {
    const body = Buffer.from(message.body).toString();
    const { status = AppendStatus.accepted, outcome = AppendOutcome.stored } = this.plan(this.appends++, body);
    if (status !== AppendStatus.accepted) return status;
    this.#after(0, () => {
      if (outcome === AppendOutcome.stored) this.#store(message, body);
      completion.appended(outcome);
    });
    return status;
  }

  #store(message: MessageToAppend, body: string): void {
    if (message.topic !== 'SCHEDULE_TOPIC_XXXX') {
      this.delivered.push(`${message.topic}/${message.queueId}:${body}`);
      return;
    }
    this.add(body);
    this.#arrived(message.topic, message.queueId);
  }
}

function bodyOf(record: Buffer): string {
  const length = record.readInt32BE(84);
  return record.toString('utf8', 88, 88 + length);
}

/** Lets promises run. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 10; turn++) await Promise.resolve();
}
