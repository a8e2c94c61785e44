import type { Timers } from '@kitemq/runtime';
import type { ConsumeQueue } from '../views/consume-queue.ts';
import { entriesPerChunk, entryBytes, entryPosition, entrySize } from '../views/queue-entry.ts';
import type { QueueView } from '../views/queues.ts';

/** Queues looked at in one turn of the event loop. */
const queuesPerTurn = 200;

/** Tells whether anything that readers can still see lies in the beginning of the log. */
export class LiveMessages {
  readonly #queues: QueueView;
  readonly #timers: Timers;
  /** Had the oldest message when it was asked last: asked first, it usually saves looking at the others. */
  #witness: ConsumeQueue | undefined;

  constructor(queues: QueueView, timers: Timers) {
    this.#queues = queues;
    this.#timers = timers;
  }

  /** True when some queue has a message before log position `position`. */
  async areBefore(position: number): Promise<boolean> {
    const witness = this.#witness;
    if (witness !== undefined && this.#queues.find(witness.topicQueues.topic, witness.queueId) === witness && beginsBefore(witness, position)) return true;
    let count = 0;
    for (const queue of this.#queues.list()) {
      if (beginsBefore(queue, position)) {
        this.#witness = queue;
        return true;
      }
      if (++count % queuesPerTurn === 0) await new Promise<void>((resolve) => void this.#timers.setImmediate(resolve));
    }
    return false;
  }
}

/** What cannot be told counts as before. */
function beginsBefore(queue: ConsumeQueue, position: number): boolean {
  const { minOffset, visible } = queue;
  if (minOffset >= visible) return false;
  const number = Math.floor(minOffset / entriesPerChunk);
  const slot = minOffset - number * entriesPerChunk;
  const chunk = queue.chunk(number);
  if (chunk === undefined || (slot + 1) * entryBytes > chunk.length || entrySize(chunk, slot) === 0) return true;
  return entryPosition(chunk, slot) < position;
}
