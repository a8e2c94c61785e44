import type { AnyCommand, RequestBodyOf, RequestHeaderOf } from '@kitemq/protocol';
import type { Reply } from '@kitemq/remoting';
import type { Message } from '../message/message.ts';
import type {
  BrokerTarget,
  CallOptions,
  ClientConnection,
  ClusterOverview,
  ConsumerConnections,
  ConsumerProgress,
  GroupConfigInfo,
  GroupSettings,
  MessageQueue,
  QueryByKeyOptions,
  QueueOffset,
  ResetOffsetOptions,
  TopicConfigInfo,
  TopicRouteInfo,
  TopicSettings,
  TopicStatus,
} from './types.ts';

/**
 * What an operator does: topics, groups, offsets, brokers, name servers. Made by `client.admin()`; works against KiteMQ and Apache brokers.
 * Every call throws a `KiteError`: {@link BrokerError} when a server refused, `KITE_TIMEOUT`, `KITE_ABORTED`, `KITE_CONNECT_FAILED`, …
 */
export interface Admin {
  /** Creates the topic or changes its settings, on every broker of the target. Waits until the name servers know it. */
  createTopic(settings: TopicSettings, target?: BrokerTarget, options?: CallOptions): Promise<void>;
  /** Deletes the topic on the brokers of the target (default: all) and, when it then has no broker left, from the name servers. */
  deleteTopic(topic: string, target?: BrokerTarget, options?: CallOptions): Promise<void>;
  /** All topic names, sorted. `cluster` limits it to one cluster. */
  listTopics(options?: CallOptions & { readonly cluster?: string }): Promise<readonly string[]>;
  /** Min and max offset of each queue. @throws `KITE_TOPIC_NOT_FOUND` */
  topicStatus(topic: string, options?: CallOptions): Promise<TopicStatus>;
  /** Settings on one broker. @throws BrokerError 17 */
  topicConfig(topic: string, brokerAddress: string, options?: CallOptions): Promise<TopicConfigInfo>;
  /** Brokers and queues of the topic. @throws `KITE_TOPIC_NOT_FOUND` */
  topicRoute(topic: string, options?: CallOptions): Promise<TopicRouteInfo>;
  /** Groups that consume the topic, or did. */
  topicGroups(topic: string, options?: CallOptions): Promise<readonly string[]>;

  clusterInfo(options?: CallOptions): Promise<ClusterOverview>;
  /** The broker's own figures, all text (`brokerVersionDesc`, `putTps`, …). */
  brokerRuntimeInfo(brokerAddress: string, options?: CallOptions): Promise<Readonly<Record<string, string>>>;
  brokerConfig(brokerAddress: string, options?: CallOptions): Promise<Readonly<Record<string, string>>>;
  updateBrokerConfig(entries: Readonly<Record<string, string>>, target: BrokerTarget, options?: CallOptions): Promise<void>;
  /** Settings of the name server at `address`, or of the one in use. */
  nameserverConfig(address?: string, options?: CallOptions): Promise<Readonly<Record<string, string>>>;
  /** Changes settings of all name servers. */
  updateNameserverConfig(entries: Readonly<Record<string, string>>, options?: CallOptions): Promise<void>;
  /** Takes the write permission of all topics of the broker away; answers how many. */
  wipeWritePermission(brokerName: string, options?: CallOptions): Promise<number>;
  addWritePermission(brokerName: string, options?: CallOptions): Promise<number>;

  /** KV configuration of the name servers; writes go to all of them. */
  putKvConfig(namespace: string, key: string, value: string, options?: CallOptions): Promise<void>;
  /** Undefined when there is none. */
  getKvConfig(namespace: string, key: string, options?: CallOptions): Promise<string | undefined>;
  deleteKvConfig(namespace: string, key: string, options?: CallOptions): Promise<void>;
  listKvConfig(namespace: string, options?: CallOptions): Promise<Readonly<Record<string, string>>>;

  createGroup(settings: GroupSettings, target?: BrokerTarget, options?: CallOptions): Promise<void>;
  /** `cleanOffset` (default true) also forgets the group's offsets. */
  deleteGroup(group: string, target?: BrokerTarget & { readonly cleanOffset?: boolean }, options?: CallOptions): Promise<void>;
  /** Subscription groups of the brokers of the target, sorted by group and broker. */
  listGroups(target?: BrokerTarget, options?: CallOptions): Promise<readonly GroupConfigInfo[]>;
  /** Lag per queue. `topic` limits it to one topic. */
  consumerProgress(group: string, options?: CallOptions & { readonly topic?: string }): Promise<ConsumerProgress>;
  /** Members of a group. @throws BrokerError 206 when nobody is connected. */
  consumerConnections(group: string, options?: CallOptions): Promise<ConsumerConnections>;
  producerConnections(group: string, topic: string, options?: CallOptions): Promise<readonly ClientConnection[]>;
  /** What a connected consumer tells about itself, as it came (`mqTable`, `properties`, …). */
  consumerRunningInfo(group: string, clientId: string, options?: CallOptions): Promise<Readonly<Record<string, unknown>>>;
  /** Committed offsets of the group; queues without one are left out. */
  groupOffsets(group: string, topic: string, options?: CallOptions): Promise<readonly QueueOffset[]>;
  /** Sets one committed offset, whatever members do. */
  updateGroupOffset(group: string, queue: MessageQueue, offset: number, options?: CallOptions): Promise<void>;
  /** Moves a group. Answers the new offsets. */
  resetOffset(options: ResetOffsetOptions): Promise<readonly QueueOffset[]>;

  /** By offset message id (32 or 56 hex digits that name broker and position) or, with `topic`, by unique key. Undefined when there is none. */
  viewMessage(messageId: string, options?: CallOptions & { readonly topic?: string }): Promise<Message | undefined>;
  /** Messages that have the key, from all brokers of the topic, oldest first. */
  queryByKey(topic: string, key: string, options?: QueryByKeyOptions): Promise<readonly Message[]>;
  /** Messages with this id (property UNIQ_KEY), oldest first: usually one, more when a send was repeated or the message was retried. */
  queryByUniqueId(topic: string, messageId: string, options?: QueryByKeyOptions): Promise<readonly Message[]>;
  minOffset(queue: MessageQueue, options?: CallOptions): Promise<number>;
  maxOffset(queue: MessageQueue, options?: CallOptions): Promise<number>;
  /** The first offset stored at or after `timestamp` (ms since the epoch). */
  searchOffset(queue: MessageQueue, timestamp: number, options?: CallOptions): Promise<number>;

  /** Any declared command to any server; the answer as it came, whatever its code. */
  invoke<C extends AnyCommand>(
    address: string,
    command: C,
    header: RequestHeaderOf<C>,
    body?: RequestBodyOf<C>,
    options?: CallOptions,
  ): Promise<Reply<C>>;
}
