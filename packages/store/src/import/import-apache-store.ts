import { resolve } from 'node:path';
import { KiteError, sleep, type Logger, type OpenKeyValueStore, type Runtime } from '@kitemq/runtime';
import { LogStore } from '../log-store.ts';
import type { RecoveryReport } from '../recovery-report.ts';
import { writeOpenMark } from '../recovery/open-mark.ts';
import { storePaths } from '../recovery/store-folder.ts';
import { storeKind } from './find-apache-store.ts';
import { readImportMark, removeImportMark, writeImportMark, type ImportMark } from './import-mark.ts';
import type { Carried, ImportProgress, ImportReport } from './import-report.ts';
import { inspectApacheStore, readApacheStore, type ApacheStore, type SourceConditions } from './inspect-apache-store.ts';
import { leaveApacheFiles } from './leave-apache-files.ts';
import { reconcileQueues } from './reconcile-queues.ts';
import { isCopied, takeSegments, type TakeMode } from './take-segments.ts';

export interface ApacheImportOptions extends SourceConditions {
  readonly runtime: Runtime;
  /** Apache's storePathRootDir. Only read, unless it is the target as well. */
  readonly source: string;
  /** The new store: a folder that is not there, is empty, or was begun by the same import. The source itself: the store is taken over where it is. */
  readonly target: string;
  readonly mode: TakeMode;
  /** Of the store's own records that the import appends. Default 127.0.0.1:0. */
  readonly storeHost?: { readonly address: string; readonly port: number };
  /** Called when the source is known to be in order and nothing has been written: reads what {@link carry} will write, or throws. */
  prepare(): void;
  /** Writes what is no message (topics, groups, offsets) into the new store, and says what it was. */
  carry(store: LogStore, apache: ApacheStore): Promise<Carried>;
  /** Topics that were not deleted, besides those in Apache's index. */
  isKnownTopic(topic: string): boolean;
  readonly openKeyValue?: OpenKeyValueStore;
  readonly logger?: Logger;
  readonly progress?: (progress: ImportProgress) => void;
  readonly signal?: AbortSignal;
}

/** Beside copied segments: what the views of the log need at most, as far as it can be known. */
const viewsPart = 0.04;
const viewsBytesMin: number = 16 * 1024 * 1024;
/** What a store takes; a damaged source may say anything. */
const segmentBytesMin = 4096;
const segmentBytesMax: number = 2 ** 31 - 1;
const localHost = { address: '127.0.0.1', port: 0 };

/**
 * Makes a store of KiteMQ out of one of Apache's. The commit log is taken as it is, so messages keep their bytes, ids, offsets and times; views
 * are made by replaying it; everything else becomes records behind it. When it fails or is stopped it can be started again and goes on.
 * @throws KiteError `KITE_IMPORT_*` with what to do, `KITE_STORE_*`, `KITE_ABORTED`
 */
export async function importApacheStore(options: ApacheImportOptions): Promise<ImportReport> {
  const { runtime } = options;
  const { disk, clock } = runtime;
  const source = resolve(options.source);
  const target = resolve(options.target);
  const isInPlace = source === target;
  const began = clock.monotonic();
  const mark = readImportMark(disk, target);
  if (!isInPlace) checkTarget(options, source, target, mark);
  else if (mark !== undefined && mark.source !== target) throw notOver(target, mark);
  // Once opened where it is, the store's `abort` is KiteMQ's, and its log goes further than Apache's.
  const apache = mark !== undefined && isInPlace ? readApacheStore(disk, source, mark.clean) : inspectApacheStore(disk, source, options);
  checkSame(apache, mark, isInPlace);
  if (!isInPlace) checkSpace(options, apache, target);
  if (mark?.carried !== true) options.prepare();
  disk.makeDirectorySync(target);
  const begun: ImportMark = mark ?? { source, begin: apache.log.begin, end: apache.log.end, clean: apache.clean, carried: false };
  if (mark === undefined) writeImportMark(disk, target, begun);
  // Views of an import that did not end may know less than a replay.
  else if (!mark.carried) disk.removeSync(storePaths(target).views);
  disk.makeDirectorySync(storePaths(target).commitLog);
  if (!isInPlace && !begun.carried) await take(options, apache, target);
  const taken = clock.monotonic();
  const { recovery, carried } = await replayAndCarry(options, apache, target, begun.carried);
  if (isInPlace) {
    writeImportMark(disk, target, { ...begun, carried: true });
    leaveApacheFiles(disk, target);
  }
  removeImportMark(disk, target);
  const { segments, segmentBytes, begin, end } = apache.log;
  return {
    source,
    target,
    how: isInPlace ? 'in place' : options.mode === 'copy' ? 'copied' : 'linked',
    segments: segments.length,
    bytes: end - begin,
    segmentBytes,
    records: recovery.replayedRecords,
    queues: carried.queues,
    carried: carried.counts,
    notes: [...quarantineNotes(recovery), ...carried.notes],
    takeMs: taken - began,
    replayMs: recovery.durationMs,
    durationMs: clock.monotonic() - began,
  };
}

function notOver(target: string, { source }: ImportMark): KiteError {
  return new KiteError('KITE_IMPORT_INTERRUPTED', `An import into ${target} has not ended; go on with: kitemq store import ${source} --data ${target}`, { details: { target, source } });
}

function checkTarget({ runtime: { disk } }: ApacheImportOptions, source: string, target: string, mark: ImportMark | undefined): void {
  const details = { source, target };
  if (target.startsWith(`${source}/`) || source.startsWith(`${target}/`)) throw new KiteError('KITE_IMPORT_TARGET', `${target} and ${source} lie in one another; choose another folder with --data`, { details });
  if (mark !== undefined) {
    if (mark.source !== source) throw notOver(target, mark);
    return;
  }
  if (storeKind(disk, target) !== 'empty') throw new KiteError('KITE_IMPORT_TARGET', `${target} is not empty; choose a folder that is not there yet with --data`, { details });
}

function checkSame({ path, log }: ApacheStore, mark: ImportMark | undefined, isInPlace: boolean): void {
  if (mark === undefined || isInPlace || (mark.begin === log.begin && mark.end === log.end)) return;
  throw new KiteError('KITE_IMPORT_CHANGED', `${path} is not what it was when this import began (its broker ran in between); remove the target folder and import again`, { details: { path } });
}

function checkSpace({ runtime: { disk }, mode }: ApacheImportOptions, { log }: ApacheStore, target: string): void {
  const missing = log.segments.filter((segment) => isCopied(segment, mode)).filter(({ path }) => disk.statSync(`${storePaths(target).commitLog}/${path.slice(path.lastIndexOf('/') + 1)}`) === undefined);
  const needed = missing.reduce((sum, { usedBytes }) => sum + usedBytes, 0) + Math.max(viewsBytesMin, Math.ceil((log.end - log.begin) * viewsPart));
  const { freeBytes } = disk.spaceSync(target);
  if (freeBytes >= needed) return;
  const advice = mode === 'copy' ? 'free some, or use --link when both are on one file system' : 'free some';
  throw new KiteError('KITE_STORE_NO_SPACE', `The import needs ${needed} bytes where ${target} is, and ${freeBytes} are free: ${advice}`, { details: { target, needed, freeBytes } });
}

async function take({ runtime, mode, progress, signal }: ApacheImportOptions, { log }: ApacheStore, target: string): Promise<void> {
  const total = log.end - log.begin;
  await takeSegments({
    disk: runtime.disk,
    segments: log.segments,
    directory: storePaths(target).commitLog,
    mode,
    progress: (done) => progress?.({ step: 'take', done, total }),
    pause: () => sleep(runtime.timers, 0, signal),
  });
  // Else a run after one that died would write the log once more: through links, to the source.
  const { disk, processId } = runtime;
  writeOpenMark(disk, storePaths(target).abort, { processId, durable: log.end });
}

interface CarriedAll extends Carried {
  readonly queues: number;
}

async function replayAndCarry(options: ApacheImportOptions, apache: ApacheStore, target: string, isCarried: boolean): Promise<{ readonly recovery: RecoveryReport; readonly carried: CarriedAll }> {
  const { runtime, progress, openKeyValue, logger, signal } = options;
  const { begin, end } = apache.log;
  const segmentBytes = Math.min(segmentBytesMax, Math.max(segmentBytesMin, apache.log.segmentBytes));
  const store = new LogStore({
    runtime,
    path: target,
    storeHost: options.storeHost ?? localHost,
    segmentBytes,
    onStartProgress: ({ phase, position }) => {
      if (phase === 'replaying') progress?.({ step: 'replay', done: Math.max(0, Math.min(position, end) - begin), total: end - begin });
    },
    ...(logger === undefined ? {} : { logger }),
    ...(openKeyValue === undefined ? {} : { openKeyValue }),
  });
  progress?.({ step: 'replay', done: 0, total: end - begin });
  const stop = (): void => void store.shutdown();
  signal?.addEventListener('abort', stop, { once: true });
  try {
    const recovery = await store.start();
    progress?.({ step: 'replay', done: end - begin, total: end - begin });
    if (isCarried) return { recovery, carried: { queues: Array.from(store.queues()).length, counts: {}, notes: ['an earlier run had brought over everything; what it said is in its output'] } };
    progress?.({ step: 'carry', done: 0, total: 0 });
    const reconciled = await reconcileQueues(store, apache, options.isKnownTopic);
    const { counts, notes } = await options.carry(store, apache);
    if (store.failure !== undefined) throw store.failure;
    const queues = Array.from(store.queues()).length;
    return { recovery, carried: { queues, counts: { ...counts, queuesWithoutMessages: reconciled.begun }, notes: [...removedNotes(reconciled.removedTopics), ...reconciled.notes, ...notes] } };
  } finally {
    signal?.removeEventListener('abort', stop);
    await store.shutdown();
  }
}

const namesShown = 10;

function removedNotes(topics: readonly string[]): string[] {
  if (topics.length === 0) return [];
  const more = topics.length > namesShown ? `, and ${topics.length - namesShown} more` : '';
  return [`messages of topics that were deleted are left out: ${topics.slice(0, namesShown).join(', ')}${more}`];
}

function quarantineNotes({ quarantined }: RecoveryReport): string[] {
  return quarantined.map(({ path, bytes, reason }) => `${bytes} bytes of the log could not be kept: ${reason} (${path})`);
}
