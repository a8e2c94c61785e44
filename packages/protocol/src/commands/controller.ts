import { defineCommand } from '../command.ts';
import { defineHeader, optional, required } from '../header.ts';
import type { HeaderOf } from '../header.ts';
import { propertiesBody } from '../bodies/plain-bodies.ts';
import { BrokerReplicasInfo, ElectMasterResponseBody, EpochEntryCache, SyncStateSet } from '../bodies/replication.ts';
import { array, scalar } from '../bodies/shape.ts';
import { jsonBody } from '../bodies/struct.ts';

export const AlterSyncStateSetRequestHeader = defineHeader('AlterSyncStateSetRequestHeader', {
  brokerName: optional.string(),
  masterBrokerId: optional.long(),
  masterEpoch: optional.int(),
  invokeTime: optional.long(),
});
export type AlterSyncStateSetRequestHeader = HeaderOf<typeof AlterSyncStateSetRequestHeader>;

export const AlterSyncStateSetResponseHeader = defineHeader('AlterSyncStateSetResponseHeader', {
  newSyncStateSetEpoch: optional.int(),
});
export type AlterSyncStateSetResponseHeader = HeaderOf<typeof AlterSyncStateSetResponseHeader>;

export const ElectMasterRequestHeader = defineHeader('ElectMasterRequestHeader', {
  clusterName: required.string(),
  brokerName: required.string(),
  brokerId: required.long(),
  designateElect: required.boolean(),
  invokeTime: optional.long(),
});
export type ElectMasterRequestHeader = HeaderOf<typeof ElectMasterRequestHeader>;

export const ElectMasterResponseHeader = defineHeader('ElectMasterResponseHeader', {
  masterBrokerId: optional.long(),
  masterAddress: optional.string(),
  masterEpoch: optional.int(),
  syncStateSetEpoch: optional.int(),
});
export type ElectMasterResponseHeader = HeaderOf<typeof ElectMasterResponseHeader>;

export const RegisterBrokerToControllerRequestHeader = defineHeader('RegisterBrokerToControllerRequestHeader', {
  clusterName: optional.string(),
  brokerName: optional.string(),
  brokerId: optional.long(),
  brokerAddress: optional.string(),
  invokeTime: optional.long(),
});
export type RegisterBrokerToControllerRequestHeader = HeaderOf<typeof RegisterBrokerToControllerRequestHeader>;

export const RegisterBrokerToControllerResponseHeader = defineHeader('RegisterBrokerToControllerResponseHeader', {
  clusterName: optional.string(),
  brokerName: optional.string(),
  masterBrokerId: optional.long(),
  masterAddress: optional.string(),
  masterEpoch: optional.int(),
  syncStateSetEpoch: optional.int(),
});
export type RegisterBrokerToControllerResponseHeader = HeaderOf<typeof RegisterBrokerToControllerResponseHeader>;

export const GetReplicaInfoRequestHeader = defineHeader('GetReplicaInfoRequestHeader', {
  brokerName: optional.string(),
});
export type GetReplicaInfoRequestHeader = HeaderOf<typeof GetReplicaInfoRequestHeader>;

export const GetReplicaInfoResponseHeader = defineHeader('GetReplicaInfoResponseHeader', {
  masterBrokerId: optional.long(),
  masterAddress: optional.string(),
  masterEpoch: optional.int(),
});
export type GetReplicaInfoResponseHeader = HeaderOf<typeof GetReplicaInfoResponseHeader>;

export const GetMetaDataResponseHeader = defineHeader('GetMetaDataResponseHeader', {
  group: optional.string(),
  controllerLeaderId: optional.string(),
  controllerLeaderAddress: optional.string(),
  isLeader: optional.boolean(),
  peers: optional.string(),
});
export type GetMetaDataResponseHeader = HeaderOf<typeof GetMetaDataResponseHeader>;

export const NotifyBrokerRoleChangedRequestHeader = defineHeader('NotifyBrokerRoleChangedRequestHeader', {
  masterAddress: optional.string(),
  masterEpoch: optional.int(),
  syncStateSetEpoch: optional.int(),
  masterBrokerId: optional.long(),
});
export type NotifyBrokerRoleChangedRequestHeader = HeaderOf<typeof NotifyBrokerRoleChangedRequestHeader>;

export const CleanControllerBrokerDataRequestHeader = defineHeader('CleanControllerBrokerDataRequestHeader', {
  clusterName: optional.string(),
  brokerName: required.string(),
  brokerControllerIdsToClean: optional.string(),
  isCleanLivingBroker: optional.boolean(),
  invokeTime: optional.long(),
});
export type CleanControllerBrokerDataRequestHeader = HeaderOf<typeof CleanControllerBrokerDataRequestHeader>;

export const GetNextBrokerIdRequestHeader = defineHeader('GetNextBrokerIdRequestHeader', {
  clusterName: optional.string(),
  brokerName: optional.string(),
});
export type GetNextBrokerIdRequestHeader = HeaderOf<typeof GetNextBrokerIdRequestHeader>;

export const GetNextBrokerIdResponseHeader = defineHeader('GetNextBrokerIdResponseHeader', {
  clusterName: optional.string(),
  brokerName: optional.string(),
  nextBrokerId: optional.long(),
});
export type GetNextBrokerIdResponseHeader = HeaderOf<typeof GetNextBrokerIdResponseHeader>;

export const ApplyBrokerIdRequestHeader = defineHeader('ApplyBrokerIdRequestHeader', {
  clusterName: optional.string(),
  brokerName: optional.string(),
  appliedBrokerId: optional.long(),
  registerCheckCode: optional.string(),
});
export type ApplyBrokerIdRequestHeader = HeaderOf<typeof ApplyBrokerIdRequestHeader>;

export const ApplyBrokerIdResponseHeader = defineHeader('ApplyBrokerIdResponseHeader', {
  clusterName: optional.string(),
  brokerName: optional.string(),
});
export type ApplyBrokerIdResponseHeader = HeaderOf<typeof ApplyBrokerIdResponseHeader>;

export const controllerAlterSyncStateSet = defineCommand({
  name: 'CONTROLLER_ALTER_SYNC_STATE_SET',
  code: 1001,
  direction: 'B→X',
  request: AlterSyncStateSetRequestHeader,
  requestBody: SyncStateSet,
  response: AlterSyncStateSetResponseHeader,
  responseBody: SyncStateSet,
  summary: 'Changes the set of in-sync replicas.',
});

export const controllerElectMaster = defineCommand({
  name: 'CONTROLLER_ELECT_MASTER',
  code: 1002,
  direction: 'B→X, A→X',
  request: ElectMasterRequestHeader,
  response: ElectMasterResponseHeader,
  responseBody: ElectMasterResponseBody,
  summary: 'Elects a master.',
});

export const controllerRegisterBroker = defineCommand({
  name: 'CONTROLLER_REGISTER_BROKER',
  code: 1003,
  direction: 'B→X',
  request: RegisterBrokerToControllerRequestHeader,
  response: RegisterBrokerToControllerResponseHeader,
  responseBody: SyncStateSet,
  summary: 'Registers a broker at the controller and learns its role.',
});

export const controllerGetReplicaInfo = defineCommand({
  name: 'CONTROLLER_GET_REPLICA_INFO',
  code: 1004,
  direction: 'B→X',
  request: GetReplicaInfoRequestHeader,
  response: GetReplicaInfoResponseHeader,
  responseBody: SyncStateSet,
  summary: 'Reads who is master of a broker set.',
});

export const controllerGetMetadataInfo = defineCommand({
  name: 'CONTROLLER_GET_METADATA_INFO',
  code: 1005,
  direction: 'B→X, A→X',
  response: GetMetaDataResponseHeader,
  summary: 'Reads who leads the controllers.',
});

export const controllerGetSyncStateData = defineCommand({
  name: 'CONTROLLER_GET_SYNC_STATE_DATA',
  code: 1006,
  direction: 'A→X',
  requestBody: jsonBody(array(scalar.string())),
  responseBody: BrokerReplicasInfo,
  summary: 'Reads the in-sync replicas of several broker sets.',
});

export const getBrokerEpochCache = defineCommand({
  name: 'GET_BROKER_EPOCH_CACHE',
  code: 1007,
  direction: 'A→B',
  responseBody: EpochEntryCache,
  summary: 'Reads the epochs of a broker.',
});

export const notifyBrokerRoleChanged = defineCommand({
  name: 'NOTIFY_BROKER_ROLE_CHANGED',
  code: 1008,
  direction: 'X→B',
  request: NotifyBrokerRoleChangedRequestHeader,
  requestBody: SyncStateSet,
  summary: 'Tells a broker its new role.',
});

export const updateControllerConfig = defineCommand({
  name: 'UPDATE_CONTROLLER_CONFIG',
  code: 1009,
  direction: 'A→X',
  requestBody: propertiesBody,
  summary: 'Changes the configuration of a controller.',
});

export const getControllerConfig = defineCommand({
  name: 'GET_CONTROLLER_CONFIG',
  code: 1010,
  direction: 'A→X',
  responseBody: propertiesBody,
  summary: 'Reads the configuration of a controller.',
});

export const cleanBrokerData = defineCommand({
  name: 'CLEAN_BROKER_DATA',
  code: 1011,
  direction: 'A→X',
  request: CleanControllerBrokerDataRequestHeader,
  summary: 'Removes what the controller knows of a broker.',
});

export const controllerGetNextBrokerId = defineCommand({
  name: 'CONTROLLER_GET_NEXT_BROKER_ID',
  code: 1012,
  direction: 'B→X',
  request: GetNextBrokerIdRequestHeader,
  response: GetNextBrokerIdResponseHeader,
  summary: 'Reads the broker id that is free next.',
});

export const controllerApplyBrokerId = defineCommand({
  name: 'CONTROLLER_APPLY_BROKER_ID',
  code: 1013,
  direction: 'B→X',
  request: ApplyBrokerIdRequestHeader,
  response: ApplyBrokerIdResponseHeader,
  summary: 'Claims a broker id.',
});
