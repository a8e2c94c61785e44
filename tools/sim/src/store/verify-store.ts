import { RecordView } from '@kitemq/protocol';
import type { MessageStore, ReadResult } from '@kitemq/store';
import { check } from '../check.ts';
import { readBody } from '../message-body.ts';
import type { Found, QueueLedger } from './queue-ledger.ts';
import type { StoreLedger } from './store-ledger.ts';
import { verifyKeys } from './verify-keys.ts';

export const readOnce = (store: MessageStore, queue: QueueLedger, offset: number, maxMessages: number): Promise<ReadResult> =>
  new Promise((resolve) => {
    const query = { topic: queue.topic, queueId: queue.queueId, offset, maxMessages, maxBytes: 16_384, matchesTags: undefined, matchesRecord: undefined };
    store.read(query, { readDone: resolve });
  });

export const toFound = (record: Uint8Array): Found => {
  const view = new RecordView();
  view.moveTo(record, 0);
  return { id: readBody(view.body), length: view.bodyLength, queueOffset: view.queueOffset, physicalOffset: view.physicalOffset };
};

/** Reads a queue from its beginning to its end. */
const readAll = async (store: MessageStore, queue: QueueLedger): Promise<Found[]> => {
  const found: Found[] = [];
  const { topic, queueId } = queue;
  const end = store.maxOffset(topic, queueId);
  for (let offset = store.minOffset(topic, queueId); offset < end; ) {
    const result = await readOnce(store, queue, offset, 32);
    check(result.status === 'FOUND' || result.nextBeginOffset > offset, () => `${queue.name}: reading at ${offset} of ${end} says ${result.status}`);
    check(result.nextBeginOffset > offset, () => `${queue.name}: reading at ${offset} of ${end} leads back to ${result.nextBeginOffset}`);
    for (const record of result.records) found.push(toFound(record));
    offset = result.nextBeginOffset;
  }
  return found;
};

/** Compares a store that has just started with what was promised. @throws BrokenPromise */
export const verifyStore = async (store: MessageStore, ledger: StoreLedger, clean: boolean): Promise<void> => {
  ledger.retention.look(store, ledger.queues);
  const byTopic = new Map<string, Found[]>();
  for (const queue of ledger.queues) {
    const found = await readAll(store, queue);
    queue.verify(found, ledger.powerCuts > 0);
    byTopic.set(queue.topic, [...(byTopic.get(queue.topic) ?? []), ...found]);
  }
  for (const [topic, found] of byTopic) await verifyKeys(store, topic, found);
  const known = new Set(ledger.queues.map((queue) => queue.name));
  for (const { topic, queueId } of store.queues()) check(known.has(`${topic}/${queueId}`), () => `nobody ever sent to ${topic}/${queueId}`);
  for (const { group, queue, committed } of ledger.places) {
    const offset = store.consumerOffsets.get(group, queue.topic, queue.queueId);
    const end = store.maxOffset(queue.topic, queue.queueId);
    // The messages were lost with the power, the offset was not: then it is set to the end.
    committed.verify(offset, clean, ledger.powerCuts > 0 && committed.last > end ? end : undefined);
    check(offset <= end, () => `${group} has consumed ${queue.name} up to ${offset}, which ends at ${end}`);
  }
  for (const [key, value] of ledger.settings) value.verify(store.settings.get('color', key) as number | undefined, clean);
};
