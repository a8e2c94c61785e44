import { Buffer } from 'node:buffer';
import { decodeProperties, decodeRecord, encodeProperties, MessageSysFlag, PropertyName, tagsCodeOf, TopicNames } from '@kitemq/protocol';
import type { TimerHandle } from '@kitemq/runtime';
import { AppendOutcome, AppendStatus, ReadStatus } from '@kitemq/store';
import type { AppendCompletion, AppendStatus as AppendStatusType, MessageToAppend, ReadCompletion, ReadQuery, ReadResult } from '@kitemq/store';
import type { BrokerContext } from '../broker-context.ts';
import { levelsOf } from './delay-levels.ts';

/** A level that found nothing due looks again after so long (ScheduleMessageService). */
const pollMs = 100;
/** After a failure. */
const retryMs = 10_000;
/** Messages of one pass of one level. */
const passMessages = 64;
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
    this.#levels = levelsOf(context.config.messageDelayLevel).map((delayMs, index) => new Level(context, index + 1, delayMs));
  }

  start(): void {
    const { store, scope, config } = this.#context;
    const stored = store.settings.get(kind, key);
    if (Array.isArray(stored)) {
      for (const [index, offset] of stored.entries()) {
        const level = this.#levels[index];
        if (level !== undefined && typeof offset === 'number') level.offset = offset;
      }
    }
    this.#saved = JSON.stringify(this.offsets());
    for (const level of this.#levels) level.start();
    scope.every('save the progress of delayed delivery', config.flushDelayOffsetInterval, () => this.save());
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

/** One delay level: reads what is due, stores it where it belongs, goes on when it is durable. */
class Level implements ReadCompletion, AppendCompletion {
  /** Next offset of the level's queue to be delivered. */
  offset = 0;
  physicalOffset = 0;
  queueOffset = 0;
  storeTimestamp = 0;
  physicalOffsets: number[] | undefined = undefined;
  readonly waitForFlush: boolean = true;
  readonly #context: BrokerContext;
  readonly #level: number;
  readonly #delayMs: number;
  readonly #query: ReadQuery;
  #records: readonly Uint8Array[] = [];
  #next = 0;
  #timer: TimerHandle | undefined;
  #busy = false;
  #stopped = false;
  #idle: (() => void) | undefined;

  constructor(context: BrokerContext, level: number, delayMs: number) {
    this.#context = context;
    this.#level = level;
    this.#delayMs = delayMs;
    this.#query = {
      topic: TopicNames.schedule, queueId: level - 1, offset: 0, maxMessages: passMessages, maxBytes: passBytes, matchesTags: undefined, matchesRecord: undefined,
    };
  }

  start(): void {
    this.#later(pollMs);
  }

  stop(): Promise<void> {
    this.#stopped = true;
    this.#context.runtime.timers.clear(this.#timer);
    return this.#busy ? new Promise((resolve) => (this.#idle = resolve)) : Promise.resolve();
  }

  readDone(result: ReadResult): void {
    if (result.status === ReadStatus.offsetTooSmall) this.offset = result.minOffset;
    else if (result.status === ReadStatus.offsetOverflowBadly) this.offset = result.maxOffset;
    this.#records = result.records;
    this.#next = 0;
    this.#deliver();
  }

  appended(outcome: AppendOutcome): void {
    if (outcome === AppendOutcome.failed) return this.#later(retryMs);
    this.#advance();
    this.#deliver();
  }

  readonly #run = (): void => {
    const { store } = this.#context;
    if (store.maxOffset(TopicNames.schedule, this.#level - 1) <= this.offset) return this.#later(pollMs);
    this.#busy = true;
    this.#query.offset = this.offset;
    store.read(this.#query, this);
  };

  #later(ms: number): void {
    this.#busy = false;
    this.#records = [];
    if (this.#stopped) this.#idle?.();
    else this.#timer = this.#context.runtime.timers.setTimeout(this.#run, ms);
  }

  #advance(): void {
    this.#next++;
    this.offset++;
  }

  /** Delivers from the head until something is not due, or waits for the store. */
  #deliver(): void {
    const { store, runtime, logger } = this.#context;
    while (this.#next < this.#records.length && !this.#stopped) {
      const record = this.#records[this.#next]!;
      const stored = decodeRecord(record);
      const waitMs = stored.storeTimestamp + this.#delayMs - runtime.clock.now();
      // A clock that was set back must not hold a message longer than its level says.
      if (waitMs > 0 && waitMs <= this.#delayMs) return this.#later(Math.min(waitMs, pollMs));
      const message = restore(stored);
      if (message === undefined) {
        logger.warn({ level: this.#level, offset: this.offset }, 'a delayed message does not say where it goes; it is skipped');
        this.#advance();
        continue;
      }
      const status: AppendStatusType = store.append(message, this);
      if (status === AppendStatus.accepted) return;
      if (status === AppendStatus.messageIllegal) {
        logger.warn({ level: this.#level, offset: this.offset, topic: message.topic }, 'a delayed message cannot be stored in its topic; it is skipped');
        this.#advance();
        continue;
      }
      return this.#later(retryMs);
    }
    // More may be due already.
    this.#later(this.#records.length > 0 ? 0 : pollMs);
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
  return {
    topic,
    queueId,
    flag: record.flag,
    sysFlag: record.sysFlag & ~(MessageSysFlag.transactionMask | MessageSysFlag.storeHostV6),
    bornTimestamp: record.bornTimestamp,
    bornHost: record.bornHost,
    reconsumeTimes: record.reconsumeTimes,
    preparedTransactionOffset: 0,
    body: record.body,
    properties: bytes,
    tagsCode: tagsCodeOf(bytes),
  };
}
