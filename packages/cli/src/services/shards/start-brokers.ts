import { availableCpus, Broker, type BrokerSettings, shardSettings, shardsOf, type TopicConfig } from '@kitemq/broker';
import type { Runtime } from '@kitemq/runtime';
import type { LogTarget } from '../../logging/create-logger.ts';
import { checkShardFolders, storedShards } from './shard-folders.ts';
import type { LogStyle } from './shard-messages.ts';
import { ShardThread } from './shard-thread.ts';

/** Where a broker of this process listens. */
export interface BrokerPlace {
  readonly name: string;
  readonly address: string;
}

/** The broker, or all its shards, as one. */
export interface RunningBrokers {
  /** Shard 0 first. */
  readonly places: readonly BrokerPlace[];
  /** Resolves when a shard died: then the process should end. Never without shards. */
  readonly broken: Promise<Error>;
  /** Everything acknowledged is on disk when it resolves. Rejects with the first failure, after all have ended. */
  shutdown(): Promise<void>;
}

export interface StartBrokersOptions {
  readonly runtime: Runtime;
  readonly settings: BrokerSettings;
  readonly log: LogStyle & { readonly target: LogTarget };
  /** Aborted, it ends a start that is under way. */
  readonly stopping?: AbortSignal;
}

/** Starts unless, and as long as, nobody wants it stopped. */
async function startUnlessStopped(start: () => Promise<unknown>, shutdown: () => Promise<void>, stopping: AbortSignal | undefined): Promise<void> {
  const stop = (): void => void shutdown().catch(() => {});
  stopping?.addEventListener('abort', stop, { once: true });
  try {
    await start();
  } finally {
    stopping?.removeEventListener('abort', stop);
  }
}

/** Threads that Node keeps for disk work unless told otherwise; all shards share them. */
const poolThreadsDefault = 4;
/** A shard's fdatasync and its two reads of old messages. */
const poolThreadsPerShard = 3;

function warnAboutPool({ logger }: Runtime, count: number): void {
  const threads = Number(process.env['UV_THREADPOOL_SIZE'] ?? poolThreadsDefault);
  if (threads >= count) return;
  logger.warn({ threads, shards: count }, `all shards share ${threads} threads for disk work, so that their flushes wait for each other: start with UV_THREADPOOL_SIZE=${count * poolThreadsPerShard} in the environment`);
}

/** Settles all; rejects with the first failure only when all have ended. */
async function allEnded(work: readonly Promise<unknown>[]): Promise<void> {
  for (const result of await Promise.allSettled(work)) if (result.status === 'rejected') throw result.reason;
}

/**
 * Starts the broker, or as many as `shards` says: shard 0 on this thread, each other on one of its own. Resolves when all are ready.
 * @throws what the first one that could not start has thrown, after the others have ended; KiteError `KITE_CONFIG_INVALID`
 */
export async function startBrokers({ runtime, settings, log, stopping }: StartBrokersOptions): Promise<RunningBrokers> {
  const { disk, logger } = runtime;
  const count = shardsOf(settings, { cpus: availableCpus(disk), stored: storedShards(disk, settings.storePathRootDir) });
  checkShardFolders(disk, settings.storePathRootDir, count);
  if (count === 1) {
    const broker = new Broker({ runtime, settings });
    await startUnlessStopped(() => broker.start(), () => broker.shutdown(), stopping);
    return { places: [{ name: settings.brokerName, address: broker.address }], broken: new Promise(() => {}), shutdown: () => broker.shutdown() };
  }
  warnAboutPool(runtime, count);
  const all = Array.from({ length: count }, (_, index) => shardSettings(settings, index, count));
  const threads: ShardThread[] = [];
  const spread = (from: number, config: TopicConfig): void => {
    if (from !== 0) broker.adoptTopic(config);
    for (const thread of threads) if (thread.index !== from) thread.adoptTopic(config);
  };
  const broker = new Broker({
    runtime: { ...runtime, logger: logger.child({ shard: 0 }) },
    settings,
    shard: { index: 0, count },
    onTopicAutoCreated: (config) => spread(0, config),
  });
  const { target, ...style } = log;
  for (const [index, own] of all.entries()) {
    if (index === 0) continue;
    const task = { settings: own, place: { index, count }, log: style };
    threads.push(new ShardThread(task, { log: (text) => void target.write(text), topicAutoCreated: (config) => spread(index, config) }));
  }
  const shutdown = (): Promise<void> => allEnded([broker.shutdown(), ...threads.map((thread) => thread.stop())]);
  try {
    await startUnlessStopped(() => Promise.all([broker.start(), ...threads.map((thread) => thread.ready)]), shutdown, stopping);
  } catch (error) {
    await shutdown().catch(() => {});
    throw error;
  }
  const addresses = await Promise.all(threads.map((thread) => thread.ready));
  const places = [broker.address, ...addresses].map((address, index) => ({ name: all[index]?.brokerName ?? '', address }));
  return { places, broken: Promise.race(threads.map((thread) => thread.broken)), shutdown };
}
