import { Commands, PullSysFlag, ResponseCode } from '@kitemq/protocol';
import type { MessageQueue } from '../admin/types.ts';
import type { ServerLink } from '../connection/server-link.ts';
import type { TopicFilter } from '../consumer/topic-filter.ts';
import { BrokerError } from '../errors.ts';

export interface PullRequest {
  readonly group: string;
  readonly queue: MessageQueue;
  readonly offset: number;
  readonly maxCount: number;
  readonly filter: TopicFilter;
  /** True: the broker takes the filter from the request, else from the group's heartbeats. */
  readonly sendFilter: boolean;
  /** How long the broker may hold the request, ms; 0: not at all. */
  readonly holdMs: number;
}

/** A pull that the broker understood. `next` is where to go on. */
export interface PullAnswer {
  readonly status: 'found' | 'none' | 'none-matched' | 'offset-illegal';
  /** Stored records. */
  readonly records: Uint8Array | undefined;
  readonly next: number;
  readonly minOffset: number;
  readonly maxOffset: number;
  /** Where to pull next: 0 the master, else a replica. */
  readonly suggestedBrokerId: number;
}

/** Bytes a 5.x client asks for at most (`DefaultMQPushConsumer.pullBatchSizeInBytes`). */
const PULL_BYTES_MAX = 262_144;

/** What the network may take on top of the time the broker holds a pull: 30 s for 15 s held, as Java. */
const PULL_GRACE_MS = 15_000;

const statuses = new Map<number, PullAnswer['status']>([
  [ResponseCode.success, 'found'],
  [ResponseCode.pullNotFound, 'none'],
  [ResponseCode.pullRetryImmediately, 'none-matched'],
  [ResponseCode.pullOffsetMoved, 'offset-illegal'],
]);

/**
 * Never with the commit bit: brokers run pulls and commits in different threads, so a commit that rides on a pull can overtake a later
 * one and take the group back, just when a queue changes hands.
 */
function sysFlag(request: PullRequest): number {
  return (request.holdMs > 0 ? PullSysFlag.suspend : 0) | (request.sendFilter ? PullSysFlag.subscription : 0);
}

/** Pulls once. @throws BrokerError for codes other than 0, 19, 20, 21; else as {@link ServerLink.invoke} */
export async function pull(link: ServerLink, address: string, request: PullRequest, call: { readonly signal?: AbortSignal | undefined; readonly timeoutMs?: number | undefined }): Promise<PullAnswer> {
  const { queue, filter } = request;
  const reply = await link.invoke(
    address,
    Commands.pullMessage,
    {
      consumerGroup: request.group,
      topic: queue.topic,
      queueId: queue.queueId,
      queueOffset: request.offset,
      maxMsgNums: request.maxCount,
      sysFlag: sysFlag(request),
      commitOffset: 0,
      suspendTimeoutMillis: request.holdMs,
      subscription: request.sendFilter ? filter.expression : undefined,
      subVersion: filter.version,
      expressionType: filter.type,
      maxMsgBytes: PULL_BYTES_MAX,
      brokerName: queue.brokerName,
    },
    { timeoutMs: call.timeoutMs ?? request.holdMs + PULL_GRACE_MS, signal: call.signal },
  );
  const status = statuses.get(reply.code);
  if (status === undefined) throw new BrokerError(Commands.pullMessage.name, address, reply.code, reply.remark);
  const header = reply.header();
  return {
    status,
    records: status === 'found' ? reply.bytes : undefined,
    next: header.nextBeginOffset,
    minOffset: header.minOffset,
    maxOffset: header.maxOffset,
    suggestedBrokerId: header.suggestWhichBrokerId,
  };
}
