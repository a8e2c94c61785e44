import { parentPort, workerData } from 'node:worker_threads';
import { Broker } from '@kitemq/broker';
import { nodeRuntime } from '@kitemq/runtime';
import { createLogger } from '../../logging/create-logger.ts';
import { failureOf } from '../failure-sentence.ts';
import { type ShardNotice, type ShardOrder, type ShardTask, shardTaskKey } from './shard-messages.ts';

function taskOf(data: unknown): ShardTask | undefined {
  return typeof data === 'object' && data !== null ? (data as Record<string, ShardTask | undefined>)[shardTaskKey] : undefined;
}

/** True in a thread that {@link runShardWorker} is for. */
export function isShardWorker(): boolean {
  return parentPort !== null && taskOf(workerData) !== undefined;
}

/** The life of a shard's thread: starts the broker, says so, and stops it when asked to. Ends the thread. */
export async function runShardWorker(): Promise<void> {
  const port = parentPort;
  const task = taskOf(workerData);
  if (port === null || task === undefined) return;
  const tell = (notice: ShardNotice): void => port.postMessage(notice);
  const { settings, place, log } = task;
  const logger = createLogger({ ...log, target: { isTTY: log.terminal, write: (text) => tell({ kind: 'log', text }) } }).child({ shard: place.index });
  const broken = (error: unknown): void => tell({ kind: 'broken', message: error instanceof Error ? error.message : String(error), stack: error instanceof Error ? error.stack : undefined });
  process.on('uncaughtException', broken);
  process.on('unhandledRejection', broken);
  try {
    const broker = new Broker({ runtime: nodeRuntime({ logger }), settings, shard: place, onTopicAutoCreated: (config) => tell({ kind: 'topic', config }) });
    const stopped = new Promise<void>((resolve) => {
      port.on('message', (order: ShardOrder) => {
        if (order.kind === 'topic') broker.adoptTopic(order.config);
        else resolve(broker.shutdown());
      });
    });
    // A stop during the start lets the start end first, one way or the other.
    await broker.start();
    tell({ kind: 'ready', address: broker.address });
    const failure = await stopped.then(() => undefined, (error: unknown) => failureOf(error).sentence);
    tell({ kind: 'stopped', failure });
  } catch (error) {
    tell({ kind: 'refused', ...failureOf(error) });
  }
  // Ends the thread only; what was told arrives all the same. What is left over must not keep it.
  process.exit(0);
}
