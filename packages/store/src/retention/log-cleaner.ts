import type { Disk, Logger, Runtime } from '@kitemq/runtime';
import type { TrimListener } from '../message-store.ts';
import type { Checkpointer } from '../checkpoint/checkpointer.ts';
import type { CommitLog } from '../commit-log/commit-log.ts';
import type { LogSegment } from '../commit-log/log-segment.ts';
import { UnreadableValues } from '../compaction/unreadable-values.ts';
import type { RecordReader } from '../read/record-reader.ts';
import type { StoreViews } from '../store-views.ts';
import type { ConsumeQueue } from '../views/consume-queue.ts';
import { noteCommand } from '../views/queue-commands.ts';
import { logQueueStates } from '../views/queue-states.ts';
import type { SystemLog } from '../views/system-log.ts';
import { SystemTopic } from '../views/system-topics.ts';
import type { CleanReport, DiskPolicy, RetentionPolicy } from './retention-policy.ts';
import { LiveMessages } from './live-messages.ts';
import { SegmentAges } from './segment-ages.ts';
import { TopicTrimmer, type TrimPlan } from './topic-trimmer.ts';

/** A segment that is not full is ended after this part of the age limit, or of the size limit, so that what is in it can go in time. */
const segmentsPerAge = 8;
const segmentsPerSize = 4;

export interface LogCleanerOptions {
  readonly runtime: Runtime;
  readonly logger: Logger;
  readonly path: string;
  readonly log: CommitLog;
  readonly views: StoreViews;
  readonly records: RecordReader;
  readonly checkpointer: Checkpointer;
  readonly systemLog: SystemLog;
  readonly listeners: readonly TrimListener[];
  /** Log position up to which the views know the log. */
  readonly applied: () => number;
}

type Counts = { -readonly [K in keyof CleanReport]: number };

/**
 * Deletes the oldest segments. Before the first file goes, everything that must outlive it has been appended again and is on disk; then a
 * checkpoint says so too. Files go one by one, the directory is made durable after each, and only then do queues begin later: so after a crash
 * at any point the log is a whole one that begins at some segment, and nothing has to be finished.
 */
export class LogCleaner {
  readonly #options: LogCleanerOptions;
  readonly #disk: Disk;
  readonly #ages: SegmentAges;
  readonly #trimmer: TopicTrimmer;
  readonly #live: LiveMessages;
  #running: Promise<CleanReport> | undefined;
  #stopped = false;
  /** All that the log before this position says is said again behind it. -1: not known. */
  #snapshotAt = -1;
  /** Position of the last record that is a message; what was there before is not known. */
  lastMessage: number = Number.MAX_SAFE_INTEGER;
  #toldOnlyOne = false;
  /** All queues know that the log begins here. */
  #settledAt = 0;

  constructor(options: LogCleanerOptions) {
    const { log, views, records, runtime } = options;
    this.#options = options;
    this.#disk = runtime.disk;
    this.#ages = new SegmentAges(log, runtime.disk);
    this.#trimmer = new TopicTrimmer(views.queues, records, runtime.timers, options.logger);
    this.#live = new LiveMessages(views.queues, runtime.timers);
  }

  /** One pass; a second call while one is running gets its result. @throws KiteError `KITE_STORE_*` when records cannot be appended */
  run(policy: RetentionPolicy): Promise<CleanReport> {
    this.#running ??= this.#run(policy).finally(() => (this.#running = undefined));
    return this.#running;
  }

  /** Resolves when no pass is running; a later one does nothing. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#running?.catch(() => undefined);
  }

  async #run(policy: RetentionPolicy): Promise<CleanReport> {
    const counts: Counts = { deletedSegments: 0, deletedBytes: 0, deletedForcibly: 0, trimmedQueues: 0, minPosition: 0 };
    const { log, runtime } = this.#options;
    const now = runtime.clock.now();
    if (!this.#stopped && policy.topics !== undefined) counts.trimmedQueues = await this.#trim(await this.#trimmer.plan(policy.topics, now));
    const position = Math.max(this.#expired(policy, now), this.#beyondSize(policy.logBytesMax), await this.#withoutMessages());
    const refusal = await this.#deleteUpTo(position, counts, false).then(
      () => undefined,
      (error: unknown) => ({ error }),
    );
    if (policy.disk?.cleanForciblyRatio !== undefined) await this.#makeRoom(policy.disk, policy.disk.cleanForciblyRatio, counts);
    if (refusal !== undefined && log.minPosition < position) throw refusal.error;
    await this.#rollIfDue(policy, now);
    await this.#settleQueues();
    return { ...counts, minPosition: log.minPosition };
  }

  async #trim(plan: TrimPlan): Promise<number> {
    const { queues } = this.#options.views;
    // Whose topic was removed meanwhile has nothing left to trim.
    const isCurrent = (queue: ConsumeQueue): boolean => queues.isCurrent(queue);
    const trims = [...plan.keys()].filter(isCurrent);
    await logQueueStates(this.#options.systemLog, trims, isCurrent, (queue) => plan.get(queue) ?? queue.minOffset);
    return trims.length;
  }

  /** Log position before which everything has expired and may go now. */
  #expired(policy: RetentionPolicy, now: number): number {
    if (policy.ageMs === undefined) return 0;
    const isNow = policy.deleteExpired !== false || (policy.disk !== undefined && this.#usedRatio(policy.disk) > policy.disk.maxUsedRatio);
    if (!isNow && policy.overdueMs === undefined) return 0;
    const limit = now - policy.ageMs - (isNow ? 0 : (policy.overdueMs ?? 0));
    let position = 0;
    const whole = this.#wholeSegments();
    for (let index = 0; index < whole.length && this.#ages.lastTime(index, now) < limit; index++) position = (whole[index] as LogSegment).end;
    return position;
  }

  /** Those that could be deleted: all on disk, and not the last. */
  #wholeSegments(): readonly LogSegment[] {
    const { segments, flushed } = this.#options.log;
    return segments.slice(0, -1).filter(({ end }) => end <= flushed);
  }

  #beyondSize(bytesMax: number | undefined): number {
    if (bytesMax === undefined) return 0;
    let bytes = this.#ages.totalBytes();
    let position = 0;
    for (const segment of this.#wholeSegments()) {
      if (bytes <= bytesMax) break;
      bytes -= this.#ages.bytesOf(segment);
      position = segment.end;
    }
    return position;
  }

  /** Log position before which there is nothing that anybody could read: topics were removed, or keep less than the log. */
  async #withoutMessages(): Promise<number> {
    let position = 0;
    for (const { end } of this.#wholeSegments()) {
      if (await this.#live.areBefore(end)) break;
      position = end;
    }
    return position;
  }

  /** Deletes the oldest segments, expired or not, until enough of the disk is free. */
  async #makeRoom(disk: DiskPolicy, ratio: number, counts: Counts): Promise<void> {
    const { logger, path } = this.#options;
    // Space comes back when the files are closed, which may be later: what was deleted counts as free.
    const { freeBytes } = this.#disk.spaceSync(path);
    let deleted = 0;
    for (;;) {
      const used = this.#usedRatio(disk, freeBytes + deleted);
      if (used <= ratio || this.#stopped) {
        this.#toldOnlyOne = false;
        return;
      }
      const [first] = this.#wholeSegments();
      if (first === undefined) {
        if (!this.#toldOnlyOne) logger.error({ path, usedRatio: used }, 'the disk is nearly full, and there is no segment of the log left that could be deleted: free some space');
        this.#toldOnlyOne = true;
        return;
      }
      const before = counts.deletedBytes;
      logger.warn({ path, usedRatio: used, segment: first.start }, 'the disk is nearly full: the oldest segment is deleted before it expires');
      if (!(await this.#deleteUpTo(first.end, counts, true))) return;
      deleted += counts.deletedBytes - before;
    }
  }

  #usedRatio(disk: DiskPolicy, freeAtLeast = 0): number {
    const { totalBytes, freeBytes } = this.#disk.spaceSync(this.#options.path);
    const free = Math.max(freeBytes, freeAtLeast);
    return totalBytes === 0 || free >= disk.freeBytesEnough ? 0 : 1 - free / totalBytes;
  }

  /** False when nothing could be deleted. */
  async #deleteUpTo(position: number, counts: Counts, forcibly: boolean): Promise<boolean> {
    const { log, views, checkpointer, logger, applied } = this.#options;
    if (this.#stopped || position <= log.minPosition) return false;
    await this.#carry(position, forcibly);
    if (this.#snapshotAt < position) {
      // Not what was appended: the views do not know yet what is on its way to the disk, nor the queues that it made.
      const begin = applied();
      await views.all.snapshot(this.#options.systemLog);
      this.#snapshotAt = begin;
    }
    // Without one the next start would have to replay the whole log; when space is needed for the checkpoint itself, that is the smaller evil.
    if (!(await checkpointer.reach(position)) && !forcibly) {
      logger.warn({ position }, 'segments are not deleted yet: the checkpoint could not be written');
      return false;
    }
    const before = counts.deletedSegments;
    for (let [first] = log.segments; first !== undefined && first.end <= position && this.#mayGo(first); [first] = log.segments) {
      counts.deletedBytes += this.#ages.bytesOf(first);
      counts.deletedSegments++;
      if (forcibly) counts.deletedForcibly++;
      this.#ages.forget(first);
      this.#remove(first);
      views.all.trim(log.minPosition);
      logger.info({ segment: first.start, minPosition: log.minPosition }, 'a segment of the log was deleted');
    }
    return counts.deletedSegments > before;
  }

  /** Lets others append again what they still need. @throws what they say */
  async #carry(position: number, forcibly: boolean): Promise<void> {
    const { listeners, logger } = this.#options;
    for (const listener of listeners) {
      await listener(position).catch((error: unknown) => {
        if (!forcibly || !(error instanceof UnreadableValues)) throw error;
        // They may be read again some day, but a full disk is full now.
        logger.error({ error, position }, 'messages that compaction has to keep cannot be read and are lost with their segment, as the disk is nearly full');
      });
    }
  }

  /** @throws what the disk says */
  #remove(first: LogSegment): void {
    const { log, logger } = this.#options;
    try {
      log.removeFirst();
    } catch (error) {
      // Whether a file is gone for good is not known any more. Another one must not go before it.
      this.#stopped = true;
      logger.error({ error, segment: first.start }, 'a segment could not be deleted; nothing is deleted any more until a restart');
      throw error;
    }
  }

  #mayGo(first: LogSegment): boolean {
    const { log } = this.#options;
    return !this.#stopped && log.segments.length > 1 && first.end <= log.flushed && first.end <= this.#snapshotAt;
  }

  /** Ends a segment that would get too old, or too large for the limit, before it is full. A small record begins the next one and tells its time. */
  async #rollIfDue({ ageMs, logBytesMax }: RetentionPolicy, now: number): Promise<void> {
    const { log, systemLog } = this.#options;
    const last = log.segments.at(-1);
    if (this.#stopped || last === undefined || this.lastMessage < last.start) return;
    const first = ageMs === undefined ? undefined : this.#ages.firstTime(last);
    // Also one that begins in the future, by a clock that was wrong: nothing behind it could go before it.
    const isOld = first !== undefined && Math.abs(now - first) > (ageMs as number) / segmentsPerAge;
    const isLarge = logBytesMax !== undefined && log.written - last.start > logBytesMax / segmentsPerSize;
    if ((isOld || isLarge) && log.roll()) await systemLog.append(SystemTopic.queues, noteCommand());
  }

  /** Queues follow the log's beginning when they are asked; those that nobody asks for are asked here. */
  async #settleQueues(): Promise<void> {
    const { views, runtime } = this.#options;
    if (this.#settledAt === this.#options.log.minPosition) return;
    const position = this.#options.log.minPosition;
    for (const _ of views.queues.settleMinOffsets()) {
      await new Promise<void>((resolve) => void runtime.timers.setImmediate(resolve));
      if (this.#stopped) return;
    }
    this.#settledAt = position;
  }
}
