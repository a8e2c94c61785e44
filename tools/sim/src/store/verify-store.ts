import type { MessageStore } from '@kitemq/store';
import { check } from '../check.ts';
import type { Found } from './queue-ledger.ts';
import { readAll } from './read-queue.ts';
import type { StoreLedger } from './store-ledger.ts';
import { verifyKeys } from './verify-keys.ts';

/** Compares a store that has just started with what was promised. @throws BrokenPromise */
export const verifyStore = async (store: MessageStore, ledger: StoreLedger, clean: boolean): Promise<void> => {
  ledger.retention.look(store, ledger.allQueues);
  const byTopic = new Map<string, Found[]>();
  for (const queue of ledger.allQueues) {
    const found = await readAll(store, queue);
    queue.verify(found, ledger.powerCuts > 0);
    // Of an inner batch that was trimmed in part no key is found.
    const whole = found.filter(({ queueOffset }) => queueOffset >= queue.minOffset);
    const ofTopic = byTopic.get(queue.topic) ?? [];
    byTopic.set(queue.topic, ofTopic);
    ofTopic.push(...whole);
  }
  const leftOver = new Set(ledger.allQueues.flatMap((queue) => Array.from(queue.leftOver)));
  for (const [topic, found] of byTopic) await verifyKeys(store, topic, found, leftOver);
  const known = new Set(ledger.allQueues.map((queue) => queue.name));
  for (const { topic, queueId } of store.queues()) check(known.has(`${topic}/${queueId}`), () => `nobody ever sent to ${topic}/${queueId}`);
  for (const place of ledger.places) {
    const { group, queue, committed } = place;
    const offset = store.consumerOffsets.get(group, queue.topic, queue.queueId);
    const end = store.maxOffset(queue.topic, queue.queueId);
    // The messages were lost with the power or removed with their topic, the offset was not: then it is set to the end.
    committed.verify(offset, clean, Math.max(...committed.possible) > end ? end : undefined);
    check(offset <= end || ledger.outliving.has(place), () => `${group} has consumed ${queue.name} up to ${offset}, which ends at ${end}`);
  }
  for (const [key, value] of ledger.settings) value.verify(store.settings.get('color', key) as number | undefined, clean);
};
