import { decodeRecord, TopicNames } from '@kitemq/protocol';
import { deferred, KiteError } from '@kitemq/runtime';
import type { Deferred, TimerHandle } from '@kitemq/runtime';
import { AppendOutcome, AppendStatus } from '@kitemq/store';
import type { AppendCompletion, ReadCompletion, ReadQuery, ReadResult } from '@kitemq/store';
import type { BrokerContext } from '../broker-context.ts';
import { carriedMessage, deliveredMessage } from './delayed-message.ts';

/** A head that is not due yet is looked at again after so long at the latest: the wall clock may jump. */
const lookAgainMs = 5_000;
/** After a pass that gained nothing. */
const retryMs = 10_000;
/** Messages of one pass: they share a flush. */
const passMessages = 256;
const passBytes = 1_048_576;

/**
 * One delay level: a pass reads from the head on and stores what is due where it belongs; when the store has confirmed that, the next pass follows,
 * until the head waits or there is none. Idle without timers.
 */
export class DelayLevel implements ReadCompletion, AppendCompletion {
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
  /** A pass is under way: a read, or appends. */
  #busy = false;
  /** Of the appends of this pass that have not ended, in log order: where the level stands after each. */
  readonly #ends: number[] = [];
  /** An append of this pass has failed. */
  #failed = false;
  /** What lies before this log position is dealt with when the appends of this pass have ended well. */
  #reached = 0;
  /** How long the head waits that ended this pass; 0: none did. */
  #waitMs = 0;
  /** What lies before this log position is appended again instead of waited for; settled when that is done. */
  #carryTo = 0;
  #carrying: Deferred<void> | undefined;
  #stopping: Deferred<void> | undefined;

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

  /** Resolves when nothing is under way any more. */
  stop(): Promise<void> {
    this.#stopping ??= deferred();
    this.#context.runtime.timers.clear(this.#timer);
    if (!this.#busy) this.#stopped(this.#stopping);
    return this.#stopping.promise;
  }

  /** Resolves when nothing that waits lies before `position` any more. */
  carry(position: number): Promise<void> {
    if (this.#stopping !== undefined) return Promise.reject(stoppedError());
    this.#carryTo = Math.max(this.#carryTo, position);
    this.#carrying ??= deferred();
    if (!this.#busy) {
      this.#context.runtime.timers.clear(this.#timer);
      this.#later(0);
    }
    return this.#carrying.promise;
  }

  readDone({ records, nextBeginOffset }: ReadResult): void {
    this.#failed = false;
    this.#waitMs = 0;
    if (this.#stopping === undefined) this.#deliver(records, nextBeginOffset);
    if (this.#ends.length === 0) this.#passEnded();
  }

  /** What comes after one that failed is delivered again. */
  appended(outcome: AppendOutcome): void {
    const end = this.#ends.shift()!;
    if (outcome === AppendOutcome.failed) this.#failed = true;
    if (!this.#failed) this.offset = end;
    if (this.#ends.length === 0) this.#passEnded();
  }

  readonly #run = (): void => {
    this.#timer = undefined;
    const { store } = this.#context;
    if (store.maxOffset(TopicNames.schedule, this.#query.queueId) <= this.offset) return this.#carried();
    this.#busy = true;
    this.#query.offset = this.offset;
    store.read(this.#query, this);
  };

  #later(ms: number): void {
    this.#timer = this.#stopping === undefined ? this.#context.runtime.timers.setTimeout(this.#run, ms) : undefined;
  }

  /** Stores what is due, from the head on, until one is not due or not taken. Offsets before `end` that no record has are lost. */
  #deliver(records: readonly Uint8Array[], end: number): void {
    const { store, runtime, logger } = this.#context;
    let { offset } = this;
    for (const bytes of records) {
      const record = decodeRecord(bytes);
      // The head of a record has no checksum: an offset that cannot be is not believed.
      if (record.queueOffset > offset && record.queueOffset < end) offset = record.queueOffset;
      this.#passedTo(offset);
      this.#reached = record.physicalOffset;
      const now = runtime.clock.now();
      const waitMs = record.storeTimestamp + this.#delayMs - now;
      // A clock that was set back must not hold a message longer than its level says.
      const waits = waitMs > 0 && waitMs <= this.#delayMs;
      if (waits && record.physicalOffset >= this.#carryTo) {
        this.#waitMs = Math.min(waitMs, lookAgainMs);
        return;
      }
      const message = waits ? carriedMessage(record, this.#query.queueId, now + this.#delayMs) : deliveredMessage(record);
      const status = message === undefined ? AppendStatus.messageIllegal : store.append(message, this);
      if (status === AppendStatus.accepted) this.#ends.push(offset + 1);
      else if (status !== AppendStatus.messageIllegal) return;
      else logger.warn({ level: this.#level, offset }, 'a delayed message does not say where it goes, or cannot be stored there; it is skipped');
      offset++;
    }
    this.#passedTo(end);
  }

  /** The level stands at `offset` as soon as the appends under way have ended. */
  #passedTo(offset: number): void {
    if (this.#ends.length === 0) this.offset = offset;
    else this.#ends[this.#ends.length - 1] = offset;
  }

  #passEnded(): void {
    this.#busy = false;
    if (this.#stopping !== undefined) return this.#stopped(this.#stopping);
    if (this.#failed) this.#reached = this.#waitMs = 0;
    const isCarried = this.#reached >= this.#carryTo;
    if (isCarried) this.#carried();
    // Asked to carry since it was found waiting, the head is looked at anew.
    if (this.#waitMs > 0) return this.#later(isCarried ? this.#waitMs : 0);
    if (this.offset > this.#query.offset) return this.#later(0);
    this.#carried(new KiteError('KITE_STORE_BUSY', `Delayed messages of level ${this.#level} could not be appended again; it is tried again`, { retryable: true }));
    this.#later(retryMs);
  }

  #carried(error?: KiteError): void {
    const carrying = this.#carrying;
    this.#carrying = undefined;
    if (error === undefined) carrying?.resolve();
    else carrying?.reject(error);
  }

  #stopped(stopping: Deferred<void>): void {
    this.#carried(stoppedError());
    stopping.resolve();
  }
}

const stoppedError = (): KiteError => new KiteError('KITE_ABORTED', 'delayed delivery was stopped');
