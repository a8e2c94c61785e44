import { javaHashCode } from '@kitemq/protocol';
import type { Random } from '@kitemq/runtime';
import type { MessageQueue } from '../admin/types.ts';
import type { LatencyFaults } from './latency-faults.ts';
import type { QueueSelector } from './producer.ts';

/** Topics a producer keeps a counter for; beyond it counters start anew. */
const COUNTERS_MAX = 10_000;

/**
 * Picks queues in turn, one counter per topic from a random start, so that producers do not all begin at the same queue.
 * Avoids the broker of the last failure, and brokers that were slow, as long as there is another.
 */
export class QueuePicker {
  readonly #random: Random;
  readonly #faults: LatencyFaults | undefined;
  readonly #counters = new Map<string, number>();

  constructor(random: Random, faults: LatencyFaults | undefined) {
    this.#random = random;
    this.#faults = faults;
  }

  /** `queues` is not empty. `failedBroker` is where the try before failed. */
  pick(topic: string, queues: readonly MessageQueue[], failedBroker: string | undefined): MessageQueue {
    let counter = this.#counters.get(topic);
    if (counter === undefined) {
      if (this.#counters.size >= COUNTERS_MAX) this.#counters.clear();
      counter = this.#random.below(0x1_00_00);
    }
    this.#counters.set(topic, counter + 1);
    let fallback: MessageQueue | undefined;
    for (let step = 0; step < queues.length; step++) {
      const queue = queues[(counter + step) % queues.length] as MessageQueue;
      if (queue.brokerName === failedBroker) continue;
      if (this.#faults === undefined || this.#faults.available(queue.brokerName)) return queue;
      fallback ??= queue;
    }
    return fallback ?? (queues[counter % queues.length] as MessageQueue);
  }
}

/** Equal sharding keys take equal queues (as Java's `SelectMessageQueueByHash`). */
export function shardingKeySelector(shardingKey: string): QueueSelector {
  const hash = javaHashCode(shardingKey);
  return (queues) => queues[Math.abs(hash % queues.length)] as MessageQueue;
}
