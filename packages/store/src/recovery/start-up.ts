import { dirname } from 'node:path';
import type { Disk, DiskLock, Logger, KeyValueStore, OpenKeyValueStore } from '@kitemq/runtime';
import { readMark, type CheckpointMark } from '../checkpoint/checkpoint-mark.ts';
import type { LogSegment } from '../commit-log/log-segment.ts';
import { isWholeRecord } from '../commit-log/record-format.ts';
import type { RecoveryReport } from '../recovery-report.ts';
import type { ResolvedStoreOptions } from '../store-options.ts';
import type { StoreViews } from '../store-views.ts';
import { LogRecord } from '../views/log-record.ts';
import { storeTimestampAt } from '@kitemq/protocol';
import { listSegments } from './list-segments.ts';
import { CheckpointRows } from './checkpoint-rows.ts';
import { Quarantine } from './quarantine.ts';
import { LogRecovery, type RecoveredLog } from './recover-log.ts';
import { RecordParser } from './replay.ts';
import { readOpenMark, viewsAttemptsMax, writeOpenMark } from './open-mark.ts';
import { rewriteFrom } from './rewrite-segment.ts';

/** Records are at most this much larger than their body. */
export const recordOverheadMax: number = 68 * 1024;

/** Records up to this size are read whatever the largest message is now: it may have been larger before. */
const storedRecordBytesMax: number = 64 * 1024 * 1024;

/** A store's folder, opened and recovered. */
export interface StartedStore {
  readonly views: StoreViews;
  readonly rows: KeyValueStore;
  readonly log: RecoveredLog;
  /** Everything before it is in the checkpoint. */
  readonly checkpointPosition: number;
  /** Consumer offsets were set back; they must be durable before anything is appended to the queues that they were beyond the end of. */
  readonly offsetsLimited: boolean;
  readonly report: RecoveryReport;
}

export interface StartUpOptions {
  readonly options: ResolvedStoreOptions;
  readonly openKeyValue: OpenKeyValueStore;
  readonly createViews: () => StoreViews;
}

/** File names in a store's folder, as Apache's where they mean the same. */
export function storePaths(path: string): Readonly<Record<'commitLog' | 'views' | 'lock' | 'abort' | 'quarantine', string>> {
  return { commitLog: `${path}/commitlog`, views: `${path}/views`, lock: `${path}/lock`, abort: `${path}/abort`, quarantine: `${path}/quarantine` };
}

/** Makes the folder and takes its lock. */
export function lockStore(options: ResolvedStoreOptions): DiskLock {
  const { disk } = options.runtime;
  const paths = storePaths(options.path);
  makeDirectoryDurable(disk, paths.commitLog);
  const lock = disk.lockSync(paths.lock);
  disk.syncDirectorySync(options.path);
  return lock;
}

/** Makes the directory and its parents so that a power cut does not take one of them with all that is in it. */
function makeDirectoryDurable(disk: Disk, path: string): void {
  const parent = dirname(path);
  if (disk.statSync(path) === undefined) {
    if (parent !== path) makeDirectoryDurable(disk, parent);
    disk.makeDirectorySync(path);
  }
  try {
    // Also when the directory was there: who made it may have died before this.
    disk.syncDirectorySync(parent);
  } catch (error) {
    // A parent that may not be read is not ours; it was there before.
    if ((error as { code?: string }).code !== 'EACCES') throw error;
  }
}

/** What the first checkpoint needs on the disk. */
const newViewsBytesMin = 64 * 1024;

/** LMDB maps the files it makes; where the disk has no room for them the process would end by a signal, so a new store is refused before. */
function checkRoomForViews(disk: Disk, path: string): void {
  const { freeBytes } = disk.spaceSync(path);
  if (freeBytes < newViewsBytesMin) throw Object.assign(new Error(`only ${freeBytes} bytes are free`), { code: 'ENOSPC', path });
}

/** Loads the checkpoint, replays the log behind it, repairs the log's end. */
export async function startUp(start: StartUpOptions): Promise<StartedStore> {
  const { options } = start;
  const { disk, clock, processId } = options.runtime;
  const paths = storePaths(options.path);
  const began = clock.monotonic();
  const left = readOpenMark(disk, paths.abort);
  const clean = left === undefined;
  const segments = listSegments(disk, paths.commitLog, options.segmentBytes);
  if (segments.length === 0) checkRoomForViews(disk, options.path);
  const viewsAttempt = (left?.viewsAttempt ?? 0) + 1;
  if (viewsAttempt > viewsAttemptsMax) {
    options.logger.warn({ path: paths.views }, 'several starts died while they read the checkpoint; it is thrown away and made again from the log');
    disk.removeSync(paths.views);
  }
  if (segments.length > 0) writeOpenMark(disk, paths.abort, { processId, durable: left?.durable, viewsAttempt });
  const checkpoint = new CheckpointRows(start.openKeyValue, paths.views, { disk, logger: options.logger });
  try {
    const loaded = await loadViews(start, checkpoint, segments);
    const from = Math.max(loaded.views.all.position, segments[0]?.start ?? 0);
    // An orderly stop flushed the log, and a checkpoint is made of nothing else than what was flushed.
    const durable = Math.max(left?.durable ?? 0, loaded.rebuilt ? 0 : from);
    if (segments.length > 0) writeOpenMark(disk, paths.abort, { processId, durable });
    if (!clean) for (const segment of segments) if (segment.end > durable) rewriteFrom(segment, durable);
    const { rows } = checkpoint;
    const quarantine = new Quarantine(disk, paths.quarantine);
    if ((segments[0]?.start ?? 0) > 0) loaded.views.queues.allowLateBegin();
    const replay = replayLog({ start, segments, rows, views: loaded.views, quarantine, from, clean: clean && !loaded.rebuilt });
    // Also without a hole: an earlier start may have found it, and died before the offsets were logged.
    const offsetsLimited = (replay.hasHoles || !clean) && limitOffsets(loaded.views, options.logger);
    if (segments.length === 0 || replay.log.end !== durable) writeOpenMark(disk, paths.abort, { processId, durable: replay.log.end });
    for (const { path, bytes, reason } of quarantine.found) options.logger.error({ path, bytes, reason }, 'part of the commit log could not be kept');
    const report: RecoveryReport = {
      clean,
      minPosition: replay.log.segments[0]?.start ?? 0,
      maxPosition: replay.log.end,
      replayedFrom: from,
      replayedRecords: replay.log.records,
      quarantined: quarantine.found,
      viewsRebuilt: loaded.rebuilt,
      durationMs: clock.monotonic() - began,
    };
    return { views: loaded.views, rows, log: replay.log, checkpointPosition: replay.checkpointPosition, offsetsLimited, report };
  } catch (error) {
    await checkpoint.rows.close().catch(() => undefined);
    for (const segment of segments) segment.close();
    throw error;
  }
}

/** Offsets that were logged behind a lost part of the log may be of messages that were in it: what takes their places must not be skipped. */
function limitOffsets({ queues, consumerOffsets }: StoreViews, logger: Logger): boolean {
  const count = consumerOffsets.limit((topic, queueId) => queues.find(topic, queueId)?.next ?? 0);
  if (count > 0) logger.warn({ count }, 'consumer offsets beyond the end of their queues were set to the end');
  return count > 0;
}

/** Views from the checkpoint when that fits the log, else empty ones that the whole log is replayed into. */
async function loadViews(start: StartUpOptions, checkpoint: CheckpointRows, segments: readonly LogSegment[]): Promise<{ readonly views: StoreViews; readonly rebuilt: boolean }> {
  const { logger } = start.options;
  const views = start.createViews();
  let reason: unknown;
  try {
    const mark = readMark(checkpoint.rows);
    reason = mark === undefined ? 'there is none' : whyUnusable(mark, views, segments);
    if (reason === undefined) {
      views.all.load(checkpoint.rows, mark);
      return { views, rebuilt: false };
    }
  } catch (error) {
    reason = error;
  }
  if (segments.length > 0) logger.warn({ reason }, 'the checkpoint cannot be used; the whole log is replayed');
  await checkpoint.clear();
  const empty = start.createViews();
  empty.all.load(checkpoint.rows, undefined);
  return { views: empty, rebuilt: segments.length > 0 };
}

/** Undefined when the views in the checkpoint are those of this version and were made from this log. */
function whyUnusable(mark: CheckpointMark, views: StoreViews, segments: readonly LogSegment[]): string | undefined {
  const wanted = views.all.versions;
  if (Object.entries(wanted).some(([name, version]) => mark.views[name] !== version)) return 'it was written by another version';
  if (mark.lastRecord < 0) return undefined;
  const segment = segments.find(({ start, end }) => start <= mark.lastRecord && mark.lastRecord < end);
  const record = Buffer.alloc(mark.lastSize);
  const read = segment?.file.readSync(record, 0, record.length, mark.lastRecord - segment.start) ?? 0;
  const isThere = read === record.length && isWholeRecord(record, 0, record.length, mark.lastRecord) && storeTimestampAt(record, 0) === mark.lastStoreTimestamp;
  return isThere ? undefined : `the log does not have the record at ${mark.lastRecord} that it was made from`;
}

interface Replay {
  readonly start: StartUpOptions;
  readonly segments: readonly LogSegment[];
  readonly rows: KeyValueStore;
  readonly views: StoreViews;
  readonly quarantine: Quarantine;
  readonly from: number;
  readonly clean: boolean;
}

function replayLog(replay: Replay): { readonly log: RecoveredLog; readonly checkpointPosition: number; readonly hasHoles: boolean } {
  const { start, segments, rows, views, quarantine, from, clean } = replay;
  const { runtime, path, segmentBytes, maxMessageBytes, checkpointBytes, logger } = start.options;
  const parser = new RecordParser();
  let current: Buffer = Buffer.alloc(0);
  let currentOffset = 0;
  let hasHoles = false;
  const record = new LogRecord((_position, size) => Buffer.from(current.subarray(currentOffset, currentOffset + size)));
  let checkpointPosition = views.all.position;
  const total = segments.at(-1)?.end ?? 0;
  const log = new LogRecovery({
    disk: runtime.disk,
    directory: storePaths(path).commitLog,
    segments,
    quarantine,
    from,
    clean,
    segmentBytes,
    recordBytesMax: Math.max(maxMessageBytes + recordOverheadMax, storedRecordBytesMax),
    visit: (buffer, offset, size, position) => {
      current = buffer;
      currentOffset = offset;
      parser.parse(record, buffer, offset, { size, position });
      record.block = buffer;
      record.blockOffset = offset;
      views.all.apply(record);
    },
    hole: (bytes) => {
      hasHoles = true;
      views.queues.allowLost(bytes);
    },
    progress: (position) => {
      if (views.all.position - checkpointPosition < checkpointBytes) return;
      logger.info({ position, total }, 'replaying the log');
      rows.commitSync((batch) => views.all.checkpoint(batch));
      views.all.checkpointed();
      checkpointPosition = views.all.position;
    },
  }).run();
  return { log, checkpointPosition, hasHoles };
}
