import { resolve } from 'node:path';
import { exportStore, importStore } from '@kitemq/broker';
import type { StoreExportOptions, StoreImportOptions } from '@kitemq/broker';
import { KiteError, nodeRuntime, type Disk } from '@kitemq/runtime';
import { createLogger } from '../logging/create-logger.ts';
import { storesOf } from '../services/shards/shard-folders.ts';
import type { ProcessHost } from '../services/process-host.ts';
import { bytesText, WorkProgress } from './work-progress.ts';

export interface StoreMoveFlags {
  readonly link?: boolean | undefined;
  readonly copy?: boolean | undefined;
  readonly json?: boolean | undefined;
}

export interface StoreImportFlags extends StoreMoveFlags {
  /** Folder of the new store. */
  readonly data: string;
  readonly afterCrash?: boolean | undefined;
  readonly damaged?: boolean | undefined;
}

export interface StoreExportFlags extends StoreMoveFlags {
  /** Folder of the new Apache store. */
  readonly apache: string;
  readonly shard?: number | undefined;
}

const importSteps = { take: 'taking the commit log', replay: 'reading the log', carry: 'writing topics, groups and offsets' } as const;
const exportSteps = { check: 'checking the log', take: 'taking the commit log' } as const;

/** What Apache and KiteMQ use unless told otherwise. */
const segmentBytesUsual: number = 1024 * 1024 * 1024;

function modeOf({ link, copy }: StoreMoveFlags): 'link' | 'copy' {
  if (link === true && copy === true) throw new KiteError('KITE_USAGE', '--link and --copy exclude each other');
  return link === true ? 'link' : 'copy';
}

/** Runs with a progress bar, and Ctrl-C that ends it in order. */
async function withProgress<T>(host: ProcessHost, flags: StoreMoveFlags, whenStopped: string, work: (common: Pick<StoreImportOptions, 'runtime' | 'logger' | 'signal'>, show: WorkProgress['show']) => Promise<T>): Promise<T> {
  const logger = createLogger({ level: 'error', format: 'auto', target: host.stderr });
  const runtime = nodeRuntime({ logger });
  const progress = new WorkProgress(host.stderr, runtime.clock);
  const stopping = new AbortController();
  const release = host.onStopSignal(() => {
    if (stopping.signal.aborted) host.exit(1);
    stopping.abort();
  });
  try {
    return await work({ runtime, logger, signal: stopping.signal }, (step, done, total) => {
      if (flags.json !== true) progress.show(step, done, total);
    });
  } catch (error) {
    throw stopping.signal.aborted ? new KiteError('KITE_ABORTED', whenStopped, { cause: error }) : error;
  } finally {
    progress.end();
    release();
  }
}

function rateText(bytes: number, ms: number): string {
  return ms <= 0 ? '' : `, ${bytesText(bytes / (ms / 1000))}/s`;
}

/** `kitemq store import DIR --data FOLDER`. */
export async function runStoreImport(source: string, flags: StoreImportFlags, host: ProcessHost): Promise<number> {
  const options = { source, target: flags.data, mode: modeOf(flags), afterCrash: flags.afterCrash === true, damaged: flags.damaged === true };
  const report = await withProgress(host, flags, 'stopped; give the same command again, and it goes on', (common, show) =>
    importStore({ ...common, ...options, progress: ({ step, done, total }) => show(importSteps[step], done, total) } satisfies StoreImportOptions),
  );
  if (flags.json === true) {
    host.stdout.write(`${JSON.stringify(report, undefined, 2)}\n`);
    return 0;
  }
  const { carried } = report;
  const lines = [
    `Imported ${report.source} into ${report.target}.`,
    `  ${report.records} messages in ${report.queues} queues, ${bytesText(report.bytes)} in ${report.segments} files, ${report.how} in ${seconds(report.takeMs)}${report.how === 'copied' ? rateText(report.bytes, report.takeMs) : ''}; read in ${seconds(report.replayMs)}${rateText(report.bytes, report.replayMs)}`,
    `  ${carried['topics'] ?? 0} topics, ${carried['groups'] ?? 0} groups, ${carried['offsets'] ?? 0} consumer offsets, ${carried['delayedPending'] ?? 0} delayed messages to come`,
    ...report.notes.map((note) => `  note: ${note}`),
    ...(report.segmentBytes === segmentBytesUsual ? [] : [`  note: its files have ${report.segmentBytes} bytes; with --set mappedFileSizeCommitLog=${report.segmentBytes} it can be exported to Apache again`]),
    `Start it: ${host.commandName} broker --data ${report.target}`,
  ];
  host.stdout.write(`${lines.join('\n')}\n`);
  return 0;
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}

/** The one store to export. @throws KiteError `KITE_EXPORT_SHARDS` when there are several */
function storeToExport(disk: Disk, folder: string, shard: number | undefined): string {
  const [store, ...others] = storesOf(disk, resolve(folder), shard);
  if (others.length === 0) return store?.path ?? folder;
  const numbers = [store, ...others].map((each) => `--shard ${each?.shard}`).join(', ');
  throw new KiteError(
    'KITE_EXPORT_SHARDS',
    `${folder} is the store of shard 0; further shards have stores of their own in ${others.map(({ path }) => path).join(', ')}. Apache's broker has one store: export each shard (${numbers}) into a directory of its own, for a broker of its own`,
    { details: { shards: [store, ...others] } },
  );
}

/** `kitemq store export FOLDER --apache DIR`. */
export async function runStoreExport(folder: string, flags: StoreExportFlags, host: ProcessHost): Promise<number> {
  const mode = modeOf(flags);
  const source = storeToExport(nodeRuntime().disk, folder, flags.shard);
  const report = await withProgress(host, flags, `stopped; remove ${flags.apache} before you try again`, (common, show) =>
    exportStore({ ...common, source, target: flags.apache, mode, progress: ({ step, done, total }) => show(exportSteps[step], done, total) } satisfies StoreExportOptions),
  );
  if (flags.json === true) {
    host.stdout.write(`${JSON.stringify(report, undefined, 2)}\n`);
    return 0;
  }
  const lines = [
    `Exported ${report.source} to ${report.target}: ${report.records} messages, ${bytesText(report.bytes)} in ${report.segments} files, in ${seconds(report.durationMs)}.`,
    ...report.notes.map((note) => `  note: ${note}`),
    `Start Apache's broker with storePathRootDir=${report.target}, storePathCommitLog=${report.target}/commitlog, mappedFileSizeCommitLog=${report.segmentBytes}; it makes its index first.`,
  ];
  host.stdout.write(`${lines.join('\n')}\n`);
  return 0;
}
