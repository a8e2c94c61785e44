import type { MessageStore } from '@kitemq/store';
import { check } from '../check.ts';
import type { Found } from './queue-ledger.ts';
import { toFound } from './read-queue.ts';

/** Messages share so many keys. */
const keyCount = 7;

const newestMax = 64;

const keyOf = (id: number): string => `k${id % keyCount}`;
const uniqueKeyOf = (id: number): string => `u${id}`;

/** Properties by which a message is found. */
export const keyProperties = (id: number): Uint8Array => Buffer.from(`UNIQ_KEY\u0001${uniqueKeyOf(id)}\u0002KEYS\u0001all ${keyOf(id)}\u0002`);

const idsOf = (records: readonly Uint8Array[]): number[] => records.map((record) => toFound(record).id);

/**
 * Compares what queries find in a topic with all that readers find in its queues: the model is a linear scan. A query may also find
 * what is `leftOver` of a topic that was removed. @throws BrokenPromise
 */
export const verifyKeys = async (store: MessageStore, topic: string, found: readonly Found[], leftOver: ReadonlySet<number>): Promise<void> => {
  const all = found.toSorted((a, b) => a.physicalOffset - b.physicalOffset).map(({ id }) => id);
  const verify = async (key: string, expected: readonly number[]): Promise<void> => {
    const { records } = await store.queryByKey({ topic, key, maxMessages: newestMax });
    const ids = idsOf(records).filter((id) => !leftOver.has(id));
    const newest = records.length < newestMax ? expected : expected.slice(expected.length - ids.length);
    check(ids.length === newest.length && ids.every((id, index) => id === newest[index]), () => `${topic}: the key ${key} finds ${ids.join(' ')}, readers found ${newest.join(' ')}`);
  };
  await verify('all', all);
  // Two of them each time: there are many starts.
  for (const index of [all.length % keyCount, (all.length + 1) % keyCount]) await verify(keyOf(index), all.filter((id) => keyOf(id) === keyOf(index)));
  for (const id of all.slice(-2)) await verify(uniqueKeyOf(id), [id]);
  await verify('none', []);
};
