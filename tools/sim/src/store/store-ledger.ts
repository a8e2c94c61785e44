import type { CrashKind } from '@kitemq/simulator';
import { RetentionLedger } from './retention-ledger.ts';
import { QueueLedger } from './queue-ledger.ts';
import { ValueLedger } from './value-ledger.ts';

const topics = ['orders', 'payments'] as const;
const queuesPerTopic = 2;
const groups = ['billing', 'audit'] as const;
const settingKeys = ['a', 'b', 'c'] as const;

/** A consumer group's place in a queue. */
export interface ConsumerPlace {
  readonly group: string;
  readonly queue: QueueLedger;
  readonly committed: ValueLedger<number>;
}

/** What happened that does not always happen, for the summary of a run. */
export interface StoreEvents {
  readonly flushTimeouts: number;
  /** Sends from inside of a completion. */
  readonly sequels: number;
  readonly removals: number;
  readonly refusedRemovals: number;
  readonly failedReads: number;
  /** With a segment that somebody took away. */
  readonly lostMessages: number;
}

const queuesOf = (topic: string, count: number): QueueLedger[] => Array.from({ length: count }, (_, queueId) => new QueueLedger(topic, queueId));

/** What the outside world knows about a store: it survives every crash. */
export class StoreLedger {
  readonly queues: readonly QueueLedger[] = topics.flatMap((topic) => queuesOf(topic, queuesPerTopic));
  /** Those of one more topic. */
  readonly manyQueues: readonly QueueLedger[];
  readonly allQueues: readonly QueueLedger[];
  readonly places: ConsumerPlace[] = groups.flatMap((group) =>
    this.queues.map((queue) => ({ group, queue, committed: new ValueLedger(`the offset of ${group} in ${queue.name}`, -1) })),
  );
  readonly settings: ReadonlyMap<string, ValueLedger<number | undefined>> = new Map(
    settingKeys.map((key) => [key, new ValueLedger<number | undefined>(`setting ${key}`, undefined)]),
  );
  /** Places whose removal was refused: that of their topic, asked for at once, may not have been. */
  readonly outliving: Set<ConsumerPlace> = new Set();
  /** The store has said that the log is durable up to here. */
  flushedPosition = 0;
  powerCuts = 0;
  readonly retention: RetentionLedger = new RetentionLedger();
  readonly events: { -readonly [K in keyof StoreEvents]: number } = { flushTimeouts: 0, sequels: 0, removals: 0, refusedRemovals: 0, failedReads: 0, lostMessages: 0 };
  #lastId = 0;

  constructor(manyQueues = 0) {
    this.manyQueues = queuesOf('devices', manyQueues);
    this.allQueues = [...this.queues, ...this.manyQueues];
  }

  get acknowledged(): number {
    return this.allQueues.reduce((sum, queue) => sum + queue.acknowledged, 0);
  }

  nextId(): number {
    return ++this.#lastId;
  }

  crashed(kind: CrashKind, flushMode: 'sync' | 'async'): void {
    if (kind === 'kill') return;
    this.powerCuts++;
    const isSync = flushMode === 'sync';
    const seen = (physicalOffset: number): boolean => isSync || physicalOffset < this.flushedPosition;
    const promised = (promise: 'flushed' | 'written', physicalOffset: number): boolean => promise === 'flushed' || physicalOffset < this.flushedPosition;
    for (const queue of this.allQueues) queue.crashed({ promised, seen, trims: isSync });
  }
}
