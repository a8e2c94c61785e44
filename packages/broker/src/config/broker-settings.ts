import { KiteError } from '@kitemq/runtime';
import * as z from 'zod';

/**
 * The broker's settings, by Apache's property names. Own names are marked in {@link brokerSettings}.
 * A running broker reads them anew on each use, so those that may change at run time take effect at once.
 */
export interface BrokerSettings {
  brokerClusterName: string;
  brokerName: string;
  brokerId: number;
  namesrvAddr?: string | undefined;
  bindAddress: string;
  listenPort: number;
  shards: string;
  shardPortStep: number;
  shardPorts: string;
  fastPortEnable: boolean;
  brokerIP1?: string | undefined;
  advertisedPort: number;
  brokerPermission: number;
  storePathRootDir: string;
  flushDiskType: 'SYNC_FLUSH' | 'ASYNC_FLUSH';
  syncFlushTimeout: number;
  mappedFileSizeCommitLog: number;
  maxMessageSize: number;
  flushConsumerOffsetInterval: number;
  compactionScheduleInternal: number;
  messageIndexEnable: boolean;
  maxMsgsNumBatch: number;
  defaultQueryMaxNum: number;
  fileReservedTime: number;
  deleteWhen: string;
  cleanResourceInterval: number;
  commitLogBytesMax: number;
  diskMaxUsedSpaceRatio: number;
  diskSpaceCleanForciblyRatio: number;
  cleanFileForciblyEnable: boolean;
  diskSpaceWarningLevelRatio: number;
  diskFreeBytesEnough: number;
  autoCreateTopicEnable: boolean;
  defaultTopicQueueNums: number;
  clusterTopicEnable: boolean;
  brokerTopicEnable: boolean;
  traceTopicEnable: boolean;
  msgTraceTopicName: string;
  autoCreateSubscriptionGroup: boolean;
  enableCreateSysGroup: boolean;
  validateSystemTopicWhenUpdateTopic: boolean;
  clearRetryTopicWhenDeleteTopic: boolean;
  reviveQueueNum: number;
  startAcceptSendRequestTimeStamp: number;
  rejectTransactionMessage: boolean;
  regionId: string;
  traceOn: boolean;
  messageDelayLevel: string;
  flushDelayOffsetInterval: number;
  longPollingEnable: boolean;
  shortPollingTimeMills: number;
  litePullMessageEnable: boolean;
  maxTransferBytesOnMessageInMemory: number;
  maxTransferCountOnMessageInMemory: number;
  maxFilterMessageSize: number;
  accessMessageInMemoryMaxRatio: number;
  enablePropertyFilter: boolean;
  useServerSideResetOffset: boolean;
  channelExpiredTimeout: number;
  notifyConsumerIdsChangedEnable: boolean;
  realTimeNotifyConsumerChange: boolean;
  registerNameServerPeriod: number;
  registerBrokerTimeoutMills: number;
}

const int = (minimum: number, maximum: number, initial: number, unit: string | undefined, description: string, apply: 'start' | 'runtime' = 'start') =>
  z.number().int().min(minimum).max(maximum).default(initial).meta({ description, apply, ...(unit === undefined ? {} : { unit }) });
const flag = (initial: boolean, description: string, apply: 'start' | 'runtime' = 'runtime') => z.boolean().default(initial).meta({ description, apply });
const text = (initial: string, description: string, pattern?: RegExp, hint?: string) => {
  const base = pattern === undefined ? z.string() : z.string().regex(pattern, hint);
  return base.default(initial).meta({ description, apply: 'start' });
};

const name = /^[A-Za-z0-9_-]{1,120}$/;
const nameHint = 'must be 1 to 120 of: letters, digits, _ and -';
/** Hours of the day, as Apache writes them. */
const hours = /^(?:\*|(?:[01]?\d|2[0-3])(?:;(?:[01]?\d|2[0-3]))*;?)$/;
const intMax = 2_147_483_647;

/** The schema: one key per setting with type, range, default, unit and one sentence. `apply` says whether a change at run time has an effect. */
export const brokerSettings: z.ZodObject = z.object({
  brokerClusterName: text('DefaultCluster', 'The cluster this broker belongs to; also the name of a topic that every broker of it has.', name, nameHint),
  brokerName: text('broker-a', 'Name of the master and its replicas; unique per shard in the cluster.', name, nameHint),
  brokerId: int(0, intMax, 0, undefined, '0 is a master. Replicas are not built yet: other ids are refused at start.'),
  namesrvAddr: z.string().optional().meta({ description: 'Nameservers to register with: `host:port;host:port`. Without, the broker stands alone.', apply: 'start' }),
  bindAddress: text('127.0.0.1', 'Address to listen on. Loopback unless set (Apache: 0.0.0.0): there is no authentication yet.'),
  listenPort: int(0, 65_535, 10_911, undefined, 'Port for clients; 0 picks a free one.'),
  shards: text(
    '1',
    'Own setting: so many brokers run as threads of this process, each with its own event loop, port, name and folder; `auto`: one per CPU that this process may use. See docs/shards.md.',
    /^(?:auto|[1-9]\d?)$/,
    'must be auto or a whole number from 1 to 99',
  ),
  shardPortStep: int(4, 1_000, 10, undefined, 'Own setting: shard N listens on listenPort + N × this; 4 leaves room for the fast port and the replication port.'),
  shardPorts: text('', 'Own setting: instead of shardPortStep, the ports of the shards 1, 2, …, joined by semicolons.', /^(?:\d{1,5}(?:;\d{1,5})*)?$/, 'must be ports joined by ;'),
  fastPortEnable: flag(true, 'Own setting: also listen on listenPort − 2 when it is free, for clients with vipChannelEnabled and for replicas.', 'start'),
  brokerIP1: z.string().optional().meta({
    description: 'Host name or address that clients are told. Unset: the address by which this machine reaches the nameserver. `auto`: what the client dialled (needs a KiteMQ nameserver on this machine).',
    apply: 'start',
  }),
  advertisedPort: int(0, 65_535, 0, undefined, 'Own setting: port that clients are told, where a proxy or container maps it; 0 is the port listened on.'),
  brokerPermission: int(0, 7, 6, undefined, 'What clients may do with this broker: 4 read + 2 write.', 'runtime'),
  storePathRootDir: text('store', 'Directory of the data.'),
  flushDiskType: z.enum(['SYNC_FLUSH', 'ASYNC_FLUSH']).default('SYNC_FLUSH').meta({
    description: 'SYNC_FLUSH: a send is answered when the disk has the message (group commit). ASYNC_FLUSH (Apache’s default): when the operating system has it.',
    apply: 'start',
  }),
  syncFlushTimeout: int(1, 600_000, 5_000, 'ms', 'After this time a send in SYNC_FLUSH is answered FLUSH_DISK_TIMEOUT; the message may still survive.'),
  mappedFileSizeCommitLog: int(65_536, 2_147_483_647, 1_073_741_824, 'bytes', 'Size of a commit-log segment file. Fixed for the life of a data directory.'),
  maxMessageSize: int(1, 15 * 1024 * 1024, 4_194_304, 'bytes', 'Longest message body, and longest batch; a frame holds 16 MiB.'),
  flushConsumerOffsetInterval: int(1, 3_600_000, 5_000, 'ms', 'How often changed consumer offsets are written to the log.'),
  compactionScheduleInternal: int(1, 2_147_483_647, 900_000, 'ms', 'How often topics with cleanup.policy=COMPACTION are compacted: until then readers see superseded messages too.'),
  messageIndexEnable: flag(true, 'Index messages by unique key, KEYS and TAGS for queries. Switched on again, the next start makes the index from the log.', 'start'),
  maxMsgsNumBatch: int(1, 1_024, 64, undefined, 'Most messages of one answer to a query by key.', 'runtime'),
  defaultQueryMaxNum: int(1, 1_024, 32, undefined, 'How many messages a query by unique key looks for, whatever it asks for.', 'runtime'),
  fileReservedTime: int(1, 1_000_000, 72, 'hours', 'How long messages are kept. What is older is deleted by whole segments, so that it may stay an eighth of this time longer.', 'runtime'),
  deleteWhen: z.string().regex(hours, 'must be hours of the day like "04" or "04;16", or "*"').default('04').meta({
    description: 'Hours of the day (local time) at which expired segments are deleted, separated by `;`; `*` is always. What expired a day ago, and what the disk has no room for, goes at any hour.',
    apply: 'runtime',
  }),
  cleanResourceInterval: int(100, 3_600_000, 10_000, 'ms', 'How often it is looked for something to delete.'),
  commitLogBytesMax: int(0, Number.MAX_SAFE_INTEGER, 0, 'bytes', 'Own setting: what the log may take of the disk; the oldest segments go first, the last one stays. 0 is no limit.', 'runtime'),
  diskMaxUsedSpaceRatio: int(10, 95, 75, '%', 'Use of the file system above which expired segments are deleted at any hour.', 'runtime'),
  diskSpaceCleanForciblyRatio: int(30, 100, 85, '%', 'Use of the file system above which the oldest segments are deleted before they expire, while less than diskFreeBytesEnough is free.', 'runtime'),
  cleanFileForciblyEnable: flag(true, 'False: what has not expired is never deleted; on a full disk sends are refused instead.', 'runtime'),
  diskSpaceWarningLevelRatio: int(35, 100, 90, '%', 'Use of the file system above which sends are refused (code 14) while less than diskFreeBytesEnough is free; reads go on.', 'runtime'),
  diskFreeBytesEnough: int(0, Number.MAX_SAFE_INTEGER, 10 * 1024 * 1024 * 1024, 'bytes', 'Own setting: with so much free space the ratios of the disk do not matter (Apache looks at the ratios alone).', 'runtime'),
  autoCreateTopicEnable: flag(true, 'Create a topic on the first send to it.', 'start'),
  defaultTopicQueueNums: int(1, 1_024, 8, undefined, 'Queues of TBW102: the most that an automatically created topic gets.', 'start'),
  clusterTopicEnable: flag(true, 'The topic named after the cluster is readable and writeable.', 'start'),
  brokerTopicEnable: flag(true, 'The topic named after the broker is readable and writeable.', 'start'),
  traceTopicEnable: flag(false, 'Have the topic for message traces.', 'start'),
  msgTraceTopicName: text('RMQ_SYS_TRACE_TOPIC', 'Name of the topic for message traces.', /^[%|a-zA-Z0-9_-]{1,127}$/, 'must be a topic name'),
  autoCreateSubscriptionGroup: flag(true, 'Create a consumer group when it first appears.'),
  enableCreateSysGroup: flag(true, 'Create groups with the prefix CID_RMQ_SYS_ even when autoCreateSubscriptionGroup is off.'),
  validateSystemTopicWhenUpdateTopic: flag(true, 'Refuse to change system topics by UPDATE_AND_CREATE_TOPIC.'),
  clearRetryTopicWhenDeleteTopic: flag(true, 'Deleting a topic also deletes the pop retry topics of the groups that consumed it.'),
  reviveQueueNum: int(1, 64, 8, undefined, 'Queues of the topic for pop check points.', 'start'),
  startAcceptSendRequestTimeStamp: int(0, Number.MAX_SAFE_INTEGER, 0, 'ms since the epoch', 'Sends are refused until then.', 'runtime'),
  rejectTransactionMessage: flag(false, 'Refuse half messages (transactions are not built yet: they are refused in any case).'),
  regionId: text('DefaultRegion', 'Property MSG_REGION of each message.', /^[A-Za-z0-9_.-]{1,64}$/, 'must be 1 to 64 of: letters, digits, _ . -'),
  traceOn: flag(true, 'Property TRACE_ON of each message: whether clients write traces for it.', 'start'),
  messageDelayLevel: text(
    '1s 5s 10s 30s 1m 2m 3m 4m 5m 6m 7m 8m 9m 10m 20m 30m 1h 2h',
    'Delays of the levels 1, 2, …; units s, m, h, d.',
    /^\d{1,9}[smhd]( \d{1,9}[smhd]){0,63}$/,
    'must be up to 64 delays like "1s 5s 1m 2h", separated by single blanks',
  ),
  flushDelayOffsetInterval: int(100, 3_600_000, 10_000, 'ms', 'How often the progress of delayed delivery is written to the log.'),
  longPollingEnable: flag(true, 'Hold a pull that finds nothing until a message arrives, as long as the client asks for.'),
  shortPollingTimeMills: int(1, 60_000, 1_000, 'ms', 'How long such a pull is held with longPollingEnable=false.', 'runtime'),
  litePullMessageEnable: flag(true, 'Serve LITE_PULL_MESSAGE.'),
  maxTransferBytesOnMessageInMemory: int(1_024, 64 * 1024 * 1024, 262_144, 'bytes', 'Most bytes of one pull answer; a single longer message still fits.', 'runtime'),
  maxTransferCountOnMessageInMemory: int(1, 65_536, 32, undefined, 'Most messages of one pull answer.', 'runtime'),
  maxFilterMessageSize: int(20, 16_000_000, 16_000, 'bytes of queue entries', 'How far a filtered pull looks before it answers that nothing matched (20 bytes per message).', 'runtime'),
  accessMessageInMemoryMaxRatio: int(1, 100, 40, '% of RAM', 'A new group reads a queue from its start when all of it is younger than this much log.', 'runtime'),
  enablePropertyFilter: flag(false, 'Allow SQL92 filters.'),
  useServerSideResetOffset: flag(true, 'Reset offsets in the broker (true) or through the connected clients (false).'),
  channelExpiredTimeout: int(1_000, 86_400_000, 120_000, 'ms', 'A client without heartbeat for this long is dropped.', 'runtime'),
  notifyConsumerIdsChangedEnable: flag(true, 'Tell the members of a group at once when it changed.'),
  realTimeNotifyConsumerChange: flag(true, 'False: such notices are collected and sent every 15 s.'),
  registerNameServerPeriod: int(10_000, 60_000, 30_000, 'ms', 'How often the broker registers with the nameservers, besides at each change.'),
  registerBrokerTimeoutMills: int(100, 600_000, 24_000, 'ms', 'How long a registration may take.', 'runtime'),
});

/**
 * Checks values and fills in the defaults.
 * @throws KiteError `KITE_CONFIG_INVALID`, one line per key; `details.problems` has them apart
 */
export function parseBrokerSettings(values: Readonly<Record<string, unknown>>): BrokerSettings {
  const settings: Record<string, unknown> = {};
  const problems: string[] = [];
  for (const [key, schema] of Object.entries(brokerSettings.shape)) {
    const parsed = (schema as z.ZodType).safeParse(values[key]);
    if (!parsed.success) problems.push(`${key} is ${JSON.stringify(values[key])}: ${parsed.error.issues[0]?.message ?? 'not allowed'}`);
    else if (parsed.data !== undefined) settings[key] = parsed.data;
  }
  if (problems.length > 0) throw new KiteError('KITE_CONFIG_INVALID', problems.join('\n'), { details: { problems } });
  return settings as unknown as BrokerSettings;
}

/** Text, as it comes over the wire, as a value of the setting; undefined when it is none. */
export function parseSettingText(key: string, value: string): string | number | boolean | undefined {
  const schema = brokerSettings.shape[key] as z.ZodType;
  const trimmed = value.trim();
  let candidate: unknown = trimmed;
  if (trimmed === 'true' || trimmed === 'false') candidate = trimmed === 'true';
  else if (/^-?\d{1,16}$/.test(trimmed)) candidate = Number(trimmed);
  let parsed = schema.safeParse(candidate);
  if (!parsed.success) parsed = schema.safeParse(trimmed);
  return parsed.success ? (parsed.data as string | number | boolean) : undefined;
}

/** True when a change of the setting takes effect without a restart. */
export function appliesAtRuntime(key: string): boolean {
  if (!Object.hasOwn(brokerSettings.shape, key)) return false;
  let schema = brokerSettings.shape[key] as z.ZodType | undefined;
  while (schema !== undefined) {
    const meta = schema.meta() as { apply?: string } | undefined;
    if (meta?.apply !== undefined) return meta.apply === 'runtime';
    schema = (schema as { def?: { innerType?: z.ZodType } }).def?.innerType;
  }
  return false;
}
