import type { ResetOffsetBody } from '@kitemq/protocol';
import { Commands, MessageQueueMap, ResponseCode } from '@kitemq/protocol';
import { Refusal } from '../answer.ts';
import type { Answer, Call } from '../answer.ts';
import type { BrokerContext } from '../broker-context.ts';
import type { OffsetResets } from '../offsets/offset-resets.ts';

type ResetCall = Call<typeof Commands.invokeBrokerToResetOffset>;
type Offsets = ResetOffsetBody['offsetTable'];

/** A negative time means the end of the queue. */
async function offsetAt({ store }: BrokerContext, topic: string, queueId: number, timestamp: number): Promise<number> {
  if (timestamp < 0) return store.maxOffset(topic, queueId);
  const offset = await store.offsetByTime(topic, queueId, timestamp, 'LOWER');
  return Math.max(offset, store.minOffset(topic, queueId));
}

/** INVOKE_BROKER_TO_RESET_OFFSET (222): in the broker, where the next pull takes it, or through the clients that are online. */
export function resetOffset(context: BrokerContext, resets: OffsetResets, call: ResetCall): Promise<Answer<typeof Commands.invokeBrokerToResetOffset>> {
  const { header } = call;
  if (context.topics.get(header.topic) === undefined) throw new Refusal(ResponseCode.topicNotExist, `Topic ${header.topic} does not exist`);
  return context.config.useServerSideResetOffset ? resetHere(context, resets, header) : resetByClients(context, header);
}

async function resetHere(context: BrokerContext, resets: OffsetResets, header: ResetCall['header']): Promise<Answer<typeof Commands.invokeBrokerToResetOffset>> {
  const { group, topic, queueId = -1, offset = -1, timestamp } = header;
  const { store, config } = context;
  if (context.groups.get(group) === undefined) throw new Refusal(ResponseCode.subscriptionGroupNotExist, `Group ${group} does not exist`);
  const entry = context.topics.get(topic)!;
  const { readQueueNums } = entry.config;
  if (queueId >= readQueueNums) throw new Refusal(ResponseCode.systemError, `Target queueId ${queueId} is out of range, topic ${topic} has ${readQueueNums} queues`);
  const targets: [number, number][] = [];
  if (queueId >= 0 && offset >= 0) {
    const [min, max] = [store.minOffset(topic, queueId), store.maxOffset(topic, queueId)];
    if (offset < min || offset > max + 1) throw new Refusal(ResponseCode.systemError, `Target offset ${offset} not in consume queue range [${min}-${max}]`);
    targets.push([queueId, offset]);
  } else {
    const queues = queueId >= 0 ? [queueId] : Array.from({ length: readQueueNums }, (_, id) => id);
    for (const id of queues) targets.push([id, await offsetAt(context, topic, id, timestamp)]);
  }
  // It may have been removed, and made again, while its log was read.
  if (context.topics.get(topic) !== entry) throw new Refusal(ResponseCode.topicNotExist, `Topic ${topic} does not exist`);
  const offsetTable: Offsets = new MessageQueueMap();
  for (const [id, target] of targets) {
    resets.set(group, topic, id, target);
    store.consumerOffsets.commit(group, topic, id, target);
    offsetTable.set({ topic, brokerName: config.brokerName, queueId: id }, target);
  }
  return { body: { offsetTable } };
}

async function resetByClients(context: BrokerContext, header: ResetCall['header']): Promise<Answer<typeof Commands.invokeBrokerToResetOffset>> {
  const { group, topic, timestamp, isForce } = header;
  const { store, config, clients } = context;
  const { writeQueueNums } = context.topics.get(topic)!.config;
  const offsetTable: Offsets = new MessageQueueMap();
  for (let queueId = 0; queueId < writeQueueNums; queueId++) {
    const current = store.consumerOffsets.get(group, topic, queueId);
    if (current < 0) throw new Refusal(ResponseCode.systemError, `THe consumer group <${group}> not exist`);
    const target = await offsetAt(context, topic, queueId, timestamp);
    offsetTable.set({ topic, brokerName: config.brokerName, queueId }, isForce ? target : Math.min(target, current));
  }
  const online = clients.consumerGroup(group);
  if (online === undefined) throw new Refusal(ResponseCode.consumerNotOnline, `Consumer not online, so can not reset offset, Group: ${group} Topic: ${topic} Timestamp: ${timestamp}`);
  for (const { channel } of online.members.values()) channel.invokeOneway(Commands.resetConsumerClientOffset, { group, topic, timestamp, isForce }, { offsetTable });
  return { body: { offsetTable } };
}
