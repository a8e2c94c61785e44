import { Commands, ResponseCode } from '@kitemq/protocol';
import { KiteError } from '@kitemq/runtime';
import { BrokerError } from '../errors.ts';
import { compareQueues, queueKey } from '../route/topic-route.ts';
import type { TopicRoute } from '../route/topic-route.ts';
import type { Admin } from './admin.ts';
import type { AdminBase } from './admin-base.ts';
import type { CallOptions, MessageQueue, QueueOffset, QueueProgress, ResetOffsetOptions } from './types.ts';

type OffsetAdmin = Pick<Admin, 'consumerProgress' | 'groupOffsets' | 'updateGroupOffset' | 'resetOffset' | 'minOffset' | 'maxOffset' | 'searchOffset'>;

/** Members asked which queues they hold; a larger group's progress is shown without. */
const OWNERS_ASKED_MAX = 50;
const OWNER_TIMEOUT_MS = 1_000;

/** Where groups are, and moving them. */
export function offsetAdmin(base: AdminBase): OffsetAdmin {
  const { core } = base;

  async function addressOf(queue: MessageQueue, options: CallOptions | undefined): Promise<string> {
    const known = core.brokerAddress(queue.brokerName);
    if (known !== undefined) return known;
    const [master] = await base.masters({ brokerName: queue.brokerName }, options);
    return (master as { address: string }).address;
  }

  /** Which client holds which queue, as far as they say so in time. */
  async function owners(group: string, addresses: readonly string[], options: CallOptions | undefined): Promise<Map<string, string>> {
    const held = new Map<string, string>();
    const call = { timeoutMs: OWNER_TIMEOUT_MS, signal: options?.signal };
    const asked = new Set<string>();
    for (const address of addresses) {
      const list = await core.link.invoke(address, Commands.getConsumerConnectionList, { consumerGroup: group }, call).catch(() => undefined);
      if (list === undefined || list.code !== 0) continue;
      const members = list.body().connectionSet.filter((member) => !asked.has(member.clientId));
      if (asked.size + members.length > OWNERS_ASKED_MAX) break;
      await Promise.all(
        members.map(async ({ clientId }) => {
          asked.add(clientId);
          const info = await core.link.invoke(address, Commands.getConsumerRunningInfo, { consumerGroup: group, clientId, jstackEnable: false }, call).catch(() => undefined);
          if (info?.code !== 0) return;
          for (const queue of info.body().mqTable.keys()) held.set(queueKey(queue), clientId);
        }),
      );
    }
    return held;
  }

  /** The offset a queue is to get, worked out here: for brokers that leave it to the members when none is connected. */
  async function target(queue: MessageQueue, options: ResetOffsetOptions): Promise<number> {
    const address = await addressOf(queue, options);
    const call = base.call(options);
    if (options.offset !== undefined) return options.offset;
    if (options.to === 'first') return Math.max(0, await core.offsetCalls.min(address, queue, call));
    if (options.to === 'last') return core.offsetCalls.max(address, queue, call);
    return core.offsetCalls.byTime(address, queue, options.timestamp as number, call);
  }

  async function resetHere(queues: readonly MessageQueue[], options: ResetOffsetOptions): Promise<QueueOffset[]> {
    return Promise.all(
      queues.map(async (queue) => {
        const offset = await target(queue, options);
        await core.offsetCalls.commit(await addressOf(queue, options), options.group, queue, offset, base.call(options));
        return { ...queue, offset };
      }),
    );
  }

  async function resetAtBroker(address: string, queues: readonly MessageQueue[], options: ResetOffsetOptions): Promise<QueueOffset[]> {
    const timestamp = options.timestamp ?? (options.to === 'first' ? 0 : -1);
    const header = { group: options.group, topic: options.topic, timestamp, isForce: options.force ?? true, queueId: options.queueId ?? -1, offset: options.offset ?? -1 };
    try {
      const reply = await core.link.ask(address, Commands.invokeBrokerToResetOffset, header, base.call(options));
      return [...reply.body().offsetTable].map(([queue, offset]) => ({ ...queue, offset }));
    } catch (error) {
      if (!BrokerError.isRefusal(error, ResponseCode.consumerNotOnline)) throw error;
      return resetHere(queues, options);
    }
  }

  return {
    async consumerProgress(group, options) {
      const masters = await base.masters(undefined, options);
      const header = { consumerGroup: group, ...(options?.topic === undefined ? {} : { topic: options.topic }) };
      const results = await Promise.allSettled(masters.map(async ({ address }) => (await core.link.ask(address, Commands.getConsumeStats, header, base.call(options))).body()));
      const stats = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
      const failed = results.find((result) => result.status === 'rejected');
      if (stats.length === 0 && failed !== undefined) throw failed.reason;
      const held = await owners(group, masters.map((master) => master.address), options);
      const queues: QueueProgress[] = stats
        .flatMap((each) => [...each.offsetTable])
        .map(([queue, offsets]) => ({
          ...queue,
          ...offsets,
          lag: Math.max(0, offsets.brokerOffset - offsets.consumerOffset),
          inFlight: Math.max(0, offsets.pullOffset - offsets.consumerOffset),
          clientId: held.get(queueKey(queue)),
        }))
        .sort(compareQueues);
      return {
        group,
        queues,
        lag: queues.reduce((sum, queue) => sum + queue.lag, 0),
        inFlight: queues.reduce((sum, queue) => sum + queue.inFlight, 0),
        consumeTps: stats.reduce((sum, each) => sum + each.consumeTps, 0),
      };
    },

    async groupOffsets(group, topic, options) {
      const route: TopicRoute = await core.routes.get(topic, { ...base.call(options), fresh: true });
      const offsets = await Promise.all(
        route.subscribeQueues.map(async (queue) => {
          const offset = await core.offsetCalls.committed(await addressOf(queue, options), group, queue, base.call(options));
          return offset === undefined ? [] : [{ ...queue, offset }];
        }),
      );
      return offsets.flat();
    },

    async updateGroupOffset(group, queue, offset, options) {
      await core.offsetCalls.commit(await addressOf(queue, options), group, queue, offset, base.call(options));
    },

    async resetOffset(options) {
      const given = [options.timestamp, options.offset, options.to].filter((each) => each !== undefined).length;
      if (given !== 1) throw new KiteError('KITE_OPTION_INVALID', 'resetOffset: give exactly one of timestamp, offset and to');
      if (options.offset !== undefined && (options.brokerName === undefined || options.queueId === undefined)) {
        throw new KiteError('KITE_OPTION_INVALID', 'resetOffset: an offset needs brokerName and queueId');
      }
      const route = await core.routes.get(options.topic, { ...base.call(options), fresh: true });
      const queues = route.subscribeQueues.filter(
        (queue) => (options.brokerName === undefined || queue.brokerName === options.brokerName) && (options.queueId === undefined || queue.queueId === options.queueId),
      );
      const brokerNames = [...new Set(queues.map((queue) => queue.brokerName))];
      const moved = await Promise.all(
        brokerNames.map(async (brokerName) => {
          const own = queues.filter((queue) => queue.brokerName === brokerName);
          // One queue by time or to an end: the broker's request knows only an offset for a single queue.
          if (options.queueId !== undefined && options.offset === undefined) {
            const offset = await target(own[0] as MessageQueue, options);
            return resetAtBroker(await addressOf(own[0] as MessageQueue, options), own, { ...options, offset, timestamp: undefined, to: undefined });
          }
          return resetAtBroker(await addressOf(own[0] as MessageQueue, options), own, options);
        }),
      );
      return moved.flat().sort(compareQueues);
    },

    async minOffset(queue, options) {
      return core.offsetCalls.min(await addressOf(queue, options), queue, base.call(options));
    },

    async maxOffset(queue, options) {
      return core.offsetCalls.max(await addressOf(queue, options), queue, base.call(options));
    },

    async searchOffset(queue, timestamp, options) {
      return core.offsetCalls.byTime(await addressOf(queue, options), queue, timestamp, base.call(options));
    },
  };
}
