import { Commands, ResponseCode } from '@kitemq/protocol';
import type { BrokerMemberGroup } from '@kitemq/protocol';
import type { Processor, Request } from '@kitemq/remoting';
import { orderTopicNamespace } from '../kv-config/kv-config.ts';
import type { NameserverState } from '../nameserver-state.ts';
import { resolveAutoAddresses } from '../route-table/auto-address.ts';
import { brokerDataOf } from '../route-table/broker-entry.ts';
import { succeed } from './reply.ts';

/** Where topics and brokers are. */
export const routeProcessors = (state: NameserverState): [number, Processor][] => [
  [Commands.getRouteInfoByTopic.code, (request): void => getRoute(state, request)],
  [Commands.getBrokerClusterInfo.code, (request): void => getClusterInfo(state, request)],
  [Commands.getBrokerMemberGroup.code, (request): void => getMemberGroup(state, request)],
];

/** Answers are standard JSON for every client: all of Apache's read it, whatever they ask for. */
function getRoute(state: NameserverState, request: Request): void {
  if (!state.ready()) return request.fail(ResponseCode.systemError, 'name server not ready');
  const { topic } = request.header(Commands.getRouteInfoByTopic.request);
  const body = state.routeAnswers.get(topic) ?? encodeRoute(state, topic, request.channel.localAddress);
  if (body === undefined) return request.fail(ResponseCode.topicNotExist, `No topic route info in name server for the topic: ${topic}`);
  request.reply(Commands.getRouteInfoByTopic, ResponseCode.success, undefined, { body });
}

function encodeRoute(state: NameserverState, topic: string, localAddress: string): Uint8Array | undefined {
  const route = state.routes.route(topic, state.settings.supportActingMaster);
  if (route === undefined) return undefined;
  if (state.settings.orderMessageEnable) route.orderTopicConf = state.kvConfig.get(orderTopicNamespace, topic);
  const personal = resolveAutoAddresses(route.brokerDatas, localAddress);
  const bytes = Commands.getRouteInfoByTopic.responseBody.encode(route)!;
  if (!personal) state.routeAnswers.put(topic, bytes);
  return bytes;
}

function getClusterInfo(state: NameserverState, request: Request): void {
  const info = state.routes.clusterInfo();
  resolveAutoAddresses(info.brokerAddrTable.values(), request.channel.localAddress);
  succeed(request, Commands.getBrokerClusterInfo, info);
}

/** An unknown group is answered as an empty one. */
function getMemberGroup(state: NameserverState, request: Request): void {
  const { clusterName, brokerName } = request.header(Commands.getBrokerMemberGroup.request);
  const entry = state.routes.brokers.get(brokerName);
  const brokerMemberGroup: BrokerMemberGroup = { cluster: clusterName, brokerName, brokerAddrs: new Map() };
  if (entry !== undefined) {
    const data = brokerDataOf(entry);
    resolveAutoAddresses([data], request.channel.localAddress);
    brokerMemberGroup.brokerAddrs = data.brokerAddrs;
  }
  succeed(request, Commands.getBrokerMemberGroup, { brokerMemberGroup });
}
