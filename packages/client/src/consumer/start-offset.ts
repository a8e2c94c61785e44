import { isRetryTopic } from '@kitemq/protocol';
import type { MessageQueue } from '../admin/types.ts';
import type { OffsetCalls } from '../calls/offset-calls.ts';
import type { ConsumeFrom } from './consumer.ts';
import type { OffsetStore } from './offset-store.ts';

export interface StartOffsetOptions {
  readonly calls: OffsetCalls;
  readonly store: OffsetStore;
  readonly address: (brokerName: string) => string;
  readonly from: ConsumeFrom;
  readonly timeoutMs: number;
}

/**
 * Where a queue that was just assigned is read from: the committed offset; without one, what `from` says.
 * `appeared`: the queue came into being while this consumer was running, so all of it is new to the group and nothing may be skipped.
 */
export async function startOffset(
  options: StartOffsetOptions,
  queue: MessageQueue,
  appeared: boolean,
  signal: AbortSignal,
): Promise<number> {
  const { store, calls, from, timeoutMs } = options;
  const committed = await store.read(queue, signal);
  if (committed !== undefined && committed >= 0) return committed;
  const address = options.address(queue.brokerName);
  const call = { timeoutMs, signal };
  if (isRetryTopic(queue.topic) && from === 'last') return 0;
  if (from === 'first' || appeared) return Math.max(0, await calls.min(address, queue, call));
  if (from === 'last') return calls.max(address, queue, call);
  if (isRetryTopic(queue.topic)) return calls.max(address, queue, call);
  return calls.byTime(address, queue, from.getTime(), call);
}
