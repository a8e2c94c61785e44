import { sleep } from '@kitemq/runtime';
import { check } from '../check.ts';
import type { Found, QueueLedger } from './queue-ledger.ts';
import { readOnce, toFound } from './read-queue.ts';
import type { WorkloadOptions } from './store-workload.ts';

/** So often a reader comes back when it gets nothing, before it says that there is something wrong. */
const attemptsMax = 20;

/** They read, also while a disk fails, and commit how far they have come. */
export class Consumers {
  readonly #options: WorkloadOptions;
  /** Next offset to read, of each consumer place. */
  readonly #positions: number[];

  constructor(options: WorkloadOptions) {
    this.#options = options;
    this.#positions = options.ledger.places.map(({ committed }) => Math.max(0, committed.last));
  }

  async consume(index: number): Promise<void> {
    const { store, ledger } = this.#options;
    const { group, queue, committed } = ledger.places[index]!;
    const next = await this.#read(queue, this.#positions[index]!, 1 + this.#options.random.below(8));
    if (next <= this.#positions[index]!) return;
    this.#positions[index] = next;
    committed.wrote(next);
    store.consumerOffsets.commit(group, queue.topic, queue.queueId, next);
    check(store.consumerOffsets.get(group, queue.topic, queue.queueId) === next, () => 'a committed offset is not seen at once');
  }

  /** The topic was removed. */
  beginAgain(topic: string): void {
    this.#options.ledger.places.forEach(({ queue }, index) => {
      if (queue.topic === topic) this.#positions[index] = 0;
    });
  }

  /** Reads all queues from their beginnings to their ends, on a disk that does not fail (any more). */
  async lookAtAll(): Promise<void> {
    const { process, store, ledger } = this.#options;
    process.disk.faults.failReadProbability = 0;
    for (const queue of ledger.allQueues) {
      let attempts = 0;
      for (let offset = store.minOffset(queue.topic, queue.queueId); offset < store.maxOffset(queue.topic, queue.queueId); ) {
        const next = await this.#read(queue, offset, 32);
        if (!this.#isAlive) return;
        check(next > offset || ++attempts < attemptsMax, () => `${queue.name}: reading at ${offset} leads nowhere`);
        if (next === offset) await sleep(this.#options.runtime.timers, 1);
        offset = Math.max(next, store.minOffset(queue.topic, queue.queueId));
      }
    }
  }

  get #isAlive(): boolean {
    const { process, runtime } = this.#options;
    return process.alive && process.runtime === runtime;
  }

  /** Where to go on; a reader may get fewer messages than there are, and none when the disk fails, but is not led past one. */
  async #read(queue: QueueLedger, from: number, maxMessages: number): Promise<number> {
    const { store, ledger, plan } = this.#options;
    const due = queue.visible(plan.flushMode === 'async');
    const { generation } = queue;
    const { status, records, nextBeginOffset } = await readOnce(store, queue, from, maxMessages);
    // A removal while it was read: what was found is of the topic before.
    if (!this.#isAlive || queue.generation !== generation) return from;
    if (status === 'OFFSET_FOUND_NULL') ledger.events.failedReads++;
    const found = records.map((record) => toFound(record));
    const byOffset = new Map<number, Found>();
    let next = from;
    for (const each of found) {
      const { queueOffset, count, end } = each;
      check(queueOffset + count > next, () => `${queue.name}: asked for ${next}, got ${queueOffset}`);
      check(plan.flushMode === 'async' || end <= store.flushedPosition, () => `${queue.name}: the message at offset ${queueOffset} is seen before the disk has confirmed it`);
      byOffset.set(queueOffset, each);
      next = queueOffset + count;
    }
    queue.saw(found);
    const begin = Math.max(from, store.minOffset(queue.topic, queue.queueId));
    for (const sent of due) if (sent.queueOffset >= begin && sent.queueOffset < nextBeginOffset) queue.verifyPromise(sent, byOffset.get(sent.queueOffset));
    return nextBeginOffset;
  }
}
