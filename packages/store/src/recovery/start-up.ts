import { KiteError, type Logger, type OpenKeyValueStore } from '@kitemq/runtime';
import { removeProof } from '../checkpoint/checkpoint-mark.ts';
import type { SealedRows } from '../checkpoint/sealed-rows.ts';
import type { LogSegment } from '../commit-log/log-segment.ts';
import { storedRecordBytesMax } from '../commit-log/record-format.ts';
import type { LostRange, RecoveryReport } from '../recovery-report.ts';
import type { ResolvedStoreOptions } from '../store-options.ts';
import type { StoreViews } from '../store-views.ts';
import { LogRecord } from '../views/log-record.ts';
import { CheckpointRows } from './checkpoint-rows.ts';
import { clearTheWay, listSegments } from './list-segments.ts';
import { loadViews, type LoadedViews } from './load-views.ts';
import { readOpenMark, viewsAttemptsMax, writeOpenMark, type OpenMark } from './open-mark.ts';
import { Quarantine } from './quarantine.ts';
import { LogRecovery, type RecoveredLog } from './recover-log.ts';
import { RecordParser } from './replay.ts';
import { rewriteFrom } from './rewrite-segment.ts';
import { ProgressLog } from './start-progress.ts';
import { checkRoomForViews, storePaths } from './store-folder.ts';

export { lockStore, storePaths } from './store-folder.ts';
export { storedRecordBytesMax } from '../commit-log/record-format.ts';

/** Records are at most this much larger than their body. */
export const recordOverheadMax: number = 68 * 1024;

/** Log bytes between two checkpoints of a replay. */
const replayCheckpointBytes: number = 128 * 1024 * 1024;

/** A store's folder, opened and recovered. */
export interface StartedStore {
  readonly views: StoreViews;
  readonly rows: SealedRows;
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
  /** Asked at every pause: true ends the start with `KITE_STORE_UNAVAILABLE`. What was recovered by then stays so. */
  readonly isStopped?: () => boolean;
}

/** Loads the checkpoint, replays the log behind it, repairs the log's end. */
export async function startUp(start: StartUpOptions): Promise<StartedStore> {
  const { options } = start;
  const { disk, clock } = options.runtime;
  const paths = storePaths(options.path);
  const began = clock.monotonic();
  const left = readOpenMark(disk, paths.abort);
  const quarantine = new Quarantine(disk, paths.quarantine);
  clearTheWay({ disk, directory: paths.commitLog, recordBytesMax: storedRecordBytesMax, quarantine });
  const segments = listSegments(disk, paths.commitLog, options.segmentBytes);
  if (segments.length === 0) checkRoomForViews(disk, options.path);
  const checkpoint = openCheckpoint(start, segments, left);
  try {
    const loaded = await loadViews(start.createViews, checkpoint, segments);
    const isRebuilt = loaded.whyRebuilt !== undefined;
    if (isRebuilt) options.logger.warn({ reason: loaded.whyRebuilt }, 'the checkpoint cannot be used; the views are made again from the whole log');
    const work = new StartWork({ start, segments, loaded, rows: checkpoint.rows, quarantine, left });
    const log = await work.run();
    // Also without a hole: an earlier start may have found it, and died before the offsets were logged.
    const offsetsLimited = (work.lost.length > 0 || left !== undefined) && limitOffsets(loaded.views, options.logger);
    reportLosses(quarantine, work.lost, options.logger);
    const report: RecoveryReport = {
      clean: left === undefined,
      minPosition: log.segments[0]?.start ?? 0,
      maxPosition: log.end,
      replayedFrom: work.from,
      replayedRecords: log.records,
      rewrittenBytes: work.rewrittenBytes,
      quarantined: quarantine.found,
      lost: work.lost,
      viewsRebuilt: isRebuilt,
      durationMs: clock.monotonic() - began,
    };
    sayOpen(report, options);
    return { views: loaded.views, rows: checkpoint.rows, log, checkpointPosition: work.checkpointPosition, offsetsLimited, report };
  } catch (error) {
    await checkpoint.rows.close().catch(() => undefined);
    for (const segment of segments) segment.close();
    throw error;
  }
}

/** Opens the checkpoint, having noted that: a damaged one may end the process by a signal, and is not opened for ever. */
function openCheckpoint({ options, openKeyValue }: StartUpOptions, segments: readonly LogSegment[], left: OpenMark | undefined): CheckpointRows {
  const { disk, processId } = options.runtime;
  const paths = storePaths(options.path);
  const viewsAttempt = (left?.viewsAttempt ?? 0) + 1;
  const parts = { disk, logger: options.logger, asideDirectory: paths.quarantine };
  const isDeadly = viewsAttempt > viewsAttemptsMax;
  if (segments.length > 0) writeOpenMark(disk, paths.abort, { processId, durable: left?.durable, viewsAttempt, segmentBytes: options.segmentBytes });
  return new CheckpointRows(openKeyValue, paths.views, { ...parts, whyNot: isDeadly ? 'several starts died while they read it' : undefined });
}

/** Offsets that were logged behind a lost part of the log may be of messages that were in it: what takes their places must not be skipped. */
function limitOffsets({ queues, consumerOffsets }: StoreViews, logger: Logger): boolean {
  const count = consumerOffsets.limit((topic, queueId) => queues.find(topic, queueId)?.next ?? 0);
  if (count > 0) logger.warn({ count }, 'consumer offsets beyond the end of their queues were set to the end');
  return count > 0;
}

function sayOpen(report: RecoveryReport, { path, logger }: ResolvedStoreOptions): void {
  const { clean, minPosition, maxPosition, replayedFrom, replayedRecords, rewrittenBytes, viewsRebuilt, durationMs } = report;
  const replayedBytes = maxPosition - replayedFrom;
  logger.info({ path, clean, minPosition, maxPosition, replayedBytes, replayedRecords, rewrittenBytes, viewsRebuilt, durationMs: Math.round(durationMs) }, 'the store is open');
}

function reportLosses(quarantine: Quarantine, lost: readonly LostRange[], logger: Logger): void {
  for (const { path, bytes, reason } of quarantine.found) logger.error({ path, bytes, reason }, 'part of the commit log could not be kept');
  for (const { from, until, reason } of lost) logger.error({ from, until, reason }, 'the commit log has a hole; messages that were there are lost, those behind it are kept');
}

interface StartWorkOptions {
  readonly start: StartUpOptions;
  readonly segments: readonly LogSegment[];
  readonly loaded: LoadedViews;
  readonly rows: SealedRows;
  readonly quarantine: Quarantine;
  readonly left: OpenMark | undefined;
}

/** From the loaded checkpoint to views that know the whole log, and a log that is durable up to its end. */
class StartWork {
  readonly #options: StartWorkOptions;
  readonly #progress: ProgressLog;
  readonly #until: number;
  /** Where replay begins. */
  readonly from: number;
  readonly lost: LostRange[] = [];
  rewrittenBytes = 0;
  checkpointPosition: number;

  constructor(options: StartWorkOptions) {
    this.#options = options;
    const { segments, loaded, start } = options;
    const { runtime, logger, onStartProgress } = start.options;
    const level = loaded.whyRebuilt === undefined ? 'info' : 'warn';
    this.#progress = new ProgressLog({ clock: runtime.clock, logger, level, listener: onStartProgress });
    this.from = Math.max(loaded.views.all.position, segments[0]?.start ?? 0);
    this.checkpointPosition = loaded.views.all.position;
    const last = segments.at(-1);
    const stat = last === undefined ? undefined : runtime.disk.statSync(last.path);
    this.#until = (last?.start ?? 0) + Math.min(stat?.size ?? 0, stat?.allocatedBytes ?? Number.MAX_SAFE_INTEGER);
  }

  async run(): Promise<RecoveredLog> {
    const { segments, loaded, left, start, rows, quarantine } = this.#options;
    const { options } = start;
    const { segmentBytes } = options;
    const { disk, processId } = options.runtime;
    const { abort } = storePaths(options.path);
    const isRebuilt = loaded.whyRebuilt !== undefined;
    // An orderly stop flushed the log, also when the views are lost; and a checkpoint is made of nothing else than what was flushed.
    const durable = Math.max(left === undefined ? this.#until : (left.durable ?? 0), isRebuilt ? 0 : this.from, loaded.proven);
    if (segments.length > 0) writeOpenMark(disk, abort, { processId, durable, segmentBytes });
    if (left !== undefined) await this.#rewrite(durable);
    const begin = segments[0]?.start ?? 0;
    if (begin > 0) loaded.views.queues.allowLateBegin();
    // The checkpoint may be older than the last deletion.
    if (begin > 0) loaded.views.all.trim(begin);
    const log = await this.#replay(left === undefined && !isRebuilt, quarantine);
    if (segments.length === 0 || log.end !== durable) writeOpenMark(disk, abort, { processId, durable: log.end, segmentBytes });
    // What is appended now has to be proven anew.
    if (loaded.proven > log.end) rows.commitSync(removeProof);
    return log;
  }

  async #rewrite(durable: number): Promise<void> {
    const { segments } = this.#options;
    for (const segment of segments) {
      if (segment.end <= durable) continue;
      this.rewrittenBytes += await rewriteFrom(segment, durable, (position) => {
        this.#progress.at({ phase: 'rewriting', from: durable, position, until: this.#until });
        return this.#pause();
      });
    }
  }

  #replay(clean: boolean, quarantine: Quarantine): Promise<RecoveredLog> {
    const { start, segments, loaded } = this.#options;
    const { views } = loaded;
    const { runtime, path, segmentBytes, maxMessageBytes } = start.options;
    const parser = new RecordParser();
    const record = new LogRecord((_position, size) => Buffer.from(record.block.subarray(record.blockOffset, record.blockOffset + size)));
    return new LogRecovery({
      disk: runtime.disk,
      directory: storePaths(path).commitLog,
      segments,
      quarantine,
      from: this.from,
      clean,
      segmentBytes,
      recordBytesMax: Math.max(maxMessageBytes + recordOverheadMax, storedRecordBytesMax),
      visit: (found) => {
        parser.parse(record, found);
        views.all.apply(record);
      },
      hole: (lost) => {
        this.lost.push(lost);
        // What is before knows where its messages were; readers pass over them.
        if (lost.until > this.from) views.queues.allowLost(lost.until - lost.from);
      },
      progress: (position) => {
        this.#progress.at({ phase: 'replaying', from: this.from, position, until: Math.max(position, this.#until) });
        this.#checkpoint();
      },
      pause: () => this.#pause(),
    }).run();
  }

  /** Long replays are not to be done twice, and what they collect is not to fill the memory. */
  #checkpoint(): void {
    const { loaded, rows, start } = this.#options;
    const { all } = loaded.views;
    if (all.position - this.checkpointPosition < Math.max(start.options.checkpointBytes, replayCheckpointBytes)) return;
    rows.commitSync((batch) => all.checkpoint(batch));
    all.checkpointed();
    this.checkpointPosition = all.position;
  }

  async #pause(): Promise<void> {
    const { timers } = this.#options.start.options.runtime;
    await new Promise<void>((resolve) => void timers.setImmediate(resolve));
    if (this.#options.start.isStopped?.() === true) throw new KiteError('KITE_STORE_UNAVAILABLE', 'The store was stopped while it started; the next start goes on');
  }
}
