import type { BrokerSettings, ShardPlace, TopicConfig } from '@kitemq/broker';
import type { LogFormat, LogLevel } from '../../logging/create-logger.ts';

/** How the process logs; its threads make their lines the same way. */
export interface LogStyle {
  readonly level: LogLevel;
  readonly format: LogFormat;
  /** The log goes to a terminal. */
  readonly terminal: boolean;
}

/** What a shard's thread is started with. */
export interface ShardTask {
  readonly settings: BrokerSettings;
  readonly place: ShardPlace;
  readonly log: LogStyle;
}

/** From a shard's thread to the main thread. */
export type ShardNotice =
  | { readonly kind: 'ready'; readonly address: string }
  /** It could not start. */
  | { readonly kind: 'refused'; readonly sentence: string; readonly exitCode: number }
  /** An error nobody caught: the shard still runs, but is not to be trusted. */
  | { readonly kind: 'broken'; readonly message: string; readonly stack: string | undefined }
  | { readonly kind: 'stopped'; readonly failure: string | undefined }
  | { readonly kind: 'log'; readonly text: string }
  | { readonly kind: 'topic'; readonly config: TopicConfig };

/** From the main thread to a shard's. */
export type ShardOrder = { readonly kind: 'stop' } | { readonly kind: 'topic'; readonly config: TopicConfig };

/** Marks a thread as a shard's, whatever else may run in threads of the same program. */
export const shardTaskKey = 'kitemqShard';
