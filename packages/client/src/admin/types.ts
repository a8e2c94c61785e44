/** Which brokers an admin call goes to. At most one field; none means every master the name server knows. */
export interface BrokerTarget {
  /** All masters of the cluster of this name. */
  readonly cluster?: string | undefined;
  /** The master of this broker set. */
  readonly brokerName?: string | undefined;
  /** `host:port`, taken as it is. */
  readonly brokerAddress?: string | undefined;
}

/** How long to wait, and how to give up earlier. */
export interface CallOptions {
  /** Milliseconds for the whole call. Default 3000. */
  readonly timeoutMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** A topic's settings on one broker. */
export interface TopicSettings {
  readonly topic: string;
  /** Queues consumers read, 1 to 65535. Default 8. */
  readonly readQueues?: number | undefined;
  /** Queues producers write. Default 8. */
  readonly writeQueues?: number | undefined;
  /** 2 write, 4 read, 6 both. Default 6. */
  readonly perm?: number | undefined;
  readonly order?: boolean | undefined;
  /** Topic attributes such as `message.type` or `message.ttl`, without the `+` of the wire. A name with `-` before it (any value) takes that one back. */
  readonly attributes?: Readonly<Record<string, string>> | undefined;
}

/** A queue's place: broker set, queue id, topic. */
export interface MessageQueue {
  readonly topic: string;
  readonly brokerName: string;
  readonly queueId: number;
}

/** A topic's settings as a broker holds them. */
export interface TopicConfigInfo {
  readonly topic: string;
  readonly readQueues: number;
  readonly writeQueues: number;
  readonly perm: number;
  readonly order: boolean;
  readonly topicSysFlag: number;
  readonly attributes: Readonly<Record<string, string>>;
}

/** Offsets of one queue, as the broker that holds it answers. */
export interface QueueStatus extends MessageQueue {
  readonly minOffset: number;
  /** The offset that the next message gets. */
  readonly maxOffset: number;
  /** Store time of the newest message, ms since the epoch; 0 when empty. */
  readonly lastUpdateTimestamp: number;
}

export interface TopicStatus {
  readonly topic: string;
  /** Sorted by broker name and queue id. */
  readonly queues: readonly QueueStatus[];
}

export interface BrokerSet {
  readonly cluster: string;
  readonly brokerName: string;
  /** Sorted by id; id 0 is the master. */
  readonly members: readonly { readonly brokerId: number; readonly address: string }[];
}

export interface ClusterOverview {
  /** Cluster names, sorted. */
  readonly clusters: readonly string[];
  /** Sorted by cluster and name. */
  readonly brokers: readonly BrokerSet[];
}

/** Where a topic lives. */
export interface TopicRouteInfo {
  readonly topic: string;
  readonly brokers: readonly BrokerSet[];
  readonly queues: readonly {
    readonly brokerName: string;
    readonly readQueues: number;
    readonly writeQueues: number;
    readonly perm: number;
  }[];
}

/** How far a group is in one queue. */
export interface QueueProgress extends MessageQueue {
  readonly brokerOffset: number;
  readonly consumerOffset: number;
  readonly pullOffset: number;
  /** Messages not consumed yet: broker offset − consumer offset. */
  readonly lag: number;
  /** Delivered, not yet committed: pull offset − consumer offset, never negative. */
  readonly inFlight: number;
  /** Store time of the last consumed message, ms since the epoch; 0 when unknown. */
  readonly lastTimestamp: number;
  /** Who holds the queue, when a member of the group is connected and told us. */
  readonly clientId: string | undefined;
}

export interface ConsumerProgress {
  readonly group: string;
  readonly queues: readonly QueueProgress[];
  readonly lag: number;
  readonly inFlight: number;
  readonly consumeTps: number;
}

export interface ClientConnection {
  readonly clientId: string;
  readonly address: string;
  readonly language: string;
  /** MQVersion ordinal. */
  readonly version: number;
}

export interface ConsumerConnections {
  readonly group: string;
  /** `CONSUME_PASSIVELY` (push), `CONSUME_ACTIVELY` (pull), `CONSUME_POP`. */
  readonly consumeType: string;
  readonly messageModel: string;
  readonly consumeFromWhere: string;
  readonly connections: readonly ClientConnection[];
  readonly subscriptions: readonly { readonly topic: string; readonly expression: string; readonly expressionType: string; readonly subVersion: number }[];
}

/** A subscription group's settings. Absent ones take the broker's defaults. */
export interface GroupSettings {
  readonly group: string;
  readonly consumeEnable?: boolean | undefined;
  readonly consumeFromMinEnable?: boolean | undefined;
  readonly consumeBroadcastEnable?: boolean | undefined;
  readonly consumeMessageOrderly?: boolean | undefined;
  readonly retryQueueNums?: number | undefined;
  readonly retryMaxTimes?: number | undefined;
  readonly brokerId?: number | undefined;
  readonly whichBrokerWhenConsumeSlowly?: number | undefined;
  readonly notifyConsumerIdsChangedEnable?: boolean | undefined;
  readonly attributes?: Readonly<Record<string, string>> | undefined;
}

/** A subscription group as one broker holds it. */
export interface GroupConfigInfo extends GroupSettings {
  readonly brokerName: string;
}

/** What to set a group's offsets to: exactly one of `timestamp`, `offset`, `to`. */
export interface ResetOffsetOptions extends CallOptions {
  readonly group: string;
  readonly topic: string;
  /** The first message stored at or after this time, ms since the epoch. */
  readonly timestamp?: number | undefined;
  /** This offset; needs `brokerName` and `queueId`. */
  readonly offset?: number | undefined;
  readonly to?: 'first' | 'last' | undefined;
  readonly brokerName?: string | undefined;
  readonly queueId?: number | undefined;
  /** Also move forward. Default true. */
  readonly force?: boolean | undefined;
}

export interface QueueOffset extends MessageQueue {
  readonly offset: number;
}

export interface QueryByKeyOptions extends CallOptions {
  /** `key` (default): a word of the messages' KEYS. `tag`: their tag (KiteMQ; Apache's brokers since 5.5). */
  readonly kind?: 'key' | 'tag' | undefined;
  /** The newest so many. Default 32; brokers give 64 at most. */
  readonly maxCount?: number | undefined;
  /** Stored at or after, ms since the epoch. Default 0. */
  readonly begin?: number | undefined;
  /** Stored at or before, ms since the epoch. Default: no end. */
  readonly end?: number | undefined;
}
