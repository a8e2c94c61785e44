import type { RowsSnapshot } from '../checkpoint/lmdb-snapshot.ts';
import { forCarried } from '../compaction/carried-records.ts';
import type { CompactedMessage } from '../compaction/compacted-queue.ts';
import { compactedMessage } from '../compaction/compaction-view.ts';
import type { ScannedRecord } from '../recovery/record-scanner.ts';
import type { ConsumeQueue } from '../views/consume-queue.ts';
import type { LogRecord } from '../views/log-record.ts';
import type { QueueView } from '../views/queues.ts';
import { SystemTopic } from '../views/system-topics.ts';
import type { QueueRow } from './folded-rows.ts';
import { readStoredCompactions, type StoredCompaction } from './stored-compaction.ts';
import type { StoreProblem } from './verify-store.ts';

export interface CompactionCheckOptions {
  readonly rows: RowsSnapshot;
  /** The queues of the same checkpoint. */
  readonly storedQueues: Iterable<QueueRow>;
  /** Folded from the log. */
  readonly queues: QueueView;
  /** First log position. */
  readonly begin: number;
  readonly problem: (problem: StoreProblem) => void;
}

interface Tally {
  readonly stored: StoredCompaction;
  /** Messages before it that were never carried over need not be known: they had expired when compaction began. */
  min: number;
  /** The folded queue: another one when its topic was removed meanwhile. */
  queue: ConsumeQueue | undefined;
  /** Entries that the log has the message of. */
  seen: number;
  /** Messages that are the latest of their key, and are not known as that. */
  missing: number;
  firstMissing: number;
}

/**
 * Compares the compacted beginnings of queues with the log, message by message, so that memory does not grow with the number of keys: each entry leads to its
 * message, and no key has a later one. A tombstone that is not there has outlived what it hides.
 */
export class CompactionCheck {
  readonly #options: CompactionCheckOptions;
  readonly #tallies = new Map<string, Map<number, Tally>>();
  entriesCompared = 0;

  constructor(options: CompactionCheckOptions) {
    this.#options = options;
    for (const stored of readStoredCompactions(options.rows)) {
      const tallies = this.#tallies.get(stored.topic) ?? new Map<number, Tally>();
      tallies.set(stored.queueId, { stored, min: 0, queue: undefined, seen: 0, missing: 0, firstMissing: -1 });
      this.#tallies.set(stored.topic, tallies);
    }
    for (const { topic, queueId, min } of options.storedQueues) {
      const tally = this.#tallies.get(topic)?.get(queueId);
      if (tally !== undefined) tally.min = min;
    }
  }

  /** Takes a record that was applied to the folded queues. */
  record({ topic, queueId, queueOffset }: LogRecord, { view, position }: ScannedRecord): void {
    if (this.#tallies.size === 0) return;
    if (topic === SystemTopic.carried) return forCarried(view.body, (carried) => this.#carried(compactedMessage(carried, carried.physicalOffset), carried.topic, carried.queueId));
    const tally = queueOffset < 0 ? undefined : this.#find(topic, queueId);
    if (tally !== undefined && queueOffset < tally.stored.end) this.#compare(tally, compactedMessage(view, position), queueOffset >= tally.min);
  }

  finish(): void {
    for (const tallies of this.#tallies.values()) for (const tally of tallies.values()) this.#finish(tally);
  }

  #carried(message: CompactedMessage, topic: string, queueId: number): void {
    const tally = this.#find(topic, queueId);
    if (tally !== undefined) this.#compare(tally, message, true);
  }

  #find(topic: string, queueId: number): Tally | undefined {
    const tally = this.#tallies.get(topic)?.get(queueId);
    if (tally === undefined) return undefined;
    const queue = this.#options.queues.find(topic, queueId);
    if (queue !== tally.queue) Object.assign(tally, { queue, missing: 0, firstMissing: -1 });
    return tally;
  }

  #compare(tally: Tally, message: CompactedMessage, isWanted: boolean): void {
    const { digest, offset, position, size, tagsCode, isTombstone } = message;
    const latest = digest === undefined ? undefined : tally.stored.offsetOf(digest);
    if (digest === undefined || (latest !== undefined && latest > offset)) return;
    const entry = latest === offset ? tally.stored.find(offset) : undefined;
    if (entry?.position === position && entry.size === size && entry.tagsCode === tagsCode) tally.seen++;
    // A copy that was carried over lies behind its message.
    else if (isWanted && !(entry !== undefined && entry.position > position) && !(isTombstone && latest === undefined)) {
      if (tally.missing++ === 0) tally.firstMissing = offset;
    }
  }

  #finish({ stored, seen, missing, firstMissing }: Tally): void {
    const { begin, problem } = this.#options;
    const name = `the compacted beginning of queue ${stored.topic}/${stored.queueId}`;
    let entries = 0;
    // What lies before the log's beginning was superseded when that went; a start may not know yet.
    stored.forEach(({ position }) => void (entries += position >= begin ? 1 : 0));
    this.entriesCompared += entries;
    if (entries > seen) problem({ kind: 'compaction', message: `${name} has ${entries} messages in the checkpoint, of which the log does not have ${entries - seen} where it leads to` });
    if (missing > 0) problem({ kind: 'compaction', message: `${name} misses ${missing} of the latest messages that the log has, the first at offset ${firstMissing}` });
  }
}
