import { resolve } from 'node:path';
import type { Runtime } from '@kitemq/runtime';
import type { RecoveryReport } from '@kitemq/store';
import type { StoreStat, VerifyReport } from '@kitemq/store/tools';
import { formatTable } from '../command/table.ts';
import { ExitCode } from '../services/exit-code.ts';
import type { ProcessHost } from '../services/process-host.ts';
import { bytesText, WorkProgress } from './work-progress.ts';

/** What looks into stores. It brings the store's native code. */
export type StoreTools = Pick<typeof import('@kitemq/store/tools'), 'verifyStore' | 'statStore' | 'dumpStore' | 'rebuildViews'>;

/** What a command on a store's folder has. */
export interface InspectWork {
  readonly tools: StoreTools;
  readonly host: ProcessHost;
  readonly runtime: Runtime;
  /** The folder as it was given. */
  readonly folder: string;
  readonly json: boolean;
  readonly signal: AbortSignal;
}

function printJson({ host }: InspectWork, value: unknown): void {
  host.stdout.write(`${JSON.stringify(value, undefined, 2)}\n`);
}

/** `kitemq store verify`: 0 when everything is as it must be, else 1. */
export async function verifyFolder(work: InspectWork): Promise<number> {
  const { tools, host, runtime, folder, signal, json } = work;
  const progress = new WorkProgress(host.stderr, runtime.clock);
  let report: VerifyReport;
  try {
    report = await tools.verifyStore({ runtime, path: resolve(folder), signal, onProgress: (done, total) => progress.show('verifying', done, total) });
  } finally {
    progress.end();
  }
  if (json) printJson(work, report);
  else host.stdout.write(verifyText(report));
  return report.ok ? ExitCode.ok : ExitCode.failed;
}

function verifyText(report: VerifyReport): string {
  const { path, problems, problemCount, notes, records, segments, begin, end, queues, entriesCompared, checkpointPosition } = report;
  const views = checkpointPosition < 0 ? 'no checkpoint to compare with' : `${queues} queues with ${entriesCompared} entries agree with the log up to ${checkpointPosition}`;
  const lines = [
    `${path}${report.holder === undefined ? '' : ` (in use by process ${report.holder})`}`,
    `log    ${segments} segments, ${bytesText(end - begin)} from ${begin} to ${end}, ${records} records`,
    `views  ${problems.some(({ kind }) => kind !== 'hole') ? 'do not agree with the log, see below' : views}`,
    ...notes.map((note) => `note   ${note}`),
    ...problems.map(({ message }) => `WRONG  ${message}`),
    ...(problemCount > problems.length ? [`WRONG  … and ${problemCount - problems.length} more`] : []),
    problemCount === 0 ? 'ok' : `${problemCount} ${problemCount === 1 ? 'problem' : 'problems'}`,
  ];
  return `${lines.join('\n')}\n`;
}

/** `kitemq store rebuild`. */
export async function rebuildFolder(work: InspectWork): Promise<void> {
  const { tools, host, runtime, folder, signal, json } = work;
  const progress = new WorkProgress(host.stderr, runtime.clock);
  let report: RecoveryReport;
  try {
    report = await tools.rebuildViews({ runtime, path: resolve(folder), signal, onProgress: ({ phase, from, position, until }) => progress.show(phase, position - from, until - from) });
  } finally {
    progress.end();
  }
  if (json) return printJson(work, report);
  const bytes = report.maxPosition - report.replayedFrom;
  const seconds = report.durationMs / 1000;
  for (const { path, bytes: moved, reason } of report.quarantined) host.stdout.write(`moved aside: ${path}, ${bytesText(moved)}: ${reason}\n`);
  for (const { from, until, reason } of report.lost) host.stdout.write(`lost: the log from ${from} to ${until}: ${reason}\n`);
  host.stdout.write(`views made again from ${bytesText(bytes)} of log, ${report.replayedRecords} records, in ${seconds.toFixed(1)} s (${bytesText(bytes / Math.max(seconds, 0.001))}/s)\n`);
}

/** `kitemq store stat`. */
export async function statFolder(work: InspectWork, flags: { readonly queues?: boolean }): Promise<void> {
  const { tools, host, runtime, folder, signal, json } = work;
  const stat = await tools.statStore({ runtime, path: resolve(folder), signal });
  if (json) printJson(work, stat);
  else host.stdout.write(statText(stat, flags.queues === true, new Date(runtime.clock.now())));
}

function statText(stat: StoreStat, withQueues: boolean, now: Date): string {
  const { log, checkpoint, topics, quarantine, disk, holder } = stat;
  const state = holder === undefined ? (stat.clean ? 'stopped' : 'not stopped orderly') : `in use by process ${holder}`;
  const messages = topics.reduce((sum, topic) => sum + topic.messages, 0);
  const oldest = log.segments.find(({ firstStoreTime }) => firstStoreTime !== undefined)?.firstStoreTime;
  const lines = [
    `${stat.path}: ${state}`,
    `log         ${bytesText(log.end - log.begin)} from ${log.begin} to ${log.end}, ${bytesText(log.allocatedBytes)} on disk, ${log.segments.length} segments`,
    `oldest      ${oldest === undefined ? '-' : `${new Date(oldest).toISOString()} (${age(now.getTime() - oldest)} ago)`}`,
    checkpoint === undefined
      ? `checkpoint  none: ${stat.checkpointProblem ?? ''}`
      : `checkpoint  at ${checkpoint.position}, ${bytesText(checkpoint.behindBytes)} behind the log, ${age(checkpoint.ageMs)} old; ${bytesText(checkpoint.usedBytes)} in LMDB (file ${bytesText(checkpoint.fileBytes)})`,
    `to prove    ${checkpoint === undefined ? '-' : bytesText(checkpoint.unprovenBytes)} would be written again after a crash`,
    `contents    ${topics.length} topics, ${topics.reduce((sum, { queues }) => sum + queues.length, 0)} queues, ${messages} messages; ${stat.groups} groups, ${stat.consumerOffsets} offsets, ${stat.settings} settings`,
    `moved aside ${quarantine.files === 0 ? 'nothing' : `${quarantine.files} files, ${bytesText(quarantine.bytes)}`}`,
    `disk        ${bytesText(disk.freeBytes)} of ${bytesText(disk.totalBytes)} free`,
  ];
  const segments = log.segments.map(({ name, fileBytes, allocatedBytes, firstStoreTime }) => [name, bytesText(fileBytes), bytesText(allocatedBytes), firstStoreTime === undefined ? '-' : new Date(firstStoreTime).toISOString()]);
  const rows = topics.flatMap(({ topic, queues, messages: count }) => (withQueues ? queues.map(({ queueId, min, next }) => [topic, queueId, min, next, next - min]) : [[topic, queues.length, count]]));
  const header = withQueues ? ['TOPIC', 'QUEUE', 'MIN', 'NEXT', 'MESSAGES'] : ['TOPIC', 'QUEUES', 'MESSAGES'];
  return `${lines.join('\n')}\n\n${formatTable(['SEGMENT', 'FILE', 'ON DISK', 'FIRST STORED'], segments)}\n${formatTable(header, rows)}`;
}

function age(ms: number): string {
  const seconds = ms / 1000;
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  if (seconds < 3600) return `${Math.round(seconds / 60)} min`;
  return seconds < 172_800 ? `${(seconds / 3600).toFixed(1)} h` : `${(seconds / 86_400).toFixed(1)} days`;
}

