import { compileExpression, ExpressionType } from '@kitemq/filter';
import { languageName, ResponseCode, retryTopicOf, TopicSysFlag } from '@kitemq/protocol';
import type { CheckClientRequestBody, Commands, Connection, HeartbeatData } from '@kitemq/protocol';
import type { Channel } from '@kitemq/remoting';
import { KiteError } from '@kitemq/runtime';
import { Refusal } from '../answer.ts';
import type { Answer, Call } from '../answer.ts';
import type { BrokerContext } from '../broker-context.ts';
import { groupsPerClientMax } from './client-registry.ts';
import type { Member } from './consumer-group.ts';

/** HEART_BEAT (34): who the client is and what it reads. Makes the groups and their retry topics. */
export function heartBeat(context: BrokerContext, { body, request }: Call<typeof Commands.heartBeat>): Answer<typeof Commands.heartBeat> {
  const { clients } = context;
  if (body.consumerDataSet.length + body.producerDataSet.length > groupsPerClientMax) {
    throw new Refusal(ResponseCode.systemError, `A heartbeat may name at most ${groupsPerClientMax} groups.`);
  }
  for (const { groupName } of body.producerDataSet) clients.registerProducer(groupName, request.channel, body);
  let changed = false;
  for (const consumer of body.consumerDataSet) changed = heartBeatOfConsumer(context, request.channel, body, consumer) || changed;
  return { header: { supportsHeartbeatV2: true, subscriptionChanged: changed || body.heartbeatFingerprint === 0 } };
}

/** Version 2: true asks the client for its full subscriptions again. */
function heartBeatOfConsumer(context: BrokerContext, channel: Channel, body: HeartbeatData, consumer: HeartbeatData['consumerDataSet'][number]): boolean {
  const { clients, groups, topics } = context;
  const entry = groups.findOrCreate(consumer.groupName);
  if (entry === undefined) return false;
  if (entry.config.retryQueueNums > 0) {
    const order = consumer.subscriptionDataSet.some((subscription) => topics.get(subscription.topic)?.config.order === true);
    const topicSysFlag = consumer.unitMode ? TopicSysFlag.unitSubscription : 0;
    topics.ensureGroupTopic(retryTopicOf(consumer.groupName), entry.config.retryQueueNums, { order, topicSysFlag });
  }
  clients.registerConsumer(channel, body, consumer);
  const group = clients.consumerGroup(consumer.groupName);
  if (group === undefined || body.heartbeatFingerprint === 0) return false;
  // Without subscriptions that we know (this broker has restarted) the short form says nothing: ask for the full one.
  const unknown = body.withoutSub && group.subscriptions.size === 0;
  const changed = unknown || (group.fingerprint !== 0 && group.fingerprint !== body.heartbeatFingerprint);
  group.fingerprint = body.heartbeatFingerprint;
  return changed;
}

/** UNREGISTER_CLIENT (35) */
export function unregisterClient({ clients }: BrokerContext, { header, request }: Call<typeof Commands.unregisterClient>): Answer<typeof Commands.unregisterClient> {
  if (header.producerGroup !== undefined) clients.unregisterProducer(header.producerGroup, request.channel);
  if (header.consumerGroup !== undefined) clients.unregisterConsumer(header.consumerGroup, request.channel);
  return {};
}

/** GET_CONSUMER_LIST_BY_GROUP (38): the members that share the queues. */
export function consumerList({ clients }: BrokerContext, { header }: Call<typeof Commands.getConsumerListByGroup>): Answer<typeof Commands.getConsumerListByGroup> {
  const consumerIdList = clients.consumerGroup(header.consumerGroup)?.clientIds() ?? [];
  if (consumerIdList.length === 0) throw new Refusal(ResponseCode.systemError, `no consumer for this group, ${header.consumerGroup}`);
  return { body: { consumerIdList } };
}

/** CHECK_CLIENT_CONFIG (46): whether a filter expression compiles and may be used. */
export function checkClientConfig({ config }: BrokerContext, { body }: { body: CheckClientRequestBody }): Answer<typeof Commands.checkClientConfig> {
  const { expressionType, subString } = body.subscriptionData;
  if (expressionType === '' || expressionType === ExpressionType.tag) return {};
  if (!config.enablePropertyFilter) throw new Refusal(ResponseCode.systemError, `The broker does not support consumer to filter message by ${expressionType}`);
  try {
    compileExpression(expressionType, subString);
    return {};
  } catch (error) {
    if (!KiteError.is(error)) throw error;
    throw new Refusal(ResponseCode.subscriptionParseFailed, error.message);
  }
}

function connectionOf(member: Member): Connection {
  return { clientId: member.clientId, clientAddr: member.channel.remoteAddress, language: languageName(member.language), version: member.version };
}

/** GET_CONSUMER_CONNECTION_LIST (203) */
export function consumerConnections({ clients }: BrokerContext, { header }: Call<typeof Commands.getConsumerConnectionList>): Answer<typeof Commands.getConsumerConnectionList> {
  const group = clients.consumerGroup(header.consumerGroup);
  if (group === undefined) throw new Refusal(ResponseCode.consumerNotOnline, `the consumer group[${header.consumerGroup}] not online`);
  return {
    body: {
      connectionSet: Array.from(group.members.values(), connectionOf),
      subscriptionTable: new Map(Array.from(group.subscriptions, ([topic, subscription]) => [topic, subscription.data])),
      consumeType: group.consumeType,
      messageModel: group.messageModel,
      consumeFromWhere: group.consumeFromWhere,
    },
  };
}

/** GET_PRODUCER_CONNECTION_LIST (204) */
export function producerConnections({ clients }: BrokerContext, { header }: Call<typeof Commands.getProducerConnectionList>): Answer<typeof Commands.getProducerConnectionList> {
  const members = clients.producers(header.producerGroup);
  if (members === undefined) throw new Refusal(ResponseCode.systemError, `the producer group[${header.producerGroup}] not exist`);
  return { body: { connectionSet: Array.from(members, connectionOf) } };
}

/** GET_ALL_PRODUCER_INFO (328) */
export function allProducers({ clients }: BrokerContext): Answer<typeof Commands.getAllProducerInfo> {
  const data = new Map(
    Array.from(clients.producerGroups(), ([group, members]) => [
      group,
      Array.from(members.values(), (member) => ({
        clientId: member.clientId,
        remoteIP: member.channel.remoteAddress,
        language: languageName(member.language),
        version: member.version,
        lastUpdateTimestamp: member.lastUpdate,
      })),
    ]),
  );
  return { body: { data } };
}
