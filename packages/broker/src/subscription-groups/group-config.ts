/** What a consumer group is, as it is kept in the settings. Defaults are Apache's. */
export interface GroupConfig {
  readonly groupName: string;
  readonly consumeEnable: boolean;
  readonly consumeFromMinEnable: boolean;
  readonly consumeBroadcastEnable: boolean;
  readonly consumeMessageOrderly: boolean;
  readonly retryQueueNums: number;
  readonly retryMaxTimes: number;
  readonly brokerId: number;
  readonly whichBrokerWhenConsumeSlowly: number;
  readonly notifyConsumerIdsChangedEnable: boolean;
  readonly groupSysFlag: number;
  readonly consumeTimeoutMinute: number;
  readonly attributes: Readonly<Record<string, string>>;
  /** Kept for tools; pull consumers have no use for it. */
  readonly groupRetryPolicy?: unknown;
  readonly subscriptionDataSet?: unknown;
}

const defaults: Omit<GroupConfig, 'groupName'> = {
  consumeEnable: true,
  consumeFromMinEnable: true,
  consumeBroadcastEnable: true,
  consumeMessageOrderly: false,
  retryQueueNums: 1,
  retryMaxTimes: 16,
  brokerId: 0,
  whichBrokerWhenConsumeSlowly: 1,
  notifyConsumerIdsChangedEnable: true,
  groupSysFlag: 0,
  consumeTimeoutMinute: 15,
  attributes: {},
};

export function groupConfig(groupName: string, overrides: Partial<GroupConfig> = {}): GroupConfig {
  return { ...defaults, ...overrides, groupName };
}

/** Reads what the settings hold; undefined when it is no group. */
export function readGroupConfig(value: unknown): GroupConfig | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const stored = value as Partial<GroupConfig>;
  return typeof stored.groupName === 'string' ? groupConfig(stored.groupName, stored) : undefined;
}

/** Groups that every broker knows; like the boot topics they are not stored (SubscriptionGroupManager). */
export const bootGroups: readonly GroupConfig[] = [
  groupConfig('TOOLS_CONSUMER'),
  groupConfig('FILTERSRV_CONSUMER'),
  groupConfig('SELF_TEST_C_GROUP'),
  groupConfig('CID_ONS-HTTP-PROXY', { consumeBroadcastEnable: true }),
  groupConfig('CID_ONSAPI_PULL', { consumeBroadcastEnable: true }),
  groupConfig('CID_ONSAPI_PERMISSION', { consumeBroadcastEnable: true }),
  groupConfig('CID_ONSAPI_OWNER', { consumeBroadcastEnable: true }),
  groupConfig('CID_RMQ_SYS_TRANS', { consumeBroadcastEnable: true }),
];
