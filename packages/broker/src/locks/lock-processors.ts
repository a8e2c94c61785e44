import type { Commands } from '@kitemq/protocol';
import type { Answer, Call } from '../answer.ts';
import type { BrokerContext } from '../broker-context.ts';

/** LOCK_BATCH_MQ (41): answers the queues that the client owns now. */
export function lockQueues({ locks }: BrokerContext, { body }: Call<typeof Commands.lockBatchMq>): Answer<typeof Commands.lockBatchMq> {
  return { body: { lockOKMQSet: locks.lock(body.consumerGroup, body.clientId, body.mqSet) } };
}

/** UNLOCK_BATCH_MQ (42) */
export function unlockQueues({ locks }: BrokerContext, { body }: Call<typeof Commands.unlockBatchMq>): Answer<typeof Commands.unlockBatchMq> {
  locks.unlock(body.consumerGroup, body.clientId, body.mqSet);
  return {};
}
