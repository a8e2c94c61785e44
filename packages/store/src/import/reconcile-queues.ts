import { lmqPrefix } from '@kitemq/protocol';
import type { ApacheQueue } from './apache-consume-queues.ts';
import type { LogStore } from '../log-store.ts';
import type { ApacheStore } from './inspect-apache-store.ts';

export interface ReconciledQueues {
  /** Queues that have no message in the log any more, and go on where they were. */
  readonly begun: number;
  /** Topics whose messages are still in the log, but which were deleted. */
  readonly removedTopics: readonly string[];
  /** Queues whose end in the log is not the one in Apache's index. */
  readonly notes: readonly string[];
}

/** More differences than these are only counted. */
const notesMax = 20;

/**
 * Brings in what Apache's index knows and its log does not say: queues that lost all their messages to retention, topics that were deleted,
 * and topics that were deleted and made again. All of it becomes records of the log, so that a rebuild finds the same.
 */
export async function reconcileQueues(store: LogStore, apache: ApacheStore, isKnownTopic: (topic: string) => boolean): Promise<ReconciledQueues> {
  const { clean } = apache;
  if (apache.queues === undefined) return { begun: 0, removedTopics: [], notes: ['there is no consumequeue/ to compare with: queues are what the log says'] };
  // Their messages are in queues of other topics.
  const queues = apache.queues.filter(({ topic }) => !topic.startsWith(lmqPrefix));
  const light = apache.queues.length - queues.length;
  const lightNotes = light === 0 ? [] : [`not carried over: ${light} light queues (${lmqPrefix}…); their messages are in the topics that they were sent to`];
  const appended: Promise<void>[] = [];
  let begun = 0;
  for (const { topic, queueId, next } of queues) {
    const max = store.maxOffset(topic, queueId);
    if (max === 0 && next > 0) {
      appended.push(store.beginQueue(topic, queueId, next));
      begun++;
    } else if (max > next) appended.push(store.renewQueue(topic, queueId));
  }
  await Promise.all(appended);
  // After a crash the index may not have what came last.
  if (!clean) return { begun, removedTopics: [], notes: lightNotes };
  const { removedTopics, notes } = await leaveOutDeleted(store, queues, isKnownTopic);
  return { begun, removedTopics, notes: [...lightNotes, ...notes, ...differences(store, queues)] };
}

/** Queues that only the log has belong to topics that were deleted, or deleted and made again. */
async function leaveOutDeleted(store: LogStore, queues: readonly ApacheQueue[], isKnownTopic: (topic: string) => boolean): Promise<Pick<ReconciledQueues, 'removedTopics' | 'notes'>> {
  const indexedTopics = new Set(queues.map(({ topic }) => topic));
  const indexed = new Set(queues.map(({ topic, queueId }) => `${queueId} ${topic}`));
  const removedTopics = new Set<string>();
  const unindexed = new Set<string>();
  let forgotten = 0;
  for (const { topic, queueId } of [...store.queues()]) {
    if (indexed.has(`${queueId} ${topic}`)) continue;
    if (indexedTopics.has(topic)) {
      await store.forgetQueue(topic, queueId);
      forgotten++;
    } else if (isKnownTopic(topic)) unindexed.add(topic);
    else removedTopics.add(topic);
  }
  for (const topic of removedTopics) await store.removeTopic(topic);
  const notes = [...unindexed].slice(0, notesMax).map((topic) => `${topic} has messages in the log and no queue in Apache's index: they are served`);
  if (forgotten > 0) notes.push(`${forgotten} queues have messages of before their topic was deleted and made again only, which are left out`);
  return { removedTopics: [...removedTopics], notes };
}

function differences(store: LogStore, queues: readonly ApacheQueue[]): string[] {
  const notes: string[] = [];
  let more = 0;
  for (const { topic, queueId, next } of queues) {
    const max = store.maxOffset(topic, queueId);
    if (max === next) continue;
    if (notes.length < notesMax) notes.push(`queue ${queueId} of ${topic} ends at ${max} in the log, at ${next} in Apache's index; the log counts`);
    else more++;
  }
  if (more > 0) notes.push(`and ${more} more queues end otherwise than in Apache's index`);
  return notes;
}
