export { Broker } from './broker.ts';
export type { BrokerOptions } from './broker.ts';
export { brokerSettings, parseBrokerSettings } from './config/broker-settings.ts';
export type { BrokerSettings } from './config/broker-settings.ts';
export { ignoredBrokerKeys } from './config/ignored-broker-keys.ts';
export { shardSettings, shardsOf } from './shards/shard-settings.ts';
export { availableCpus } from './shards/available-cpus.ts';
export type { ShardPlace } from './shards/shard-place.ts';
export type { TopicConfig } from './topics/topic-config.ts';
