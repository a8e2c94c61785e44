import type { ConsumerRunningInfo, SubscriptionData } from '@kitemq/protocol';
import { ConsumerRunningInfoKey, kiteMqVersion, MessageQueueMap, ProcessQueueInfo, ConsumerRunningInfo as RunningInfo } from '@kitemq/protocol';
import type { MessageQueue } from '../admin/types.ts';
import type { ResolvedConsumerOptions } from './consumer-options.ts';
import type { Delivery } from './delivery.ts';
import type { ProcessQueue } from './process-queue.ts';

export interface RunningInfoParts {
  readonly options: ResolvedConsumerOptions;
  /** ms since the epoch */
  readonly startedAt: number;
  readonly nameservers: readonly string[];
  readonly subscriptions: SubscriptionData[];
  readonly queues: readonly ProcessQueue<Delivery>[];
  readonly committed: (queue: MessageQueue) => number;
}

const MIB = 1_048_576;

/** What operators see of a consumer (307). */
export function consumerRunningInfo(parts: RunningInfoParts): ConsumerRunningInfo {
  const { options, queues } = parts;
  const table = new MessageQueueMap<ProcessQueueInfo>();
  for (const queue of queues) {
    table.set(
      queue.queue,
      ProcessQueueInfo.create({
        commitOffset: parts.committed(queue.queue),
        cachedMsgMinOffset: queue.firstOffset ?? 0,
        cachedMsgMaxOffset: queue.lastOffset ?? 0,
        cachedMsgCount: queue.cachedCount,
        cachedMsgSizeInMiB: Math.floor(queue.cachedBytes / MIB),
        droped: queue.dropped,
        lastPullTimestamp: queue.lastPullAt,
        lastConsumeTimestamp: queue.lastSettleAt,
      }),
    );
  }
  const properties = new Map<string, string>([
    [ConsumerRunningInfoKey.nameserverAddress, parts.nameservers.join(';')],
    [ConsumerRunningInfoKey.consumeType, 'CONSUME_PASSIVELY'],
    [ConsumerRunningInfoKey.consumeOrderly, 'false'],
    [ConsumerRunningInfoKey.threadPoolCoreSize, '1'],
    [ConsumerRunningInfoKey.clientVersion, String(kiteMqVersion)],
    [ConsumerRunningInfoKey.startTimestamp, String(parts.startedAt)],
    ['pullBatchSize', String(options.pullBatchSize)],
    ['maxReconsumeTimes', String(options.maxReconsumeTimes)],
    ['messageModel', options.model.toUpperCase()],
  ]);
  return RunningInfo.create({ properties, subscriptionSet: parts.subscriptions, mqTable: table });
}
