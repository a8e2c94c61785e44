import { defineCommand } from '../command.ts';
import { defineHeader, optional, required } from '../header.ts';
import type { HeaderOf } from '../header.ts';
import { CheckRocksdbCqWriteResult, ColdDataFlowCtrInfo } from '../bodies/broker-admin.ts';
import { BrokerStatsData } from '../bodies/consume-stats.ts';
import { KVTable } from '../bodies/data-version.ts';
import { propertiesBody, textBody } from '../bodies/plain-bodies.ts';

export const GetBrokerConfigResponseHeader = defineHeader('GetBrokerConfigResponseHeader', {
  version: required.string(),
});
export type GetBrokerConfigResponseHeader = HeaderOf<typeof GetBrokerConfigResponseHeader>;

export const ViewBrokerStatsDataRequestHeader = defineHeader('ViewBrokerStatsDataRequestHeader', {
  statsName: required.string(),
  statsKey: required.string(),
});
export type ViewBrokerStatsDataRequestHeader = HeaderOf<typeof ViewBrokerStatsDataRequestHeader>;

export const CheckRocksdbCqWriteProgressRequestHeader = defineHeader('CheckRocksdbCqWriteProgressRequestHeader', {
  topic: required.string(),
  checkStoreTime: optional.long(),
});
export type CheckRocksdbCqWriteProgressRequestHeader = HeaderOf<typeof CheckRocksdbCqWriteProgressRequestHeader>;

export const ExportRocksDBConfigToJsonRequestHeader = defineHeader('ExportRocksDBConfigToJsonRequestHeader', {
  configType: required.string(),
});
export type ExportRocksDBConfigToJsonRequestHeader = HeaderOf<typeof ExportRocksDBConfigToJsonRequestHeader>;

export const SetCommitLogReadModeRequestHeader = defineHeader('SetCommitLogReadModeRequestHeader', {
  readAheadMode: required.string('READ_AHEAD_MODE'),
});
export type SetCommitLogReadModeRequestHeader = HeaderOf<typeof SetCommitLogReadModeRequestHeader>;

export const SwitchTimerEngineRequestHeader = defineHeader('SwitchTimerEngineRequestHeader', {
  timerEngine: required.string('E_T'),
});
export type SwitchTimerEngineRequestHeader = HeaderOf<typeof SwitchTimerEngineRequestHeader>;

export const AddBrokerRequestHeader = defineHeader('AddBrokerRequestHeader', {
  configPath: optional.string(),
});
export type AddBrokerRequestHeader = HeaderOf<typeof AddBrokerRequestHeader>;

export const RemoveBrokerRequestHeader = defineHeader('RemoveBrokerRequestHeader', {
  brokerName: required.string(),
  brokerClusterName: required.string(),
  brokerId: required.long(),
});
export type RemoveBrokerRequestHeader = HeaderOf<typeof RemoveBrokerRequestHeader>;

export const updateBrokerConfig = defineCommand({
  name: 'UPDATE_BROKER_CONFIG',
  code: 25,
  direction: 'A→B',
  requestBody: propertiesBody,
  summary: 'Changes the configuration of a broker.',
});

export const getBrokerConfig = defineCommand({
  name: 'GET_BROKER_CONFIG',
  code: 26,
  direction: 'A→B',
  response: GetBrokerConfigResponseHeader,
  responseBody: propertiesBody,
  summary: 'Reads the configuration of a broker.',
});

export const getBrokerRuntimeInfo = defineCommand({
  name: 'GET_BROKER_RUNTIME_INFO',
  code: 28,
  direction: 'A→B',
  responseBody: KVTable,
  summary: 'Reads counters and states of a broker, as text.',
});

export const viewBrokerStatsData = defineCommand({
  name: 'VIEW_BROKER_STATS_DATA',
  code: 315,
  direction: 'A→B',
  request: ViewBrokerStatsDataRequestHeader,
  responseBody: BrokerStatsData,
  summary: 'Reads one statistic over minute, hour and day.',
});

export const cleanExpiredConsumequeue = defineCommand({
  name: 'CLEAN_EXPIRED_CONSUMEQUEUE',
  code: 306,
  direction: 'A→B',
  summary: 'Removes consume queue files whose messages are gone.',
});

export const deleteExpiredCommitlog = defineCommand({
  name: 'DELETE_EXPIRED_COMMITLOG',
  code: 329,
  direction: 'A→B',
  summary: 'Removes commit log files that are older than the retention.',
});

export const checkRocksdbCqWriteProgress = defineCommand({
  name: 'CHECK_ROCKSDB_CQ_WRITE_PROGRESS',
  code: 354,
  direction: 'A→B',
  request: CheckRocksdbCqWriteProgressRequestHeader,
  responseBody: CheckRocksdbCqWriteResult,
  summary: 'Compares the RocksDB consume queue with the file one.',
});

export const exportRocksdbConfigToJson = defineCommand({
  name: 'EXPORT_ROCKSDB_CONFIG_TO_JSON',
  code: 355,
  direction: 'A→B',
  request: ExportRocksDBConfigToJsonRequestHeader,
  summary: 'Writes settings kept in RocksDB to JSON files.',
});

export const updateColdDataFlowCtrConfig = defineCommand({
  name: 'UPDATE_COLD_DATA_FLOW_CTR_CONFIG',
  code: 2001,
  direction: 'A→B',
  requestBody: propertiesBody,
  summary: 'Limits how much cold data groups may read.',
});

export const removeColdDataFlowCtrConfig = defineCommand({
  name: 'REMOVE_COLD_DATA_FLOW_CTR_CONFIG',
  code: 2002,
  direction: 'A→B',
  requestBody: textBody('group name'),
  summary: 'Lifts the cold data limit of a group.',
});

export const getColdDataFlowCtrInfo = defineCommand({
  name: 'GET_COLD_DATA_FLOW_CTR_INFO',
  code: 2003,
  direction: 'A→B',
  responseBody: ColdDataFlowCtrInfo,
  summary: 'Reads the cold data limits and counters.',
});

export const setCommitlogReadMode = defineCommand({
  name: 'SET_COMMITLOG_READ_MODE',
  code: 2004,
  direction: 'A→B',
  request: SetCommitLogReadModeRequestHeader,
  summary: 'Sets how the commit log is read ahead.',
});

export const switchTimerEngine = defineCommand({
  name: 'SWITCH_TIMER_ENGINE',
  code: 5001,
  direction: 'A→B',
  request: SwitchTimerEngineRequestHeader,
  summary: 'Changes which engine holds timed messages.',
});

export const addBroker = defineCommand({
  name: 'ADD_BROKER',
  code: 902,
  direction: 'A→B',
  request: AddBrokerRequestHeader,
  requestBody: propertiesBody,
  summary: 'Starts a broker in a broker container.',
});

export const removeBroker = defineCommand({
  name: 'REMOVE_BROKER',
  code: 903,
  direction: 'A→B',
  request: RemoveBrokerRequestHeader,
  summary: 'Stops a broker of a broker container.',
});
