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

/** What the outside world knows about a store: it survives every crash. */
export class StoreLedger {
  readonly queues: QueueLedger[] = topics.flatMap((topic) => Array.from({ length: queuesPerTopic }, (_, queueId) => new QueueLedger(topic, queueId)));
  readonly places: ConsumerPlace[] = groups.flatMap((group) =>
    this.queues.map((queue) => ({ group, queue, committed: new ValueLedger(`the offset of ${group} in ${queue.name}`, -1) })),
  );
  readonly settings: ReadonlyMap<string, ValueLedger<number | undefined>> = new Map(
    settingKeys.map((key) => [key, new ValueLedger<number | undefined>(`setting ${key}`, undefined)]),
  );
  /** The store has said that the log is durable up to here. */
  flushedPosition = 0;
  powerCuts = 0;
  readonly retention: RetentionLedger = new RetentionLedger();
  #lastId = 0;

  get acknowledged(): number {
    return this.queues.reduce((sum, queue) => sum + queue.acknowledged, 0);
  }

  nextId(): number {
    return ++this.#lastId;
  }

  crashed(kind: CrashKind, flushMode: 'sync' | 'async'): void {
    if (kind === 'kill') return;
    this.powerCuts++;
    for (const queue of this.queues) {
      queue.crashed((promised, physicalOffset) => physicalOffset < this.flushedPosition || (flushMode === 'sync' && promised === 'flushed'), flushMode === 'sync');
    }
  }
}
