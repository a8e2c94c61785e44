import { DataVersion } from './data-version.ts';
import { mapOf } from './map-shapes.ts';
import { array, maybe, oneOf, scalar } from './shape.ts';
import { struct } from './struct.ts';
import type { ValueOf } from './struct.ts';
import { TopicQueueMappingDetail, TopicQueueMappingInfo } from './topic-queue-mapping.ts';

const topicConfigFields = {
  topicName: scalar.string(),
  readQueueNums: scalar.int(16),
  writeQueueNums: scalar.int(16),
  perm: scalar.int(6),
  topicFilterType: oneOf('SINGLE_TAG', 'MULTI_TAG'),
  topicSysFlag: scalar.int(),
  order: scalar.boolean(),
  attributes: mapOf(scalar.string()),
};

/** A topic as a broker keeps it. Defaults are Apache's. */
export const TopicConfig = struct('TopicConfig', topicConfigFields);
export type TopicConfig = ValueOf<typeof TopicConfig>;

export const TopicConfigAndQueueMapping = struct('TopicConfigAndQueueMapping', {
  ...topicConfigFields,
  mappingDetail: maybe(TopicQueueMappingDetail),
});
export type TopicConfigAndQueueMapping = ValueOf<typeof TopicConfigAndQueueMapping>;

export const TopicConfigSerializeWrapper = struct('TopicConfigSerializeWrapper', {
  topicConfigTable: mapOf(TopicConfig),
  dataVersion: DataVersion,
});
export type TopicConfigSerializeWrapper = ValueOf<typeof TopicConfigSerializeWrapper>;

export const TopicConfigAndMappingSerializeWrapper = struct('TopicConfigAndMappingSerializeWrapper', {
  topicConfigTable: mapOf(TopicConfig),
  dataVersion: DataVersion,
  topicQueueMappingInfoMap: mapOf(TopicQueueMappingInfo),
  topicQueueMappingDetailMap: mapOf(TopicQueueMappingDetail),
  mappingDataVersion: DataVersion,
});
export type TopicConfigAndMappingSerializeWrapper = ValueOf<typeof TopicConfigAndMappingSerializeWrapper>;

export const TopicQueueMappingSerializeWrapper = struct('TopicQueueMappingSerializeWrapper', {
  topicQueueMappingInfoMap: mapOf(TopicQueueMappingDetail),
  dataVersion: DataVersion,
});
export type TopicQueueMappingSerializeWrapper = ValueOf<typeof TopicQueueMappingSerializeWrapper>;

export const TopicRemappingDetailWrapper = struct('TopicRemappingDetailWrapper', {
  topic: scalar.string(),
  type: scalar.string(),
  epoch: scalar.long(),
  brokerConfigMap: mapOf(TopicConfigAndQueueMapping),
  brokerToMapIn: array(scalar.string()),
  brokerToMapOut: array(scalar.string()),
});
export type TopicRemappingDetailWrapper = ValueOf<typeof TopicRemappingDetailWrapper>;

export const CreateTopicListRequestBody = struct('CreateTopicListRequestBody', { topicConfigList: array(TopicConfig) });
export type CreateTopicListRequestBody = ValueOf<typeof CreateTopicListRequestBody>;

/** What a broker registers. `filterServerList` is a remnant. */
export const RegisterBrokerBody = struct('RegisterBrokerBody', {
  topicConfigSerializeWrapper: TopicConfigAndMappingSerializeWrapper,
  filterServerList: array(scalar.string()),
});
export type RegisterBrokerBody = ValueOf<typeof RegisterBrokerBody>;
