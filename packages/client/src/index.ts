export { Client } from './client.ts';
export type { ClientOptions, ProducerOptions, TlsOptions } from './client-options.ts';
export { BrokerError } from './errors.ts';
export type { Logger, Runtime } from '@kitemq/runtime';
export { KiteError } from '@kitemq/runtime';
export type { Message, ReceivedMessage, RetryOptions } from './message/message.ts';
export type { OutgoingMessage, Producer, QueueSelector, SendOptions, SendResult, SendStatus } from './producer/producer.ts';
export type { Consumer, ConsumeFrom, ConsumerOptions, MessageHandler, RunOptions, StopOptions, Subscription } from './consumer/consumer.ts';
export type { FollowOptions, Puller, PullerOptions, PullOptions, PullResult } from './consumer/puller.ts';
export type { AllocateInput, AllocateStrategy } from './consumer/allocate.ts';
export { averageAllocation, circleAllocation, consistentHashAllocation } from './consumer/allocate.ts';
export type { Admin } from './admin/admin.ts';
export type {
  BrokerSet,
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
  QueueProgress,
  QueueStatus,
  ResetOffsetOptions,
  TopicConfigInfo,
  TopicRouteInfo,
  TopicSettings,
  TopicStatus,
} from './admin/types.ts';
