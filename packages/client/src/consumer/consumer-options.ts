import { checkGroup, checkNumber, checkTopic } from '../check-options.ts';
import type { AllocateStrategy } from './allocate.ts';
import { averageAllocation } from './allocate.ts';
import type { ConsumeFrom, ConsumerOptions, Subscription } from './consumer.ts';

/** Options with every default filled in, checked. */
export interface ResolvedConsumerOptions {
  readonly group: string;
  readonly subscriptions: Readonly<Record<string, string | Subscription>>;
  readonly from: ConsumeFrom;
  readonly model: 'clustering' | 'broadcasting';
  readonly allocate: AllocateStrategy;
  readonly maxReconsumeTimes: number;
  readonly consumeTimeoutMs: number;
  readonly pullBatchSize: number;
  readonly cachedMessagesMax: number;
  readonly cachedBytesMax: number;
  readonly offsetSpanMax: number;
  readonly offsetDirectory: string | undefined;
  readonly commitIntervalMs: number;
}

/** @throws KiteError `KITE_OPTION_INVALID` that names the option, the value and the range */
export function resolveConsumerOptions(options: ConsumerOptions): ResolvedConsumerOptions {
  for (const topic of Object.keys(options.subscriptions)) checkTopic(topic);
  return {
    group: checkGroup(options.group),
    subscriptions: options.subscriptions,
    from: options.from ?? 'last',
    model: options.model ?? 'clustering',
    allocate: options.allocate ?? averageAllocation,
    maxReconsumeTimes: checkNumber('maxReconsumeTimes', options.maxReconsumeTimes, { min: 0, max: 1_000_000, otherwise: 16 }),
    consumeTimeoutMs: checkNumber('consumeTimeoutMs', options.consumeTimeoutMs, { min: 1, max: 86_400_000, otherwise: 900_000 }),
    pullBatchSize: checkNumber('pullBatchSize', options.pullBatchSize, { min: 1, max: 1_024, otherwise: 32 }),
    cachedMessagesMax: checkNumber('cachedMessagesMax', options.cachedMessagesMax, { min: 1, max: 65_535, otherwise: 1_000 }),
    cachedBytesMax: checkNumber('cachedBytesMax', options.cachedBytesMax, { min: 1, max: 1_073_741_824, otherwise: 104_857_600 }),
    offsetSpanMax: checkNumber('offsetSpanMax', options.offsetSpanMax, { min: 1, max: 65_535, otherwise: 2_000 }),
    offsetDirectory: options.offsetDirectory,
    commitIntervalMs: checkNumber('commitIntervalMs', options.commitIntervalMs, { min: 1, max: 600_000, otherwise: 5_000 }),
  };
}
