/** Names in the root directory of an Apache store (storePathRootDir). */
export const ApacheName = {
  commitLog: 'commitlog',
  consumeQueue: 'consumequeue',
  batchConsumeQueue: 'batchconsumequeue',
  config: 'config',
  /** There as soon as a broker has started. */
  topics: 'config/topics.json',
  /** There while the broker runs, and after it died; holds its process id. */
  abort: 'abort',
  /** Of DLedger mode: its log has another layout. */
  dledgerPrefix: 'dledger-',
} as const;

/** What is moved away when a store is taken over where it is: after that it tells of a past that KiteMQ's log has gone on from. */
export const apacheOnlyNames: readonly string[] = [
  'config', 'consumequeue', 'consumequeue_ext', 'batchconsumequeue', 'consumequeue_rocksdb', 'rocksdb', 'index', 'compaction', 'timerwheel', 'timerlog', 'checkpoint', 'epochFileCheckpoint',
  'epochFileCheckpoint.bak', 'brokerIdentity', 'kvStore', 'tieredStoreMetadata.json', 'tieredStoreMetadata.json.bak', 'sequence',
];

/** Where they are moved to. */
export const apacheRestDirectory = 'apache';

/** Bytes of a unit: int64 physical offset, int32 size, int64 tags code. */
export const consumeQueueUnitBytes = 20;
/** The same and int64 store time, int64 first offset, int16 count, int32 compacted offset, int32 reserved. */
export const batchUnitBytes = 46;
