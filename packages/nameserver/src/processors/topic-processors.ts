import type { AnyCommand, TopicList } from '@kitemq/protocol';
import { Commands, ResponseCode, TopicRouteData } from '@kitemq/protocol';
import type { Processor, Request } from '@kitemq/remoting';
import type { NameserverState } from '../nameserver-state.ts';
import type { RouteTable } from '../route-table/route-table.ts';
import { resolveAutoAddress } from '../route-table/auto-address.ts';
import { allTopics, systemTopics, topicsOfCluster, unitSubscriptionNotUnitTopics, unitSubscriptionTopics, unitTopics } from '../route-table/topic-lists.ts';
import { succeed } from './reply.ts';

/** Lists of topics, and what administrators do to topics and brokers. */
export const topicProcessors = (state: NameserverState): [number, Processor][] => [
  [Commands.getAllTopicListFromNameserver.code, list(state, 'enableAllTopicList', Commands.getAllTopicListFromNameserver, allTopics)],
  [Commands.getUnitTopicList.code, list(state, 'enableTopicList', Commands.getUnitTopicList, unitTopics)],
  [Commands.getHasUnitSubTopicList.code, list(state, 'enableTopicList', Commands.getHasUnitSubTopicList, unitSubscriptionTopics)],
  [Commands.getHasUnitSubUnunitTopicList.code, list(state, 'enableTopicList', Commands.getHasUnitSubUnunitTopicList, unitSubscriptionNotUnitTopics)],
  [
    Commands.getTopicsByCluster.code,
    list(state, 'enableTopicList', Commands.getTopicsByCluster, (routes, request) => topicsOfCluster(routes, request.header(Commands.getTopicsByCluster.request).cluster)),
  ],
  [Commands.getSystemTopicListFromNs.code, (request): void => getSystemTopics(state, request)],
  [Commands.registerTopicInNamesrv.code, (request): void => registerTopic(state, request)],
  [Commands.deleteTopicInNamesrv.code, (request): void => deleteTopic(state, request)],
  [Commands.wipeWritePermOfBroker.code, (request): void => wipeWritePerm(state, request)],
  [Commands.addWritePermOfBroker.code, (request): void => addWritePerm(state, request)],
];

const list =
  (state: NameserverState, enabled: 'enableAllTopicList' | 'enableTopicList', command: AnyCommand, topics: (routes: RouteTable, request: Request) => TopicList): Processor =>
  (request) => {
    if (state.settings[enabled]) succeed(request, command, topics(state.routes, request));
    else request.fail(ResponseCode.systemError, 'disable');
  };

function getSystemTopics(state: NameserverState, request: Request): void {
  const topics = systemTopics(state.routes);
  if (topics.brokerAddr !== undefined) topics.brokerAddr = resolveAutoAddress(topics.brokerAddr, request.channel.localAddress);
  succeed(request, Commands.getSystemTopicListFromNs, topics);
}

function registerTopic(state: NameserverState, request: Request): void {
  const { topic } = request.header(Commands.registerTopicInNamesrv.request);
  const { queueDatas } = TopicRouteData.decode(request.body);
  if (queueDatas.length > 0 && !state.routes.registerTopic(topic, queueDatas)) {
    state.runtime.logger.warn({ topic, peer: request.channel.remoteAddress }, 'a topic with queues of unknown brokers was not registered');
  }
  succeed(request, Commands.registerTopicInNamesrv);
}

function deleteTopic(state: NameserverState, request: Request): void {
  const { topic, clusterName } = request.header(Commands.deleteTopicInNamesrv.request);
  state.routes.deleteTopic(topic, clusterName);
  state.runtime.logger.info({ topic, cluster: clusterName, peer: request.channel.remoteAddress }, 'a topic was removed from the routes');
  succeed(request, Commands.deleteTopicInNamesrv);
}

function wipeWritePerm(state: NameserverState, request: Request): void {
  const { brokerName } = request.header(Commands.wipeWritePermOfBroker.request);
  const wipeTopicCount = state.routes.changePermission(brokerName, 'wipeWrite');
  state.runtime.logger.info({ brokerName, wipeTopicCount, peer: request.channel.remoteAddress }, 'write permission wiped');
  request.reply(Commands.wipeWritePermOfBroker, ResponseCode.success, { wipeTopicCount });
}

function addWritePerm(state: NameserverState, request: Request): void {
  const { brokerName } = request.header(Commands.addWritePermOfBroker.request);
  const addTopicCount = state.routes.changePermission(brokerName, 'readWrite');
  state.runtime.logger.info({ brokerName, addTopicCount, peer: request.channel.remoteAddress }, 'write permission added');
  request.reply(Commands.addWritePermOfBroker, ResponseCode.success, { addTopicCount });
}
