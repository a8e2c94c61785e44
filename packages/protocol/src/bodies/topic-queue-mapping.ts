import { numberMapOf } from './map-shapes.ts';
import { array, scalar } from './shape.ts';
import { struct } from './struct.ts';
import type { ValueOf } from './struct.ts';

/** One generation of a logical queue: where it lives, and how its offsets map. -1 stands for an open end. */
export const LogicQueueMappingItem = struct('LogicQueueMappingItem', {
  gen: scalar.int(),
  queueId: scalar.int(),
  bname: scalar.string(),
  logicOffset: scalar.long(),
  startOffset: scalar.long(),
  endOffset: scalar.long(-1),
  timeOfStart: scalar.long(-1),
  timeOfEnd: scalar.long(-1),
});
export type LogicQueueMappingItem = ValueOf<typeof LogicQueueMappingItem>;

const mappingFields = {
  topic: scalar.string(),
  scope: scalar.string('__global__'),
  totalQueues: scalar.int(),
  bname: scalar.string(),
  epoch: scalar.long(),
  dirty: scalar.boolean(),
  /** Global queue id to physical queue id. */
  currIdMap: numberMapOf(scalar.int()),
};

/** A static topic as one broker serves it. */
export const TopicQueueMappingInfo = struct('TopicQueueMappingInfo', mappingFields);
export type TopicQueueMappingInfo = ValueOf<typeof TopicQueueMappingInfo>;

/** The same with the history of each queue. */
export const TopicQueueMappingDetail = struct('TopicQueueMappingDetail', {
  ...mappingFields,
  hostedQueues: numberMapOf(array(LogicQueueMappingItem)),
});
export type TopicQueueMappingDetail = ValueOf<typeof TopicQueueMappingDetail>;
