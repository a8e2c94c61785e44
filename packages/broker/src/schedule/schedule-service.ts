import { Buffer } from 'node:buffer';
import { decodeProperties, decodeRecord, encodeProperties, MessageSysFlag, PropertyName, tagsCodeOf, TopicNames } from '@kitemq/protocol';
import type { TimerHandle } from '@kitemq/runtime';
import { AppendOutcome, AppendStatus, ReadStatus } from '@kitemq/store';
import type { AppendCompletion, AppendStatus as AppendStatusType, MessageToAppend, ReadCompletion, ReadQuery, ReadResult } from '@kitemq/store';
import type { BrokerContext } from '../broker-context.ts';

/** A head that is not due yet is looked at again after so long at the latest: the wall clock may jump. */
const lookAgainMs = 5_000;
/** After a failure. */
const retryMs = 10_000;
/** Messages of one pass of one level: they share a flush. */
const passMessages = 256;
const passBytes = 1_048_576;

const kind = 'schedule';
const key = 'offsets';

/**
 * Delivers delayed messages: each level's queue of the schedule topic is in order of due time, so only its head is looked at.
 * Progress is kept in the settings: what is delivered again after a crash is at most what came since the last flush.
 */
export class ScheduleService {
  readonly #context: BrokerContext;
  readonly #levels: readonly Level[];
  #saved = '';

  constructor(context: BrokerContext) {
    this.#context = context;
    this.#levels = context.delayLevels.map((delayMs, index) => new Level(context, index + 1, delayMs));
  }

  start(): void {
    const { store, scope, config } = this.#context;
    const stored = store.settings.get(kind, key);
    if (Array.isArray(stored)) {
      for (const [index, offset] of stored.entries()) {
        const level = this.#levels[index];
        // Beyond the end (a power cut took messages) it would pass over those that come next.
        if (level !== undefined && typeof offset === 'number') level.offset = Math.min(offset, store.maxOffset(TopicNames.schedule, index));
      }
    }
    this.#saved = JSON.stringify(this.offsets());
    for (const level of this.#levels) level.start();
    store.onArrival((topic, queueId) => {
      if (topic === TopicNames.schedule) this.#levels[queueId]?.arrived();
    });
    store.beforeTrim((position) => this.#carry(position));
    scope.every('save the progress of delayed delivery', config.flushDelayOffsetInterval, () => this.save());
  }

  /** What still waits for its time outlives its segment: it is appended again, and waits anew. */
  async #carry(position: number): Promise<void> {
    await Promise.all(this.#levels.map((level) => level.carry(position)));
  }

  /** Next offset to deliver, by level − 1. */
  offsets(): number[] {
    return this.#levels.map((level) => level.offset);
  }

  /** Writes the progress if there was any. */
  async save(): Promise<void> {
    const offsets = this.offsets();
    const text = JSON.stringify(offsets);
    if (text === this.#saved) return;
    this.#saved = text;
    await this.#context.store.settings.put(kind, key, offsets);
  }

  /** Stops delivering; call it before the store stops. */
  async stop(): Promise<void> {
    await Promise.all(this.#levels.map((level) => level.stop()));
    await this.save();
  }
}

/** One delay level: reads what is due, stores all of it where it belongs, goes on when that is durable. Idle without timers. */
class Level implements ReadCompletion, AppendCompletion {
  /** Next offset of the level's queue to be delivered. */
  offset = 0;
  // Where a message went is of no interest: one completion stands for all of a pass.
  physicalOffset = 0;
  queueOffset = 0;
  storeTimestamp = 0;
  physicalOffsets: number[] | undefined = undefined;
  readonly waitForFlush: boolean = true;
  readonly mayUseReserve: boolean = true;
  readonly #context: BrokerContext;
  readonly #level: number;
  readonly #delayMs: number;
  readonly #query: ReadQuery;
  #timer: TimerHandle | undefined;
  /** A read, or appends, are under way. */
  #busy = false;
  /** Appends of this pass that have not ended; whether one has failed; when to go on. */
  #pending = 0;
  #failed = false;
  #waitMs = 0;
  #stopped = false;
  #idle: (() => void) | undefined;
  /** What lies before this log position is appended again instead of waited for; who waits until that is done. */
  #carryTo = 0;
  #carriers: ((error: Error | undefined) => void)[] = [];

  constructor(context: BrokerContext, level: number, delayMs: number) {
    this.#context = context;
    this.#level = level;
    this.#delayMs = delayMs;
    this.#query = {
      topic: TopicNames.schedule, queueId: level - 1, offset: 0, maxMessages: passMessages, maxBytes: passBytes, matchesTags: undefined, matchesRecord: undefined,
    };
  }

  start(): void {
    this.#later(0);
  }

  /** Something came into the level's queue: what it waits for is the head, so only an idle level cares. */
  arrived(): void {
    if (!this.#busy && this.#timer === undefined) this.#later(0);
  }

  stop(): Promise<void> {
    this.#stopped = true;
    this.#context.runtime.timers.clear(this.#timer);
    return this.#busy ? new Promise((resolve) => (this.#idle = resolve)) : Promise.resolve();
  }

  /** Resolves when nothing that waits lies before `position` any more. */
  carry(position: number): Promise<void> {
    this.#carryTo = Math.max(this.#carryTo, position);
    return new Promise((resolve, reject) => {
      this.#carriers.push((error) => (error === undefined ? resolve() : reject(error)));
      if (this.#stopped) return this.#carried(new Error('delayed delivery has stopped'));
      if (this.#busy) return;
      this.#context.runtime.timers.clear(this.#timer);
      this.#later(0);
    });
  }

  #carried(error: Error | undefined): void {
    for (const carrier of this.#carriers.splice(0)) carrier(error);
  }

  readDone(result: ReadResult): void {
    if (result.status === ReadStatus.offsetTooSmall) this.offset = result.minOffset;
    else if (result.status === ReadStatus.offsetOverflowBadly) this.offset = result.maxOffset;
    this.#pending = 1;
    this.#failed = false;
    this.#deliver(result.records);
    this.#ended();
  }

  /** Completions come in log order: what ended well before the first failure is delivered. */
  appended(outcome: AppendOutcome): void {
    if (outcome === AppendOutcome.failed) this.#fail();
    else if (!this.#failed) this.offset++;
    this.#ended();
  }

  readonly #run = (): void => {
    this.#timer = undefined;
    const { store } = this.#context;
    if (this.#stopped || store.maxOffset(TopicNames.schedule, this.#level - 1) <= this.offset) return this.#carried(undefined);
    this.#busy = true;
    this.#query.offset = this.offset;
    store.read(this.#query, this);
  };

  #later(ms: number): void {
    if (!this.#stopped) this.#timer = this.#context.runtime.timers.setTimeout(this.#run, ms);
  }

  #fail(): void {
    this.#failed = true;
    this.#waitMs = retryMs;
  }

  /** Stores what is due, from the head on. The head that is not due decides when to go on. */
  #deliver(records: readonly Uint8Array[]): void {
    const { store, runtime, logger } = this.#context;
    this.#waitMs = 0;
    for (const bytes of records) {
      if (this.#stopped) return;
      const record = decodeRecord(bytes);
      const waitMs = record.storeTimestamp + this.#delayMs - runtime.clock.now();
      // A clock that was set back must not hold a message longer than its level says.
      const waits = waitMs > 0 && waitMs <= this.#delayMs;
      if (waits && record.physicalOffset >= this.#carryTo) {
        this.#waitMs = Math.min(waitMs, lookAgainMs);
        return;
      }
      const message = waits ? this.#again(record) : restore(record);
      const status: AppendStatusType = message === undefined ? AppendStatus.messageIllegal : store.append(message, this);
      if (status === AppendStatus.accepted) {
        this.#pending++;
        continue;
      }
      if (status !== AppendStatus.messageIllegal) return this.#fail();
      // Skipping the head moves on at once; behind others it waits until they have ended.
      if (this.#pending > 1) return;
      logger.warn({ level: this.#level, offset: this.offset }, 'a delayed message does not say where it goes, or cannot be stored there; it is skipped');
      this.offset++;
    }
  }

  /** The message as it is, with its whole delay before it: its place in the level's queue is behind those that came before. */
  #again(record: ReturnType<typeof decodeRecord>): MessageToAppend {
    return {
      ...copyOf(record, Buffer.from(record.properties)),
      topic: TopicNames.schedule,
      queueId: this.#level - 1,
      tagsCode: this.#context.runtime.clock.now() + this.#delayMs,
    };
  }

  #ended(): void {
    if (--this.#pending > 0) return;
    this.#busy = false;
    if (this.#failed) this.#carried(new Error(`a delayed message of level ${this.#level} could not be appended again`));
    else if (this.#waitMs > 0) this.#carried(undefined);
    if (this.#stopped) {
      this.#carried(new Error('delayed delivery has stopped'));
      this.#idle?.();
    } else this.#later(this.#waitMs);
  }
}

/** The message as it goes to its topic; undefined when the record does not name one. */
function restore(record: ReturnType<typeof decodeRecord>): MessageToAppend | undefined {
  const properties = decodeProperties(record.properties);
  const topic = properties[PropertyName.realTopic];
  const queueId = Number(properties[PropertyName.realQueueId]);
  if (topic === undefined || !Number.isInteger(queueId)) return undefined;
  for (const name of [PropertyName.delay, PropertyName.timerDeliverMs, PropertyName.timerDelaySec, PropertyName.timerDelayMs]) delete properties[name];
  const bytes = Buffer.from(encodeProperties(properties));
  return { ...copyOf(record, bytes), topic, queueId, tagsCode: tagsCodeOf(bytes) };
}

function copyOf(record: ReturnType<typeof decodeRecord>, properties: Buffer): Omit<MessageToAppend, 'topic' | 'queueId' | 'tagsCode'> {
  return {
    flag: record.flag,
    sysFlag: record.sysFlag & ~(MessageSysFlag.transactionMask | MessageSysFlag.storeHostV6),
    bornTimestamp: record.bornTimestamp,
    bornHost: record.bornHost,
    reconsumeTimes: record.reconsumeTimes,
    preparedTransactionOffset: 0,
    body: record.body,
    properties,
  };
}
