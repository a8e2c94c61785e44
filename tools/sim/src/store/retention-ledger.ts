import type { CleanReport, MessageStore, RetentionPolicy } from '@kitemq/store';
import { check } from '../check.ts';
import type { QueueLedger, Sent } from './queue-ledger.ts';
import type { RetentionPlan } from './store-plan.ts';

/** Filesystem parts at which segments go before they expire. */
const forciblyAbove = 0.7;
/** A record is longer than its body by so much, at least. */
const recordOverhead = 91;

export const policyOf = (plan: RetentionPlan, topic: string): RetentionPolicy => ({
  ageMs: plan.ageMs,
  logBytesMax: plan.logBytesMax,
  disk: plan.diskBytes === undefined ? undefined : { maxUsedRatio: 0.5, cleanForciblyRatio: forciblyAbove, freeBytesEnough: plan.diskBytes },
  topics: plan.topicAgeMs === undefined && plan.topicBytes === undefined ? undefined : [{ topic, ageMs: plan.topicAgeMs, bytes: plan.topicBytes }],
});

interface Facts {
  readonly now: number;
  readonly maxPosition: number;
  readonly segmentBytes: number;
  readonly trustClock: boolean;
}

/** What may have been deleted, and how far: kept outside of the simulated process. */
export class RetentionLedger {
  deletedSegments = 0;
  trimmedQueues = 0;
  /** The store has said that its log begins here. */
  minPosition = 0;

  cleaned({ deletedSegments, trimmedQueues }: CleanReport): void {
    this.deletedSegments += deletedSegments;
    this.trimmedQueues += trimmedQueues;
  }

  /** Nothing that was deleted comes back; queues begin no earlier than they did. Cheap: called at every step. */
  look(store: MessageStore, queues: readonly QueueLedger[]): void {
    check(store.minPosition >= this.minPosition, () => `the log begins at ${store.minPosition}, and began at ${this.minPosition} before`);
    this.minPosition = store.minPosition;
    for (const queue of queues) queue.lookAtEnds(store.minOffset(queue.topic, queue.queueId), store.maxOffset(queue.topic, queue.queueId));
  }

  /** Each promised message before the queue's beginning must be one that the plan allows to delete. */
  verify(plan: RetentionPlan | undefined, queues: readonly QueueLedger[], facts: Facts): void {
    for (const queue of queues) {
      for (const sent of queue.promised()) {
        if (sent.queueOffset >= queue.minOffset) continue;
        check(plan !== undefined, () => `${queue.name}: message ${sent.id} was deleted, but there is no retention`);
        const isFirst = queue.topic === queues[0]!.topic;
        const allowed =
          !facts.trustClock ||
          (sent.physicalOffset < this.minPosition && this.#logMay(plan, sent, facts)) ||
          (isFirst && this.#topicMay(plan, sent, queues, facts.now));
        check(allowed, () => `${queue.name}: message ${sent.id}, stored at ${sent.storeTimestamp} (position ${sent.physicalOffset}), was deleted too early: it is ${facts.now}, the log ends at ${facts.maxPosition}`);
      }
    }
  }

  #logMay(plan: RetentionPlan, sent: Sent, { now, maxPosition, segmentBytes }: Facts): boolean {
    if (plan.diskBytes !== undefined) return true;
    if (plan.ageMs !== undefined && sent.storeTimestamp + plan.ageMs <= now) return true;
    return plan.logBytesMax !== undefined && maxPosition - sent.physicalOffset >= plan.logBytesMax - segmentBytes;
  }

  #topicMay(plan: RetentionPlan, sent: Sent, queues: readonly QueueLedger[], now: number): boolean {
    if (plan.topicAgeMs !== undefined && sent.storeTimestamp + plan.topicAgeMs <= now) return true;
    if (plan.topicBytes === undefined) return false;
    // Also what was never acknowledged may be there and count.
    const overhead = recordOverhead * 3;
    let bytes = sent.length + overhead;
    for (const queue of queues) if (queue.topic === queues[0]!.topic) bytes += queue.bytesBehind(sent, overhead);
    return bytes > plan.topicBytes;
  }
}
