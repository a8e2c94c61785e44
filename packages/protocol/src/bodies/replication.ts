import { KiteError } from '@kitemq/runtime';
import type { BodyCodec } from '../body.ts';
import { asBuffer } from '../header/fast-buffer.ts';
import { DataVersion } from './data-version.ts';
import { mapOf } from './map-shapes.ts';
import { array, maybe, scalar } from './shape.ts';
import { struct } from './struct.ts';
import type { ValueOf } from './struct.ts';
import { BrokerMemberGroup } from './topic-route.ts';

export const BrokerSyncInfo = struct('BrokerSyncInfo', {
  masterHaAddress: maybe(scalar.string()),
  masterFlushOffset: scalar.long(),
  masterAddress: maybe(scalar.string()),
});
export type BrokerSyncInfo = ValueOf<typeof BrokerSyncInfo>;

export const HAClientRuntimeInfo = struct('HAClientRuntimeInfo', {
  masterAddr: maybe(scalar.string()),
  transferredByteInSecond: scalar.long(),
  maxOffset: scalar.long(),
  lastReadTimestamp: scalar.long(),
  lastWriteTimestamp: scalar.long(),
  masterFlushOffset: scalar.long(),
});
export type HAClientRuntimeInfo = ValueOf<typeof HAClientRuntimeInfo>;

export const HAConnectionRuntimeInfo = struct('HAConnectionRuntimeInfo', {
  addr: maybe(scalar.string()),
  slaveAckOffset: scalar.long(),
  diff: scalar.long(),
  inSync: scalar.boolean(),
  transferredByteInSecond: scalar.long(),
  transferFromWhere: scalar.long(),
});
export type HAConnectionRuntimeInfo = ValueOf<typeof HAConnectionRuntimeInfo>;

export const HARuntimeInfo = struct('HARuntimeInfo', {
  master: scalar.boolean(),
  masterCommitLogMaxOffset: scalar.long(),
  inSyncSlaveNums: scalar.int(),
  haConnectionInfo: array(HAConnectionRuntimeInfo),
  haClientRuntimeInfo: HAClientRuntimeInfo,
});
export type HARuntimeInfo = ValueOf<typeof HARuntimeInfo>;

export const SyncStateSet = struct('SyncStateSet', { syncStateSet: array(scalar.long()), syncStateSetEpoch: scalar.int() });
export type SyncStateSet = ValueOf<typeof SyncStateSet>;

export const ElectMasterResponseBody = struct('ElectMasterResponseBody', {
  brokerMemberGroup: maybe(BrokerMemberGroup),
  syncStateSet: array(scalar.long()),
});
export type ElectMasterResponseBody = ValueOf<typeof ElectMasterResponseBody>;

export const ReplicaIdentity = struct('ReplicaIdentity', {
  brokerName: scalar.string(),
  brokerId: scalar.long(),
  brokerAddress: scalar.string(),
  alive: scalar.boolean(),
});
export type ReplicaIdentity = ValueOf<typeof ReplicaIdentity>;

export const ReplicasInfo = struct('ReplicasInfo', {
  masterBrokerId: maybe(scalar.long()),
  masterAddress: maybe(scalar.string()),
  masterEpoch: scalar.int(),
  syncStateSetEpoch: scalar.int(),
  inSyncReplicas: array(ReplicaIdentity),
  notInSyncReplicas: array(ReplicaIdentity),
});
export type ReplicasInfo = ValueOf<typeof ReplicasInfo>;

export const BrokerReplicasInfo = struct('BrokerReplicasInfo', { replicasInfoTable: mapOf(ReplicasInfo) });
export type BrokerReplicasInfo = ValueOf<typeof BrokerReplicasInfo>;

export const EpochEntry = struct('EpochEntry', { epoch: scalar.int(), startOffset: scalar.long(), endOffset: scalar.long() });
export type EpochEntry = ValueOf<typeof EpochEntry>;

export const EpochEntryCache = struct('EpochEntryCache', {
  clusterName: scalar.string(),
  brokerName: scalar.string(),
  brokerId: scalar.long(),
  epochList: array(EpochEntry),
  maxOffset: scalar.long(),
});
export type EpochEntryCache = ValueOf<typeof EpochEntryCache>;

export const TimerMetric = struct('TimerMetric', { count: scalar.long(), timeStamp: scalar.long() });
export type TimerMetric = ValueOf<typeof TimerMetric>;

/** How many timed messages wait, by topic. */
export const TimerMetricsSerializeWrapper = struct('TimerMetricsSerializeWrapper', { dataVersion: DataVersion, timingCount: mapOf(TimerMetric) });
export type TimerMetricsSerializeWrapper = ValueOf<typeof TimerMetricsSerializeWrapper>;

/** How far the timer of a master has come. The last three are absent in what brokers before 5.0 send. */
export interface TimerCheckpoint {
  lastReadTimeMs: number;
  lastTimerLogFlushPos: number;
  lastTimerQueueOffset: number;
  masterTimerQueueOffset: number;
  dataVersion: DataVersion | undefined;
}

const shortBytes = 32;
const longBytes = 56;

/** Seven int64, or the first four of them. */
export const TimerCheckpoint: BodyCodec<TimerCheckpoint> = {
  name: 'TimerCheckpoint (7 × int64)',
  encode(value) {
    const bytes = Buffer.alloc(value.dataVersion === undefined ? shortBytes : longBytes);
    const { dataVersion } = value;
    const numbers = [value.lastReadTimeMs, value.lastTimerLogFlushPos, value.lastTimerQueueOffset, value.masterTimerQueueOffset];
    if (dataVersion !== undefined) numbers.push(dataVersion.stateVersion, dataVersion.timestamp, dataVersion.counter);
    for (let index = 0; index < numbers.length; index++) bytes.writeBigInt64BE(BigInt(numbers[index]!), index * 8);
    return bytes;
  },
  decode(bytes) {
    if (bytes === undefined || bytes.length < shortBytes) throw new KiteError('KITE_BODY_INVALID', 'A timer checkpoint has 32 or 56 bytes');
    const buffer = asBuffer(bytes);
    const at = (index: number): number => {
      const value = Number(buffer.readBigInt64BE(index * 8));
      return Math.min(Math.max(value, Number.MIN_SAFE_INTEGER), Number.MAX_SAFE_INTEGER);
    };
    return {
      lastReadTimeMs: at(0),
      lastTimerLogFlushPos: at(1),
      lastTimerQueueOffset: at(2),
      masterTimerQueueOffset: at(3),
      dataVersion: bytes.length < longBytes ? undefined : { stateVersion: at(4), timestamp: at(5), counter: at(6) },
    };
  },
};
