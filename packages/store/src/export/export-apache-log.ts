import { resolve } from 'node:path';
import { KiteError, sleep, type Logger, type OpenKeyValueStore, type Runtime } from '@kitemq/runtime';
import { readApacheLog, type ApacheLog } from '../import/apache-segments.ts';
import { ApacheName } from '../import/apache-layout.ts';
import { storeKind } from '../import/find-apache-store.ts';
import { takeSegments, type TakeMode } from '../import/take-segments.ts';
import { LogStore } from '../log-store.ts';
import { storePaths } from '../recovery/store-folder.ts';
import { segmentBytesOf } from '../tools/segment-bytes-of.ts';
import { SystemTopic } from '../views/system-topics.ts';
import { checkUnbroken } from './check-unbroken.ts';

export interface ExportProgress {
  readonly step: 'check' | 'take';
  /** Bytes of the log. */
  readonly done: number;
  readonly total: number;
}

export interface ApacheExportOptions {
  readonly runtime: Runtime;
  /** KiteMQ's store; its broker must be stopped. It is opened, so a crash before is repaired as at any start. */
  readonly source: string;
  /** A folder that is not there yet, or is empty. */
  readonly target: string;
  readonly mode: TakeMode;
  /** What Apache keeps beside the log. */
  describe(store: LogStore): ExportedTables;
  readonly openKeyValue?: OpenKeyValueStore;
  readonly logger?: Logger;
  readonly progress?: (progress: ExportProgress) => void;
  readonly signal?: AbortSignal;
}

export interface ExportedTables {
  /** Files of `config/` by name. */
  readonly files: ReadonlyMap<string, Uint8Array>;
  /** Sentences on what Apache will not have. */
  readonly notes: readonly string[];
}

export interface ExportReport {
  readonly source: string;
  readonly target: string;
  readonly segments: number;
  readonly bytes: number;
  /** What Apache's `mappedFileSizeCommitLog` has to be. */
  readonly segmentBytes: number;
  readonly records: number;
  readonly files: readonly string[];
  /** What Apache will not have, each a sentence. */
  readonly notes: readonly string[];
  readonly durationMs: number;
}

const localHost = { address: '127.0.0.1', port: 0 };

/**
 * Makes a directory that Apache's broker starts on: the commit log as it is, with every file in full length, and its tables. Apache makes its
 * index from the log.
 * @throws KiteError `KITE_EXPORT_*` with what to do, `KITE_STORE_*`, `KITE_ABORTED`
 */
export async function exportApacheLog(options: ApacheExportOptions): Promise<ExportReport> {
  const { runtime, mode, progress, signal } = options;
  const { disk, clock, timers } = runtime;
  const source = resolve(options.source);
  const target = resolve(options.target);
  const began = clock.monotonic();
  checkFolders(options, source, target);
  const directory = storePaths(source).commitLog;
  const { files, notes } = await describeStore(options, source, segmentBytesOf(disk, source));
  const lock = disk.lockSync(storePaths(source).lock);
  try {
    const log = readApacheLog(disk, directory);
    checkUniform(log);
    const total = log.end - log.begin;
    const pause = (): Promise<void> => sleep(timers, 0, signal);
    const records = await checkUnbroken({ disk, log, pause, progress: (done) => progress?.({ step: 'check', done, total }) });
    const needed = (mode === 'copy' ? log.segments : log.segments.slice(-1)).reduce((sum, { usedBytes }) => sum + usedBytes, 0);
    const { freeBytes } = disk.spaceSync(target);
    if (freeBytes < needed) throw new KiteError('KITE_STORE_NO_SPACE', `The export needs ${needed} bytes where ${target} is, and ${freeBytes} are free`, { details: { target, needed, freeBytes } });
    disk.makeDirectorySync(`${target}/${ApacheName.commitLog}`);
    await takeSegments({
      disk,
      segments: log.segments,
      directory: `${target}/${ApacheName.commitLog}`,
      mode,
      fullLengthBytes: log.segmentBytes,
      progress: (done) => progress?.({ step: 'take', done, total }),
      pause,
    });
    disk.makeDirectorySync(`${target}/${ApacheName.config}`);
    for (const [name, content] of files) disk.replaceFileSync(`${target}/${ApacheName.config}/${name}`, content);
    disk.syncDirectorySync(target);
    return { source, target, segments: log.segments.length, bytes: total, segmentBytes: log.segmentBytes, records, files: [...files.keys()], notes, durationMs: clock.monotonic() - began };
  } finally {
    lock.release();
  }
}

function checkFolders({ runtime: { disk } }: ApacheExportOptions, source: string, target: string): void {
  const kind = storeKind(disk, source);
  const details = { source, target };
  if (kind === 'apache') throw new KiteError('KITE_EXPORT_SOURCE', `${source} is a store of Apache already`, { details });
  if (kind !== 'kitemq' && kind !== 'bare-log') throw new KiteError('KITE_EXPORT_SOURCE', `${source} is no store of KiteMQ with messages in it; give the folder that its broker has as --data`, { details });
  if (target.startsWith(`${source}/`) || source.startsWith(`${target}/`) || storeKind(disk, target) !== 'empty') {
    throw new KiteError('KITE_EXPORT_TARGET', `${target} is not empty, or lies in the store; choose a folder that is not there yet`, { details });
  }
}

/** Opens the store, which repairs what a crash left, and asks for the tables. */
async function describeStore(options: ApacheExportOptions, source: string, segmentBytes: number | undefined): Promise<ExportedTables> {
  const { runtime, openKeyValue, logger } = options;
  const store = new LogStore({
    runtime,
    path: source,
    storeHost: localHost,
    ...(segmentBytes === undefined ? {} : { segmentBytes }),
    ...(logger === undefined ? {} : { logger }),
    ...(openKeyValue === undefined ? {} : { openKeyValue }),
  });
  await store.start();
  try {
    const { files, notes } = options.describe(store);
    const carried = store.maxOffset(SystemTopic.carried, 0) === 0 ? [] : ['what compaction carried over is in records that only KiteMQ reads: Apache has the values of compacted topics as far as its log goes back'];
    return { files, notes: [...notes, ...carried] };
  } finally {
    await store.shutdown();
  }
}

/** Apache opens a log only when all files have the configured length, and cuts it at positions that it computes from that. */
function checkUniform({ segments, segmentBytes }: ApacheLog): void {
  for (const { path, start, bytes } of segments.slice(0, -1)) {
    if (bytes === segmentBytes && start % segmentBytes === 0) continue;
    throw new KiteError('KITE_EXPORT_SEGMENTS', `${path} has ${bytes} bytes, others ${segmentBytes}: mappedFileSizeCommitLog was changed. Apache needs files of one size; export when the files of the other size have expired`, { details: { path, bytes, segmentBytes } });
  }
  const last = segments.at(-1);
  if (last !== undefined && last.start % segmentBytes !== 0) throw new KiteError('KITE_EXPORT_SEGMENTS', `${last.path} does not begin at a multiple of ${segmentBytes}, as Apache needs it`, { details: { path: last.path, segmentBytes } });
}
