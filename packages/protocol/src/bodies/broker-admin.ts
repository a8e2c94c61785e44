import { mapOf } from './map-shapes.ts';
import { maybe, scalar } from './shape.ts';
import { struct } from './struct.ts';
import type { ValueOf } from './struct.ts';

/** `checkStatus`: 0 right, 1 not right, 2 at work, 3 failed. */
export const CheckRocksdbCqWriteResult = struct('CheckRocksdbCqWriteResult', { checkResult: maybe(scalar.string()), checkStatus: scalar.int() });
export type CheckRocksdbCqWriteResult = ValueOf<typeof CheckRocksdbCqWriteResult>;

export const ColdDataRuntime = struct('ColdDataRuntime', { coldAcc: scalar.long(), lastColdReadTimeMills: scalar.long(), createTimeMills: scalar.long() });
export type ColdDataRuntime = ValueOf<typeof ColdDataRuntime>;

/** How much cold data groups read, and what they may. */
export const ColdDataFlowCtrInfo = struct('ColdDataFlowCtrInfo', {
  runtimeTable: mapOf(ColdDataRuntime),
  configTable: mapOf(scalar.long()),
  cgColdReadThreshold: scalar.long(),
  globalColdReadThreshold: scalar.long(),
  globalAcc: scalar.long(),
});
export type ColdDataFlowCtrInfo = ValueOf<typeof ColdDataFlowCtrInfo>;
