import { defineCommand } from '../command.ts';
import { defineHeader, optional, required, topicFields } from '../header.ts';
import type { HeaderOf } from '../header.ts';
import { DataVersion, KVTable } from '../bodies/data-version.ts';
import { propertiesBody } from '../bodies/plain-bodies.ts';
import { optionalBody } from '../bodies/struct.ts';
import { RegisterBrokerBody } from '../bodies/topic-config.ts';
import { ClusterInfo, GetBrokerMemberGroupResponseBody, TopicList, TopicRouteData } from '../bodies/topic-route.ts';

export const GetRouteInfoRequestHeader = defineHeader('GetRouteInfoRequestHeader', {
  topic: required.string(),
  acceptStandardJsonOnly: optional.boolean(),
  zoneName: optional.string('__ZONE_NAME'),
  zoneMode: optional.boolean('__ZONE_MODE'),
  ...topicFields,
});
export type GetRouteInfoRequestHeader = HeaderOf<typeof GetRouteInfoRequestHeader>;

export const RegisterBrokerRequestHeader = defineHeader('RegisterBrokerRequestHeader', {
  brokerName: required.string(),
  brokerAddr: required.string(),
  clusterName: required.string(),
  haServerAddr: required.string(),
  brokerId: required.long(),
  heartbeatTimeoutMillis: optional.long(),
  enableActingMaster: optional.boolean(),
  compressed: optional.boolean(),
  bodyCrc32: optional.int(),
  zoneName: optional.string('__ZONE_NAME'),
});
export type RegisterBrokerRequestHeader = HeaderOf<typeof RegisterBrokerRequestHeader>;

export const RegisterBrokerResponseHeader = defineHeader('RegisterBrokerResponseHeader', {
  haServerAddr: optional.string(),
  masterAddr: optional.string(),
});
export type RegisterBrokerResponseHeader = HeaderOf<typeof RegisterBrokerResponseHeader>;

export const UnRegisterBrokerRequestHeader = defineHeader('UnRegisterBrokerRequestHeader', {
  brokerName: required.string(),
  brokerAddr: required.string(),
  clusterName: required.string(),
  brokerId: required.long(),
});
export type UnRegisterBrokerRequestHeader = HeaderOf<typeof UnRegisterBrokerRequestHeader>;

export const BrokerHeartbeatRequestHeader = defineHeader('BrokerHeartbeatRequestHeader', {
  clusterName: required.string(),
  brokerAddr: required.string(),
  brokerName: required.string(),
  brokerId: optional.long(),
  epoch: optional.int(),
  maxOffset: optional.long(),
  confirmOffset: optional.long(),
  heartbeatTimeoutMills: optional.long(),
  electionPriority: optional.int(),
});
export type BrokerHeartbeatRequestHeader = HeaderOf<typeof BrokerHeartbeatRequestHeader>;

export const QueryDataVersionRequestHeader = defineHeader('QueryDataVersionRequestHeader', {
  brokerName: required.string(),
  brokerAddr: required.string(),
  clusterName: required.string(),
  brokerId: required.long(),
});
export type QueryDataVersionRequestHeader = HeaderOf<typeof QueryDataVersionRequestHeader>;

export const QueryDataVersionResponseHeader = defineHeader('QueryDataVersionResponseHeader', {
  changed: required.boolean(),
});
export type QueryDataVersionResponseHeader = HeaderOf<typeof QueryDataVersionResponseHeader>;

export const RegisterTopicRequestHeader = defineHeader('RegisterTopicRequestHeader', {
  topic: required.string(),
  ...topicFields,
});
export type RegisterTopicRequestHeader = HeaderOf<typeof RegisterTopicRequestHeader>;

export const DeleteTopicFromNamesrvRequestHeader = defineHeader('DeleteTopicFromNamesrvRequestHeader', {
  topic: required.string(),
  clusterName: optional.string(),
  ...topicFields,
});
export type DeleteTopicFromNamesrvRequestHeader = HeaderOf<typeof DeleteTopicFromNamesrvRequestHeader>;

export const GetTopicsByClusterRequestHeader = defineHeader('GetTopicsByClusterRequestHeader', {
  cluster: required.string(),
});
export type GetTopicsByClusterRequestHeader = HeaderOf<typeof GetTopicsByClusterRequestHeader>;

export const WipeWritePermOfBrokerRequestHeader = defineHeader('WipeWritePermOfBrokerRequestHeader', {
  brokerName: required.string(),
});
export type WipeWritePermOfBrokerRequestHeader = HeaderOf<typeof WipeWritePermOfBrokerRequestHeader>;

export const WipeWritePermOfBrokerResponseHeader = defineHeader('WipeWritePermOfBrokerResponseHeader', {
  wipeTopicCount: required.int(),
});
export type WipeWritePermOfBrokerResponseHeader = HeaderOf<typeof WipeWritePermOfBrokerResponseHeader>;

export const AddWritePermOfBrokerRequestHeader = defineHeader('AddWritePermOfBrokerRequestHeader', {
  brokerName: required.string(),
});
export type AddWritePermOfBrokerRequestHeader = HeaderOf<typeof AddWritePermOfBrokerRequestHeader>;

export const AddWritePermOfBrokerResponseHeader = defineHeader('AddWritePermOfBrokerResponseHeader', {
  addTopicCount: required.int(),
});
export type AddWritePermOfBrokerResponseHeader = HeaderOf<typeof AddWritePermOfBrokerResponseHeader>;

export const PutKVConfigRequestHeader = defineHeader('PutKVConfigRequestHeader', {
  namespace: required.string(),
  key: required.string(),
  value: required.string(),
});
export type PutKVConfigRequestHeader = HeaderOf<typeof PutKVConfigRequestHeader>;

export const GetKVConfigRequestHeader = defineHeader('GetKVConfigRequestHeader', {
  namespace: required.string(),
  key: required.string(),
});
export type GetKVConfigRequestHeader = HeaderOf<typeof GetKVConfigRequestHeader>;

export const GetKVConfigResponseHeader = defineHeader('GetKVConfigResponseHeader', {
  value: optional.string(),
});
export type GetKVConfigResponseHeader = HeaderOf<typeof GetKVConfigResponseHeader>;

export const DeleteKVConfigRequestHeader = defineHeader('DeleteKVConfigRequestHeader', {
  namespace: required.string(),
  key: required.string(),
});
export type DeleteKVConfigRequestHeader = HeaderOf<typeof DeleteKVConfigRequestHeader>;

export const GetKVListByNamespaceRequestHeader = defineHeader('GetKVListByNamespaceRequestHeader', {
  namespace: required.string(),
});
export type GetKVListByNamespaceRequestHeader = HeaderOf<typeof GetKVListByNamespaceRequestHeader>;

export const GetBrokerMemberGroupRequestHeader = defineHeader('GetBrokerMemberGroupRequestHeader', {
  clusterName: required.string(),
  brokerName: required.string(),
});
export type GetBrokerMemberGroupRequestHeader = HeaderOf<typeof GetBrokerMemberGroupRequestHeader>;

export const NotifyMinBrokerIdChangeRequestHeader = defineHeader('NotifyMinBrokerIdChangeRequestHeader', {
  minBrokerId: optional.long(),
  brokerName: optional.string(),
  minBrokerAddr: optional.string(),
  offlineBrokerAddr: optional.string(),
  haBrokerAddr: optional.string(),
});
export type NotifyMinBrokerIdChangeRequestHeader = HeaderOf<typeof NotifyMinBrokerIdChangeRequestHeader>;

export const getRouteInfoByTopic = defineCommand({
  name: 'GET_ROUTEINFO_BY_TOPIC',
  code: 105,
  direction: 'C→N, B→N',
  request: GetRouteInfoRequestHeader,
  responseBody: TopicRouteData,
  summary: 'Asks where the queues of a topic are.',
});

export const getBrokerClusterInfo = defineCommand({
  name: 'GET_BROKER_CLUSTER_INFO',
  code: 106,
  direction: 'C→N',
  responseBody: ClusterInfo,
  summary: 'Reads all clusters and brokers.',
});

export const registerBroker = defineCommand({
  name: 'REGISTER_BROKER',
  code: 103,
  direction: 'B→N',
  request: RegisterBrokerRequestHeader,
  requestBody: RegisterBrokerBody,
  response: RegisterBrokerResponseHeader,
  responseBody: optionalBody(KVTable),
  summary: 'Registers a broker with its topics.',
});

export const unregisterBroker = defineCommand({
  name: 'UNREGISTER_BROKER',
  code: 104,
  direction: 'B→N',
  request: UnRegisterBrokerRequestHeader,
  summary: 'Takes a broker out of the routes.',
});

export const brokerHeartbeat = defineCommand({
  name: 'BROKER_HEARTBEAT',
  code: 904,
  direction: 'B→N, B→X',
  request: BrokerHeartbeatRequestHeader,
  summary: 'Says that a broker is alive.',
});

export const queryDataVersion = defineCommand({
  name: 'QUERY_DATA_VERSION',
  code: 322,
  direction: 'B→N',
  request: QueryDataVersionRequestHeader,
  requestBody: DataVersion,
  response: QueryDataVersionResponseHeader,
  responseBody: optionalBody(DataVersion),
  summary: 'Asks whether the topics a name server knows of a broker are current.',
});

export const registerTopicInNamesrv = defineCommand({
  name: 'REGISTER_TOPIC_IN_NAMESRV',
  code: 217,
  direction: 'B→N',
  request: RegisterTopicRequestHeader,
  requestBody: TopicRouteData,
  summary: 'Registers one topic of a broker.',
});

export const deleteTopicInNamesrv = defineCommand({
  name: 'DELETE_TOPIC_IN_NAMESRV',
  code: 216,
  direction: 'A→N',
  request: DeleteTopicFromNamesrvRequestHeader,
  summary: 'Takes a topic out of the routes.',
});

export const getAllTopicListFromNameserver = defineCommand({
  name: 'GET_ALL_TOPIC_LIST_FROM_NAMESERVER',
  code: 206,
  direction: 'A→N',
  responseBody: TopicList,
  summary: 'Reads the names of all topics.',
});

export const getTopicsByCluster = defineCommand({
  name: 'GET_TOPICS_BY_CLUSTER',
  code: 224,
  direction: 'A→N',
  request: GetTopicsByClusterRequestHeader,
  responseBody: TopicList,
  summary: 'Reads the names of the topics of a cluster.',
});

export const getSystemTopicListFromNs = defineCommand({
  name: 'GET_SYSTEM_TOPIC_LIST_FROM_NS',
  code: 304,
  direction: 'A→N',
  responseBody: TopicList,
  summary: 'Reads the names that are reserved: clusters, brokers, system topics.',
});

export const getUnitTopicList = defineCommand({
  name: 'GET_UNIT_TOPIC_LIST',
  code: 311,
  direction: 'A→N',
  responseBody: TopicList,
  summary: 'Reads the names of unit topics.',
});

export const getHasUnitSubTopicList = defineCommand({
  name: 'GET_HAS_UNIT_SUB_TOPIC_LIST',
  code: 312,
  direction: 'A→N',
  responseBody: TopicList,
  summary: 'Reads the names of topics that unit groups subscribe.',
});

export const getHasUnitSubUnunitTopicList = defineCommand({
  name: 'GET_HAS_UNIT_SUB_UNUNIT_TOPIC_LIST',
  code: 313,
  direction: 'A→N',
  responseBody: TopicList,
  summary: 'Reads the names of topics that are no unit topics but have unit subscriptions.',
});

export const wipeWritePermOfBroker = defineCommand({
  name: 'WIPE_WRITE_PERM_OF_BROKER',
  code: 205,
  direction: 'A→N',
  request: WipeWritePermOfBrokerRequestHeader,
  response: WipeWritePermOfBrokerResponseHeader,
  summary: 'Takes the write permission from all queues of a broker.',
});

export const addWritePermOfBroker = defineCommand({
  name: 'ADD_WRITE_PERM_OF_BROKER',
  code: 327,
  direction: 'A→N',
  request: AddWritePermOfBrokerRequestHeader,
  response: AddWritePermOfBrokerResponseHeader,
  summary: 'Gives the write permission back to all queues of a broker.',
});

export const putKvConfig = defineCommand({
  name: 'PUT_KV_CONFIG',
  code: 100,
  direction: 'A→N',
  request: PutKVConfigRequestHeader,
  summary: 'Sets one key of the key-value configuration.',
});

export const getKvConfig = defineCommand({
  name: 'GET_KV_CONFIG',
  code: 101,
  direction: 'A→N',
  request: GetKVConfigRequestHeader,
  response: GetKVConfigResponseHeader,
  summary: 'Reads one key of the key-value configuration.',
});

export const deleteKvConfig = defineCommand({
  name: 'DELETE_KV_CONFIG',
  code: 102,
  direction: 'A→N',
  request: DeleteKVConfigRequestHeader,
  summary: 'Removes one key of the key-value configuration.',
});

export const getKvListByNamespace = defineCommand({
  name: 'GET_KVLIST_BY_NAMESPACE',
  code: 219,
  direction: 'A→N',
  request: GetKVListByNamespaceRequestHeader,
  responseBody: KVTable,
  summary: 'Reads all keys of a namespace of the key-value configuration.',
});

export const updateNamesrvConfig = defineCommand({
  name: 'UPDATE_NAMESRV_CONFIG',
  code: 318,
  direction: 'A→N',
  requestBody: propertiesBody,
  summary: 'Changes the configuration of a name server.',
});

export const getNamesrvConfig = defineCommand({
  name: 'GET_NAMESRV_CONFIG',
  code: 319,
  direction: 'A→N',
  responseBody: propertiesBody,
  summary: 'Reads the configuration of a name server.',
});

export const getBrokerMemberGroup = defineCommand({
  name: 'GET_BROKER_MEMBER_GROUP',
  code: 901,
  direction: 'B→N',
  request: GetBrokerMemberGroupRequestHeader,
  responseBody: GetBrokerMemberGroupResponseBody,
  summary: 'Reads the replicas of a broker.',
});

export const notifyMinBrokerIdChange = defineCommand({
  name: 'NOTIFY_MIN_BROKER_ID_CHANGE',
  code: 905,
  direction: 'N→B',
  request: NotifyMinBrokerIdChangeRequestHeader,
  summary: 'Tells a broker that the smallest broker id of its set changed.',
});
