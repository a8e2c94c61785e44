import { mapOf, numberMapOf } from './map-shapes.ts';
import { array, maybe, scalar } from './shape.ts';
import { struct } from './struct.ts';
import type { ValueOf } from './struct.ts';
import { TopicQueueMappingInfo } from './topic-queue-mapping.ts';

/** How many queues of a topic a broker has, and what may be done with them ({@link Permission}). */
export const QueueData = struct('QueueData', {
  brokerName: scalar.string(),
  readQueueNums: scalar.int(),
  writeQueueNums: scalar.int(),
  perm: scalar.int(),
  topicSysFlag: scalar.int(),
});
export type QueueData = ValueOf<typeof QueueData>;

/** A broker and its replicas: addresses (`ip:port`) by broker id, 0 is the master. */
export const BrokerData = struct('BrokerData', {
  cluster: scalar.string(),
  brokerName: scalar.string(),
  brokerAddrs: numberMapOf(scalar.string()),
  zoneName: maybe(scalar.string()),
  enableActingMaster: scalar.boolean(),
});
export type BrokerData = ValueOf<typeof BrokerData>;

/** Where a topic's queues are. */
export const TopicRouteData = struct('TopicRouteData', {
  orderTopicConf: maybe(scalar.string()),
  queueDatas: array(QueueData),
  brokerDatas: array(BrokerData),
  filterServerTable: mapOf(array(scalar.string())),
  topicQueueMappingByBroker: maybe(mapOf(TopicQueueMappingInfo)),
});
export type TopicRouteData = ValueOf<typeof TopicRouteData>;

/** All brokers, and which cluster they belong to. */
export const ClusterInfo = struct('ClusterInfo', {
  brokerAddrTable: mapOf(BrokerData),
  clusterAddrTable: mapOf(array(scalar.string())),
});
export type ClusterInfo = ValueOf<typeof ClusterInfo>;

export const TopicList = struct('TopicList', { topicList: array(scalar.string()), brokerAddr: maybe(scalar.string()) });
export type TopicList = ValueOf<typeof TopicList>;

export const BrokerMemberGroup = struct('BrokerMemberGroup', {
  cluster: scalar.string(),
  brokerName: scalar.string(),
  brokerAddrs: numberMapOf(scalar.string()),
});
export type BrokerMemberGroup = ValueOf<typeof BrokerMemberGroup>;

export const GetBrokerMemberGroupResponseBody = struct('GetBrokerMemberGroupResponseBody', { brokerMemberGroup: maybe(BrokerMemberGroup) });
export type GetBrokerMemberGroupResponseBody = ValueOf<typeof GetBrokerMemberGroupResponseBody>;
