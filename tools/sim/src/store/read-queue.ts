import { MessageSysFlag, PropertyKey, PropertyName, RecordView } from '@kitemq/protocol';
import type { MessageStore, ReadResult } from '@kitemq/store';
import { check } from '../check.ts';
import { readBody } from '../message-body.ts';
import type { Found, QueueLedger } from './queue-ledger.ts';

const innerNum = new PropertyKey(PropertyName.innerNum);
const innerBase = new PropertyKey(PropertyName.innerBase);

export const readOnce = (store: MessageStore, queue: QueueLedger, offset: number, maxMessages: number): Promise<ReadResult> =>
  new Promise((resolve) => {
    const query = { topic: queue.topic, queueId: queue.queueId, offset, maxMessages, maxBytes: 16_384, matchesTags: undefined, matchesRecord: undefined };
    store.read(query, { readDone: resolve });
  });

export const toFound = (record: Uint8Array): Found => {
  const view = new RecordView();
  view.moveTo(record, 0);
  const { queueOffset, physicalOffset, propertiesStart, propertiesEnd } = view;
  const id = readBody(view.body);
  const isInner = (view.sysFlag & MessageSysFlag.innerBatch) !== 0;
  check(!isInner || Number(innerBase.find(record, propertiesStart, propertiesEnd)) === queueOffset, () => `the inner batch ${id} is at offset ${queueOffset}, for which it was not made`);
  const count = isInner ? Number(innerNum.find(record, propertiesStart, propertiesEnd)) : 1;
  return { id, length: view.bodyLength, count, queueOffset, physicalOffset, end: physicalOffset + record.length };
};

/** Reads a queue from its beginning to its end, as it is now. Nothing is deleted meanwhile. */
export const readAll = async (store: MessageStore, queue: QueueLedger): Promise<Found[]> => {
  const found: Found[] = [];
  const { topic, queueId } = queue;
  const end = store.maxOffset(topic, queueId);
  for (let offset = store.minOffset(topic, queueId); offset < end; ) {
    const result = await readOnce(store, queue, offset, 32);
    check(result.nextBeginOffset > offset, () => `${queue.name}: reading at ${offset} of ${end} says ${result.status}, and leads to ${result.nextBeginOffset}`);
    for (const record of result.records) found.push(toFound(record));
    offset = result.nextBeginOffset;
  }
  return found;
};
