import { check } from '../check.ts';
import type { ConsumerPlace } from './store-ledger.ts';
import type { WorkloadOptions } from './store-workload.ts';

/** Removes topics and groups while everything else goes on. */
export class Remover {
  readonly #options: WorkloadOptions;
  /** Topics whose removal is on its way. */
  readonly #removing = new Set<string>();

  constructor(options: WorkloadOptions) {
    this.#options = options;
  }

  /** As the broker does it: the queues and what groups have consumed of them. Nobody waits for it. Returns whether it is done. */
  removeTopic(topic: string): boolean {
    const { store, ledger } = this.#options;
    if (this.#removing.has(topic)) return false;
    this.#removing.add(topic);
    const queues = ledger.allQueues.filter((queue) => queue.topic === topic);
    const removals = queues.map((queue) => queue.removing());
    ledger.events.removals++;
    const removed = (): void => {
      for (const removal of removals) removal.durable();
      for (const queue of queues) {
        const end = store.maxOffset(topic, queue.queueId, false);
        check(end <= queue.offsetsSent, () => `${queue.name} was removed and ends at ${end}, but only ${queue.offsetsSent} were sent to it since`);
      }
    };
    const refused = (): void => {
      ledger.events.refusedRemovals++;
      for (const removal of removals) removal.refused();
    };
    this.#ends(store.removeTopic(topic), removed, refused, () => this.#removing.delete(topic));
    this.#removeOffsets((place) => place.queue.topic === topic, () => store.consumerOffsets.removeTopic(topic));
    return true;
  }

  removeGroup(group: string): void {
    const { store } = this.#options;
    this.#removeOffsets((place) => place.group === group, () => store.consumerOffsets.removeGroup(group));
  }

  #removeOffsets(isMeant: (place: ConsumerPlace) => boolean, remove: () => Promise<void>): void {
    const places = this.#options.ledger.places.filter(isMeant);
    const marks = places.map(({ committed }) => {
      committed.wrote(-1);
      return committed.markNow();
    });
    const { store } = this.#options;
    const ended = remove();
    for (const { group, queue } of places) check(store.consumerOffsets.get(group, queue.topic, queue.queueId) === -1, () => `a removed offset of ${group} in ${queue.name} is still seen`);
    const refused = (): void => {
      marks.forEach((mark) => mark.refused());
      for (const place of places) this.#options.ledger.outliving.add(place);
    };
    this.#ends(ended, () => marks.forEach((mark) => mark.durable()), refused);
  }

  /** After a failed write or flush nobody knows what is in the log: only a refusal by a store in order says that nothing is. */
  #ends(ending: Promise<void>, durable: () => void, refused: () => void, always = (): void => {}): void {
    const { process, runtime, store } = this.#options;
    const isHeard = (): boolean => process.alive && process.runtime === runtime;
    const failed = (): void => {
      if (isHeard() && store.failure === undefined) refused();
    };
    void ending.then(() => isHeard() && durable(), failed).finally(always);
  }
}
