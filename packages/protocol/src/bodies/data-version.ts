import { numberMapOf, mapOf } from './map-shapes.ts';
import { scalar } from './shape.ts';
import { struct } from './struct.ts';
import type { ValueOf } from './struct.ts';

/** Says whether two copies of a table are the same: all three numbers equal. */
export const DataVersion = struct('DataVersion', { stateVersion: scalar.long(), timestamp: scalar.long(), counter: scalar.long() });
export type DataVersion = ValueOf<typeof DataVersion>;

/** Text by name: runtime information, KV configuration. */
export const KVTable = struct('KVTable', { table: mapOf(scalar.string()) });
export type KVTable = ValueOf<typeof KVTable>;

/** Consumer offsets by `topic@group` and queue id. */
export const ConsumerOffsetSerializeWrapper = struct('ConsumerOffsetSerializeWrapper', {
  offsetTable: mapOf(numberMapOf(scalar.long())),
  dataVersion: DataVersion,
});
export type ConsumerOffsetSerializeWrapper = ValueOf<typeof ConsumerOffsetSerializeWrapper>;

/** How far each delay level has been delivered. */
export const DelayOffsetSerializeWrapper = struct('DelayOffsetSerializeWrapper', {
  offsetTable: numberMapOf(scalar.long()),
  dataVersion: DataVersion,
});
export type DelayOffsetSerializeWrapper = ValueOf<typeof DelayOffsetSerializeWrapper>;
