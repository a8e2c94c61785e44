import type { DiskLock } from '@kitemq/runtime';
import { Checkpointer } from './checkpoint/checkpointer.ts';
import type { SealedRows } from './checkpoint/sealed-rows.ts';
import { Appender } from './commit-log/appender.ts';
import { CommitLog } from './commit-log/commit-log.ts';
import { GroupCommit } from './commit-log/group-commit.ts';
import type { PendingRing } from './commit-log/pending-ring.ts';
import type { TailSlab } from './commit-log/tail-slabs.ts';
import { Compactor } from './compaction/compactor.ts';
import { EntryReader } from './compaction/entry-reader.ts';
import { AppendStatus } from './message-store.ts';
import type { TrimListener } from './message-store.ts';
import { ColdReader } from './read/cold-reader.ts';
import { KeySearch } from './read/key-search.ts';
import { MessageReader } from './read/message-reader.ts';
import { RecentWrites } from './read/recent-writes.ts';
import { RecordReader } from './read/record-reader.ts';
import { recordOverheadMax, storePaths } from './recovery/start-up.ts';
import type { StartedStore } from './recovery/start-up.ts';
import { LogCleaner } from './retention/log-cleaner.ts';
import { SpaceGuard, type SpaceLeft } from './retention/space-guard.ts';
import type { ResolvedStoreOptions } from './store-options.ts';
import { LogRecord } from './views/log-record.ts';
import type { SystemLog } from './views/system-log.ts';

/** More than head, hosts and topic of one of the store's own records and a filler need. */
export const recordOverheadMin = 512;

/** Messages that are carried over go into records of about this size: applying one is some hundred messages' work at once. */
const carriedBytes: number = 64 * 1024;

/** Log bytes between two notes of what is on disk: 20 KB each. */
const flushProofBytes: number = 16 * 1024 * 1024;

/** What exists while the store is open. */
export interface OpenParts {
  readonly lock: DiskLock;
  readonly rows: SealedRows;
  readonly log: CommitLog;
  readonly commit: GroupCommit;
  readonly appender: Appender;
  readonly checkpointer: Checkpointer;
  readonly cold: ColdReader;
  readonly reader: MessageReader;
  readonly compactor: Compactor;
  readonly records: RecordReader;
  readonly keys: KeySearch | undefined;
  readonly space: SpaceGuard;
  readonly cleaner: LogCleaner;
}

/** The store that the parts belong to. */
export interface PartsOwner {
  readonly options: ResolvedStoreOptions;
  readonly systemLog: SystemLog;
  readonly trimListeners: TrimListener[];
  /** @throws KiteError `KITE_STORE_UNAVAILABLE` after the shutdown */
  open(): OpenParts;
  /** Tells who listens of a message that has become visible. */
  announce(record: LogRecord): void;
  /** The disk failed: nothing can be appended any more. */
  failed(error: Error): void;
  /** Appends one of the store's own records; resolves when it is durable and applied. */
  append(topic: string, body: Uint8Array, place?: (bodyPosition: number) => void): Promise<void>;
}

/** Wires the parts of a store that was started. They run until they are stopped, one by one. */
export function assembleParts(owner: PartsOwner, lock: DiskLock, started: StartedStore, storeHost: Uint8Array): OpenParts {
  const { options, systemLog, trimListeners } = owner;
  const { runtime, logger } = options;
  const { rows, views } = started;
  const log = new CommitLog({ ...options, disk: runtime.disk, directory: storePaths(options.path).commitLog }, started.log.segments, started.log.end);
  const record = new LogRecord((position, size) => log.slice(position, size) as Uint8Array);
  record.live = true;
  const commit = new GroupCommit({
    ...options,
    log,
    sync: options.flushMode === 'sync',
    listener: {
      recordVisible: (ring, number) => {
        const slab = log.slabAt(ring.position(number)) as TailSlab;
        record.block = slab.buffer;
        record.blockOffset = ring.position(number) - slab.start;
        record.keyCount = ring.keyCount(number);
        showRecord(record, ring, number);
        views.all.apply(record);
        if (record.queueOffset >= 0) owner.announce(record);
        if (!ring.queue(number).topicQueues.isOwn) cleaner.lastMessage = ring.position(number);
      },
      recordDropped: (ring, number) => {
        if (ring.queueOffset(number) >= 0) ring.queue(number).next = ring.queueOffset(number);
        views.keys?.unstage(ring.keyCount(number));
      },
      groupVisible: () => {
        log.trim(commit.visible);
        recent.note(log.written);
        checkpointer.applied();
        space.written(log.written);
      },
      diskFull: (error) => space.diskFull(error),
      failed: (error) => owner.failed(error),
    },
  });
  const checkpointer = new Checkpointer({
    rows,
    views: views.all,
    commit,
    flushed: () => log.flushed,
    timers: runtime.timers,
    logger,
    proofBytes: Math.min(flushProofBytes, options.checkpointBytes),
    intervalMs: options.checkpointIntervalMs,
    bytes: options.checkpointBytes,
    changedAside: () => views.compaction.dirtyEntries > 0,
    dirtyEntries: () => views.queues.dirtyEntries + views.compaction.dirtyEntries + (views.keys?.dirtyEntries ?? 0),
    position: started.checkpointPosition,
  });
  const cold = new ColdReader(log);
  const recent = new RecentWrites(runtime.clock, log.written);
  const appender = new Appender({ ...options, clock: runtime.clock, log, commit, queues: views.queues, keys: views.keys, storeHost });
  const reader = new MessageReader({ log, queues: views.queues, cold, recent, logger, clock: runtime.clock, timers: runtime.timers });
  const records = new RecordReader(log, cold, options.maxMessageBytes + recordOverheadMax);
  const limits = (): { min: number; visible: number } => ({ min: owner.open().log.minPosition, visible: commit.visible });
  const minOffsetOf = (topic: string, queueId: number): number => {
    const queue = views.queues.find(topic, queueId);
    return queue === undefined || queue.compacted !== undefined ? 0 : queue.minOffset;
  };
  const keys = views.keys && new KeySearch({ keys: views.keys, records, timers: runtime.timers, limits, minOffsetOf });
  const { path, segmentBytes } = options;
  const changed = (left: SpaceLeft): void => {
    appender.reserveIsOpen = left !== 'own';
    if (appender.refusal !== AppendStatus.unavailable) appender.refusal = left === 'all' ? AppendStatus.accepted : AppendStatus.diskFull;
  };
  const space = new SpaceGuard({ disk: runtime.disk, timers: runtime.timers, logger, path, segmentBytes, changed }, log.written);
  const cleaner = new LogCleaner({ runtime, logger, path, log, views, records, checkpointer, systemLog, listeners: trimListeners, applied: () => commit.visible });
  const compactor = new Compactor({
    runtime,
    logger,
    queues: views.queues,
    view: views.compaction,
    reader,
    entries: new EntryReader(log, cold),
    policies: options.topicPolicy,
    minPosition: () => log.minPosition,
    intervalMs: options.compactionIntervalMs,
    bodyBytes: Math.min(carriedBytes, options.segmentBytes - recordOverheadMin),
    append: (topic, body, place) => owner.append(topic, body, place),
    flush: () => systemLog.flush(),
    changed: () => checkpointer.applied(),
  });
  trimListeners.unshift((position) => compactor.carry(position));
  return { lock, rows, log, commit, appender, checkpointer, cold, reader, compactor, records, keys, space, cleaner };
}

/** Fills `record` in with what the ring knows of a record that has become visible. */
function showRecord(record: LogRecord, ring: PendingRing, number: number): void {
  const queue = ring.queue(number);
  const { topic } = queue.topicQueues;
  record.position = ring.position(number);
  record.size = ring.size(number);
  record.topic = topic;
  record.queueId = queue.queueId;
  record.queueOffset = ring.queueOffset(number);
  record.count = ring.count(number);
  record.tagsCode = ring.tagsCode(number);
  record.storeTimestamp = ring.storeTimestamp(number);
  record.queue = queue;
}
