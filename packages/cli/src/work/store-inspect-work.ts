import type { Runtime } from '@kitemq/runtime';
import type { RecoveryReport } from '@kitemq/store';
import type { StoreStat, VerifyReport } from '@kitemq/store/tools';
import { formatTable } from '../command/table.ts';
import { ExitCode } from '../services/exit-code.ts';
import type { ProcessHost } from '../services/process-host.ts';
import type { ShardFolder } from '../services/shards/shard-folders.ts';
import { bytesText, WorkProgress } from './work-progress.ts';

/** What looks into stores. It brings the store's native code. */
export type StoreTools = Pick<typeof import('@kitemq/store/tools'), 'verifyStore' | 'statStore' | 'dumpStore' | 'rebuildViews'>;

/** What a command on a store's folder has. */
export interface InspectWork {
  readonly tools: StoreTools;
  readonly host: ProcessHost;
  readonly runtime: Runtime;
  /** Of all shards that are meant; one without shards. */
  readonly stores: readonly ShardFolder[];
  readonly json: boolean;
  readonly signal: AbortSignal;
}

/** Says whose is what follows, where there are several. */
export function shardLine({ shard, path }: ShardFolder): string {
  return `shard ${shard}: ${path}\n`;
}

interface Look<T> {
  /** `of` names the store in progress, where there are several. */
  look(path: string, of: string): Promise<T>;
  text(report: T): string;
  /** What is said of several stores together. */
  readonly all?: { of(reports: readonly T[]): object; text(reports: readonly T[]): string };
}

/** Looks into one store after the other. A person gets each report as it comes; JSON has one report as it is, and several in `shards`. */
async function lookInto<T extends object>({ stores, host: { stdout }, json }: InspectWork, { look, text, all }: Look<T>): Promise<readonly T[]> {
  const reports: T[] = [];
  for (const [index, store] of stores.entries()) {
    const isOneOfMany = stores.length > 1;
    const report = await look(store.path, isOneOfMany ? ` shard ${store.shard}` : '');
    reports.push(report);
    if (!json) stdout.write(`${index > 0 ? '\n' : ''}${isOneOfMany ? shardLine(store) : ''}${text(report)}`);
  }
  if (json) {
    const value = stores.length === 1 ? reports[0] : { ...all?.of(reports), shards: stores.map((store, index) => ({ ...store, ...reports[index] })) };
    stdout.write(`${JSON.stringify(value, undefined, 2)}\n`);
  } else if (stores.length > 1 && all !== undefined) stdout.write(`\n${all.text(reports)}\n`);
  return reports;
}

/** `kitemq store verify`: 0 when everything is as it must be, else 1. */
export async function verifyStores(work: InspectWork): Promise<number> {
  const { tools, host, runtime, signal } = work;
  const progress = new WorkProgress(host.stderr, runtime.clock);
  const problemsOf = (reports: readonly VerifyReport[]): number => reports.reduce((sum, { problemCount }) => sum + problemCount, 0);
  const reports = await lookInto(work, {
    look: (path, of) => tools.verifyStore({ runtime, path, signal, onProgress: (done, total) => progress.show(`verifying${of}`, done, total) }).finally(() => progress.end()),
    text: verifyText,
    all: {
      of: (all) => ({ ok: problemsOf(all) === 0 }),
      text: (all) => `${all.length} shards: ${problemsText(problemsOf(all))}`,
    },
  });
  return problemsOf(reports) === 0 ? ExitCode.ok : ExitCode.failed;
}

function problemsText(count: number): string {
  return count === 0 ? 'ok' : `${count} ${count === 1 ? 'problem' : 'problems'}`;
}

function verifyText(report: VerifyReport): string {
  const { path, problems, problemCount, notes, records, segments, begin, end, queues, entriesCompared, compactedCompared, keysCompared, checkpointPosition } = report;
  const views = checkpointPosition < 0 ? 'no checkpoint to compare with' : `${queues} queues with ${entriesCompared} entries agree with the log up to ${checkpointPosition}, so do ${compactedCompared} compacted messages, ${keysCompared} keys, offsets and settings`;
  const lines = [
    `${path}${report.holder === undefined ? '' : ` (in use by process ${report.holder})`}`,
    `log    ${segments} segments, ${bytesText(end - begin)} from ${begin} to ${end}, ${records} records`,
    `views  ${problems.some(({ kind }) => kind !== 'hole') ? 'do not agree with the log, see below' : views}`,
    ...notes.map((note) => `note   ${note}`),
    ...problems.map(({ message }) => `WRONG  ${message}`),
    ...(problemCount > problems.length ? [`WRONG  … and ${problemCount - problems.length} more`] : []),
    problemsText(problemCount),
  ];
  return `${lines.join('\n')}\n`;
}

/** `kitemq store rebuild`. */
export async function rebuildStores(work: InspectWork): Promise<void> {
  const { tools, host, runtime, signal } = work;
  const progress = new WorkProgress(host.stderr, runtime.clock);
  await lookInto(work, {
    look: (path, of) => tools.rebuildViews({ runtime, path, signal, onProgress: ({ phase, from, position, until }) => progress.show(`${phase}${of}`, position - from, until - from) }).finally(() => progress.end()),
    text: rebuildText,
  });
}

function rebuildText({ maxPosition, replayedFrom, replayedRecords, durationMs, quarantined, lost }: RecoveryReport): string {
  const bytes = maxPosition - replayedFrom;
  const seconds = durationMs / 1000;
  const lines = [
    ...quarantined.map(({ path, bytes: moved, reason }) => `moved aside: ${path}, ${bytesText(moved)}: ${reason}`),
    ...lost.map(({ from, until, reason }) => `lost: the log from ${from} to ${until}: ${reason}`),
    `views made again from ${bytesText(bytes)} of log, ${replayedRecords} records, in ${seconds.toFixed(1)} s (${bytesText(bytes / Math.max(seconds, 0.001))}/s)`,
  ];
  return `${lines.join('\n')}\n`;
}

/** `kitemq store stat`. */
export async function statStores(work: InspectWork, flags: { readonly queues?: boolean }): Promise<void> {
  const { tools, runtime, signal } = work;
  await lookInto(work, {
    look: (path) => tools.statStore({ runtime, path, signal }),
    text: (stat) => statText(stat, flags.queues === true, new Date(runtime.clock.now())),
  });
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
  const rows = topics.flatMap(({ topic, queues, messages: count }) => (withQueues ? queues.map(({ queueId, min, next, messages: inQueue }) => [topic, queueId, min, next, inQueue]) : [[topic, queues.length, count]]));
  const header = withQueues ? ['TOPIC', 'QUEUE', 'MIN', 'NEXT', 'MESSAGES'] : ['TOPIC', 'QUEUES', 'MESSAGES'];
  return `${lines.join('\n')}\n\n${formatTable(['SEGMENT', 'FILE', 'ON DISK', 'FIRST STORED'], segments)}\n${formatTable(header, rows)}`;
}

function age(ms: number): string {
  const seconds = ms / 1000;
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  if (seconds < 3600) return `${Math.round(seconds / 60)} min`;
  return seconds < 172_800 ? `${(seconds / 3600).toFixed(1)} h` : `${(seconds / 86_400).toFixed(1)} days`;
}

