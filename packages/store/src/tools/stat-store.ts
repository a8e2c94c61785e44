import { storeTimestampAt } from '@kitemq/protocol';
import { readProof } from '../checkpoint/checkpoint-mark.ts';
import { recordHeadBytes } from '../commit-log/record-format.ts';
import { storePaths } from '../recovery/store-folder.ts';
import { RowKeyReader } from '../views/row-key.ts';
import { isStoreTopic } from '../views/system-topics.ts';
import { KeyPrefix } from '../views/view.ts';
import { readQueueRows, type QueueRow } from './folded-rows.ts';
import type { LogFile } from './log-file.ts';
import { openStoreView, type StoreToolOptions, type StoreView } from './store-view.ts';
import { readStoredCompactions, type StoredCompaction } from './stored-compaction.ts';
import { readLimit, walkLog } from './walk-log.ts';

export interface SegmentStat {
  readonly name: string;
  readonly start: number;
  readonly fileBytes: number;
  readonly allocatedBytes: number;
  /** Store time (ms) of the first record; undefined without one. */
  readonly firstStoreTime: number | undefined;
}

export interface QueueStat {
  readonly queueId: number;
  /** Smallest offset that the checkpoint knows (retention moves it before the checkpoint does), and the next one. */
  readonly min: number;
  readonly next: number;
  /** What readers get from all offsets; of a compacted beginning the latest message of each key. */
  readonly messages: number;
}

export interface TopicStat {
  readonly topic: string;
  readonly queues: readonly QueueStat[];
  /** Of all its queues. */
  readonly messages: number;
}

/** Numbers of a store. What is said of topics, queues and offsets is what the checkpoint says. */
export interface StoreStat {
  readonly path: string;
  readonly holder: number | undefined;
  /** The last stop was orderly; false while it runs. */
  readonly clean: boolean;
  readonly log: { readonly begin: number; readonly end: number; readonly allocatedBytes: number; readonly segments: readonly SegmentStat[] };
  readonly checkpoint: CheckpointStat | undefined;
  /** Why there is no checkpoint to speak of. */
  readonly checkpointProblem: string | undefined;
  readonly topics: readonly TopicStat[];
  readonly groups: number;
  readonly consumerOffsets: number;
  readonly settings: number;
  readonly quarantine: { readonly files: number; readonly bytes: number };
  readonly disk: { readonly totalBytes: number; readonly freeBytes: number };
}

export interface CheckpointStat {
  readonly position: number;
  /** Log bytes that a start would replay, and those that it would write again if the process were killed now. */
  readonly behindBytes: number;
  readonly unprovenBytes: number;
  /** Since it was written. */
  readonly ageMs: number;
  /** Bytes of LMDB's file that are used, and its length. */
  readonly usedBytes: number;
  readonly fileBytes: number;
}

/** @throws KiteError `KITE_STORE_ABSENT` */
export async function statStore(options: StoreToolOptions): Promise<StoreStat> {
  const view = await openStoreView(options);
  try {
    return await gather(options, view);
  } finally {
    await view.close();
  }
}

async function gather(options: StoreToolOptions, view: StoreView): Promise<StoreStat> {
  const { runtime, path, signal } = options;
  const { files, rows, mark, holder } = view;
  const paths = storePaths(path);
  const begin = files[0]?.start ?? 0;
  // Only what no checkpoint has must be read to know where the log ends.
  const from = Math.max(begin, mark?.position ?? begin);
  const { end } = await walkLog({ files, from, isRunning: holder !== undefined, until: readLimit(view), timers: runtime.timers, signal, record: () => undefined });
  const groups = new Set<string>();
  let consumerOffsets = 0;
  let settings = 0;
  rows?.range(Buffer.of(KeyPrefix.consumerOffset), Buffer.of(KeyPrefix.consumerOffset + 1), (key) => {
    groups.add(new RowKeyReader(key).text());
    consumerOffsets++;
  });
  rows?.range(Buffer.of(KeyPrefix.setting), Buffer.of(KeyPrefix.setting + 1), () => void settings++);
  const aside = runtime.disk.listSync(paths.quarantine).map((name) => runtime.disk.statSync(`${paths.quarantine}/${name}`));
  return {
    path,
    holder,
    clean: view.clean,
    log: { begin, end, allocatedBytes: files.reduce((sum, { allocatedBytes }) => sum + allocatedBytes, 0), segments: files.map(segmentStat) },
    checkpoint: checkpointStat(options, view, end),
    checkpointProblem: view.rowsProblem ?? (mark === undefined ? 'there is none' : undefined),
    topics: topicStats(view, begin),
    groups: groups.size,
    consumerOffsets,
    settings,
    quarantine: { files: aside.length, bytes: aside.reduce((sum, stat) => sum + (stat?.size ?? 0), 0) },
    disk: runtime.disk.spaceSync(path),
  };
}

function segmentStat({ name, start, file, fileBytes, allocatedBytes }: LogFile): SegmentStat {
  const head = Buffer.alloc(recordHeadBytes);
  const read = file.readSync(head, 0, head.length, 0);
  const isRecord = read === head.length && head.readInt32BE(0) > 0;
  return { name, start, fileBytes, allocatedBytes, firstStoreTime: isRecord ? storeTimestampAt(head, 0) : undefined };
}

function checkpointStat({ runtime, path }: StoreToolOptions, { rows, mark }: StoreView, end: number): CheckpointStat | undefined {
  if (rows === undefined || mark === undefined) return undefined;
  const stat = runtime.disk.statSync(`${storePaths(path).views}/data.mdb`);
  return {
    position: mark.position,
    behindBytes: Math.max(0, end - mark.position),
    unprovenBytes: Math.max(0, end - Math.max(mark.position, readProof(rows))),
    ageMs: stat === undefined ? 0 : Math.max(0, runtime.clock.now() - stat.modifiedTime),
    usedBytes: rows.sizeSync(),
    fileBytes: stat?.size ?? 0,
  };
}

function topicStats({ rows }: StoreView, begin: number): TopicStat[] {
  if (rows === undefined) return [];
  const compactions = new Map(readStoredCompactions(rows).map((each) => [`${each.topic}/${each.queueId}`, each]));
  const byTopic = new Map<string, QueueStat[]>();
  for (const row of readQueueRows(rows).values()) {
    if (isStoreTopic(row.topic)) continue;
    const queue = queueStat(row, compactions.get(`${row.topic}/${row.queueId}`), begin);
    const queues = byTopic.get(row.topic);
    if (queues === undefined) byTopic.set(row.topic, [queue]);
    else queues.push(queue);
  }
  return [...byTopic]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([topic, queues]) => ({ topic, queues: queues.sort((a, b) => a.queueId - b.queueId), messages: queues.reduce((sum, { messages }) => sum + messages, 0) }));
}

/** The compacted beginning has messages with holes between them, as far as the log has them (it begins at `begin`); behind it is the whole queue. */
function queueStat({ queueId, min, next }: QueueRow, compaction: StoredCompaction | undefined, begin: number): QueueStat {
  if (compaction === undefined) return { queueId, min, next, messages: next - min };
  const boundary = Math.max(min, compaction.end);
  let first = boundary;
  let messages = next - boundary;
  compaction.forEach(({ offset, position }) => {
    if (offset >= boundary || position < begin) return;
    first = Math.min(first, offset);
    messages++;
  });
  return { queueId, min: first, next, messages };
}
