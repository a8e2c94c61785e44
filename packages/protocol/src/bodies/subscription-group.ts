import { DataVersion } from './data-version.ts';
import { mapOf } from './map-shapes.ts';
import { array, maybe, oneOf, scalar } from './shape.ts';
import { struct } from './struct.ts';
import type { ValueOf } from './struct.ts';

export const ExponentialRetryPolicy = struct('ExponentialRetryPolicy', {
  initial: scalar.long(5_000),
  max: scalar.long(7_200_000),
  multiplier: scalar.long(2),
});
export type ExponentialRetryPolicy = ValueOf<typeof ExponentialRetryPolicy>;

/** Milliseconds until the next attempt, by attempt. */
export const CustomizedRetryPolicy = struct('CustomizedRetryPolicy', { next: array(scalar.long()) });
export type CustomizedRetryPolicy = ValueOf<typeof CustomizedRetryPolicy>;

export const GroupRetryPolicy = struct('GroupRetryPolicy', {
  type: oneOf('CUSTOMIZED', 'EXPONENTIAL'),
  exponentialRetryPolicy: maybe(ExponentialRetryPolicy),
  customizedRetryPolicy: maybe(CustomizedRetryPolicy),
});
export type GroupRetryPolicy = ValueOf<typeof GroupRetryPolicy>;

export const SimpleSubscriptionData = struct('SimpleSubscriptionData', {
  topic: scalar.string(),
  expressionType: scalar.string('TAG'),
  expression: scalar.string(),
  version: scalar.long(),
});
export type SimpleSubscriptionData = ValueOf<typeof SimpleSubscriptionData>;

/** A consumer group as a broker keeps it. Defaults are Apache's. */
export const SubscriptionGroupConfig = struct('SubscriptionGroupConfig', {
  groupName: scalar.string(),
  consumeEnable: scalar.boolean(true),
  consumeFromMinEnable: scalar.boolean(true),
  consumeBroadcastEnable: scalar.boolean(true),
  consumeMessageOrderly: scalar.boolean(),
  retryQueueNums: scalar.int(1),
  retryMaxTimes: scalar.int(16),
  groupRetryPolicy: GroupRetryPolicy,
  brokerId: scalar.long(),
  whichBrokerWhenConsumeSlowly: scalar.long(1),
  notifyConsumerIdsChangedEnable: scalar.boolean(true),
  groupSysFlag: scalar.int(),
  consumeTimeoutMinute: scalar.int(15),
  subscriptionDataSet: maybe(array(SimpleSubscriptionData)),
  attributes: mapOf(scalar.string()),
});
export type SubscriptionGroupConfig = ValueOf<typeof SubscriptionGroupConfig>;

export const SubscriptionGroupList = struct('SubscriptionGroupList', { groupConfigList: array(SubscriptionGroupConfig) });
export type SubscriptionGroupList = ValueOf<typeof SubscriptionGroupList>;

export const SubscriptionGroupWrapper = struct('SubscriptionGroupWrapper', {
  subscriptionGroupTable: mapOf(SubscriptionGroupConfig),
  /** Group, topic, bits of what is forbidden. */
  forbiddenTable: mapOf(mapOf(scalar.int())),
  dataVersion: DataVersion,
});
export type SubscriptionGroupWrapper = ValueOf<typeof SubscriptionGroupWrapper>;

export const GroupForbidden = struct('GroupForbidden', { topic: scalar.string(), group: scalar.string(), readable: maybe(scalar.boolean()) });
export type GroupForbidden = ValueOf<typeof GroupForbidden>;
