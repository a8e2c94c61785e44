import { Commands, decodeOffsetMessageId, GetConsumerStatusBody, MqVersion, mqVersionName, ResponseCode } from '@kitemq/protocol';
import { KiteError } from '@kitemq/runtime';
import { answered, Refusal } from '../answer.ts';
import type { Answer, Call } from '../answer.ts';
import type { BrokerContext } from '../broker-context.ts';
import type { Member } from '../groups/consumer-group.ts';

/** How long a client may take (Broker2Client). */
const relayTimeoutMs = 10_000;
const statusTimeoutMs = 5_000;

function onlineMember({ clients }: BrokerContext, group: string, clientId: string): Member {
  const member = clients.consumerGroup(group)?.memberById(clientId);
  if (member === undefined) throw new Refusal(ResponseCode.systemError, `The Consumer <${group}> <${clientId}> not online`);
  return member;
}

function timeoutAsCode(error: unknown, group: string, clientId: string): never {
  if (KiteError.is(error, 'KITE_TIMEOUT')) throw new Refusal(ResponseCode.consumeMsgTimeout, `consumer <${group}> <${clientId}> Timeout`);
  throw error;
}

/** GET_CONSUMER_RUNNING_INFO (307): asked of the client, its answer handed on as it is. */
export function relayRunningInfo(context: BrokerContext, { header, request }: Call<typeof Commands.getConsumerRunningInfo>): Promise<Answer<typeof Commands.getConsumerRunningInfo>> {
  const { consumerGroup, clientId } = header;
  const member = onlineMember(context, consumerGroup, clientId);
  if (member.version < MqVersion.v3_1_8_snapshot) {
    throw new Refusal(ResponseCode.systemError, `The Consumer <${clientId}> Version <${mqVersionName(member.version)}> too low to finish, please upgrade it to V3_1_8_SNAPSHOT`);
  }
  const call = { command: Commands.getConsumerRunningInfo, header, body: undefined } as const;
  return relay(member, call, request, consumerGroup);
}

/** CONSUME_MESSAGE_DIRECTLY (309): the message is looked up here and handed to the client. */
export async function relayConsumeDirectly(context: BrokerContext, { header, request }: Call<typeof Commands.consumeMessageDirectly>): Promise<Answer<typeof Commands.consumeMessageDirectly>> {
  const { consumerGroup, clientId = '', msgId = '' } = header;
  const member = onlineMember(context, consumerGroup, clientId);
  let body: Uint8Array | undefined;
  try {
    body = await context.store.recordAt(decodeOffsetMessageId(msgId).physicalOffset);
  } catch (error) {
    if (!KiteError.is(error, 'KITE_MESSAGE_ID_INVALID')) throw error;
    throw new Refusal(ResponseCode.systemError, error.message);
  }
  if (body === undefined) throw new Refusal(ResponseCode.systemError, `look message by id failed, ${msgId}`);
  const topicSysFlag = context.topics.get(header.topic ?? '')?.config.topicSysFlag ?? 0;
  const groupSysFlag = context.groups.get(consumerGroup)?.config.groupSysFlag ?? 0;
  const asked = { ...header, brokerName: context.config.brokerName, topicSysFlag, groupSysFlag };
  return relay(member, { command: Commands.consumeMessageDirectly, header: asked, body }, request, consumerGroup);
}

interface RelayedCall {
  readonly command: typeof Commands.getConsumerRunningInfo | typeof Commands.consumeMessageDirectly;
  readonly header: Record<string, unknown>;
  readonly body: Uint8Array | undefined;
}

/** Hands the client's answer on without reading its body: newer clients may say more than we know. */
async function relay(member: Member, { command, header, body }: RelayedCall, request: Call<typeof Commands.getConsumerRunningInfo>['request'], group: string): Promise<Answer<never>> {
  try {
    const reply = await member.channel.invoke(command as typeof Commands.consumeMessageDirectly, header as never, body, { timeoutMs: relayTimeoutMs });
    request.reply(command, reply.code, undefined, { remark: reply.remark, body: reply.bytes });
    return answered;
  } catch (error) {
    return timeoutAsCode(error, group, member.clientId);
  }
}

/** INVOKE_BROKER_TO_GET_CONSUMER_STATUS (223): the offsets that clients hold; `clientAddr` names one client id, blank all. */
export async function consumerStatus(context: BrokerContext, { header }: Call<typeof Commands.invokeBrokerToGetConsumerStatus>): Promise<Answer<typeof Commands.invokeBrokerToGetConsumerStatus>> {
  const { topic, group, clientAddr = '' } = header;
  const online = context.clients.consumerGroup(group);
  if (online === undefined) throw new Refusal(ResponseCode.systemError, `No Any Consumer online in the consumer group: [${group}]`);
  const body = GetConsumerStatusBody.create();
  for (const member of online.members.values()) {
    if (clientAddr !== '' && member.clientId !== clientAddr) continue;
    try {
      const reply = await member.channel.invoke(Commands.getConsumerStatusFromClient, { topic, group }, undefined, { timeoutMs: statusTimeoutMs });
      if (reply.ok) body.consumerTable.set(member.clientId, reply.body().messageQueueTable);
    } catch (error) {
      context.logger.warn({ group, client: member.clientId, error }, 'a client did not say where it stands');
    }
  }
  return { body };
}
