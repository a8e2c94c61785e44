import { KiteError, type Logger, type OpenKeyValueStore, type Runtime } from '@kitemq/runtime';
import type { StartProgress } from './recovery/start-progress.ts';
import type { TopicPolicies } from './topic-policy.ts';
import { keyPartEntriesMax } from './views/key-part.ts';

export type FlushMode = 'sync' | 'async';

/** How to open a store. Only the first three are needed. */
export interface StoreOptions {
  readonly runtime: Runtime;
  /** Absolute path of the store's folder; made when it is not there. */
  readonly path: string;
  /** Goes into every record and into message ids: an IP address (v4 or v6, as text) and the broker's port. */
  readonly storeHost: { readonly address: string; readonly port: number };
  /** `sync` (default): acknowledged when fdatasync returned, survives a power cut. `async`: when write returned, survives a killed process. */
  readonly flushMode?: FlushMode;
  /** Bytes of a commit log file. Default 1 GiB, as Apache's. */
  readonly segmentBytes?: number;
  /** Largest body. Default 4 MiB, as Apache's. */
  readonly maxMessageBytes?: number;
  /** After this long a waiting sender is told that the disk did not confirm. Default 5000. */
  readonly syncFlushTimeoutMs?: number;
  /** With `async`: how long written messages may stay only in the operating system's cache. Default 500, as Apache's. */
  readonly asyncFlushIntervalMs?: number;
  /** Consumer offsets that changed are written this often. Default 5000, as Apache's. */
  readonly offsetFlushIntervalMs?: number;
  /** A checkpoint of the views is due this long after a change, or after so many log bytes: what a restart has to replay. Defaults 10 000 and 64 MiB. */
  readonly checkpointIntervalMs?: number;
  readonly checkpointBytes?: number;
  /** Size of the memory blocks messages are encoded into. Default 1 MiB. */
  readonly slabBytes?: number;
  /** How much of the log's end is kept in memory for consumers. Default 32 MiB. */
  readonly hotTailBytes?: number;
  /** Appended and not acknowledged yet, at most; beyond, appends are answered with `busy`. Default 64 MiB. */
  readonly inFlightBytesMax?: number;
  /** Index messages by key: default true. When it was off, the next start with it replays the whole log. */
  readonly keyIndex?: boolean;
  /** Entries of that index which gather in memory, 8 bytes each, before they are written as a run. Default 262 144. */
  readonly keyPartEntries?: number;
  /** Called while a long start is under way, about every 16 MiB. */
  readonly onStartProgress?: (progress: StartProgress) => void;
  /** What is to happen with the messages of a topic. Without, all are kept as long as the log. */
  readonly topicPolicy?: TopicPolicies;
  /** How often the queues of compacted topics are compacted. Default 900 000, as Apache's. */
  readonly compactionIntervalMs?: number;
  /** Keeps the checkpoints. Default: LMDB. */
  readonly openKeyValue?: OpenKeyValueStore;
  /** Default: the runtime's. */
  readonly logger?: Logger;
}

const kibi = 1024;
const mebi = kibi * kibi;

const defaults = {
  flushMode: 'sync' as FlushMode,
  segmentBytes: 1024 * mebi,
  maxMessageBytes: 4 * mebi,
  syncFlushTimeoutMs: 5000,
  asyncFlushIntervalMs: 500,
  offsetFlushIntervalMs: 5000,
  checkpointIntervalMs: 10_000,
  checkpointBytes: 64 * mebi,
  slabBytes: mebi,
  hotTailBytes: 32 * mebi,
  inFlightBytesMax: 64 * mebi,
  keyIndex: true,
  topicPolicy: (() => undefined) as TopicPolicies,
  compactionIntervalMs: 900_000,
  keyPartEntries: keyPartEntriesMax,
};

/** Least value of each number. Segments must not be larger than a filler can say (int32). */
const ranges: Readonly<Record<string, readonly [number, number]>> = {
  segmentBytes: [4 * kibi, 2 ** 31 - 1],
  maxMessageBytes: [1, 512 * mebi],
  syncFlushTimeoutMs: [1, 2 ** 31 - 1],
  asyncFlushIntervalMs: [1, 2 ** 31 - 1],
  offsetFlushIntervalMs: [1, 2 ** 31 - 1],
  checkpointIntervalMs: [1, 2 ** 31 - 1],
  checkpointBytes: [1, Number.MAX_SAFE_INTEGER],
  slabBytes: [kibi, 256 * mebi],
  hotTailBytes: [0, Number.MAX_SAFE_INTEGER],
  inFlightBytesMax: [kibi, Number.MAX_SAFE_INTEGER],
  compactionIntervalMs: [1, 2 ** 31 - 1],
  keyPartEntries: [2, 1 << 22],
};

export type ResolvedStoreOptions = Required<Omit<StoreOptions, 'openKeyValue' | 'logger' | 'onStartProgress'>> & Pick<StoreOptions, 'openKeyValue' | 'onStartProgress'> & { readonly logger: Logger };

/** Fills in the defaults. @throws KiteError `KITE_STORE_OPTIONS` */
export function resolveOptions(options: StoreOptions): ResolvedStoreOptions {
  const resolved = { ...defaults, ...options, logger: options.logger ?? options.runtime.logger };
  for (const [name, [least, greatest]] of Object.entries(ranges)) {
    const value = (resolved as unknown as Readonly<Record<string, number>>)[name];
    if (Number.isSafeInteger(value) && (value as number) >= least && (value as number) <= greatest) continue;
    throw new KiteError('KITE_STORE_OPTIONS', `The store's ${name} is an integer from ${least} to ${greatest}, not ${String(value)}`);
  }
  return resolved;
}
