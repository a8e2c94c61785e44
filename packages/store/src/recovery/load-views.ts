import { storeTimestampAt } from '@kitemq/protocol';
import { readMark, readProof, type CheckpointMark } from '../checkpoint/checkpoint-mark.ts';
import type { LogSegment } from '../commit-log/log-segment.ts';
import { isWholeRecord } from '../commit-log/record-format.ts';
import type { StoreViews } from '../store-views.ts';
import type { CheckpointRows } from './checkpoint-rows.ts';
import type { ScannedSegment } from './record-scanner.ts';

export interface LoadedViews {
  readonly views: StoreViews;
  /** Why the checkpoint could not be used and the whole log has to be replayed; undefined when it was. */
  readonly whyRebuilt: unknown;
  /** The checkpoint proves that the log is on disk up to here. */
  readonly proven: number;
}

/** Views from the checkpoint when that fits the log, else empty ones that the whole log is replayed into. */
export async function loadViews(createViews: () => StoreViews, checkpoint: CheckpointRows, segments: readonly LogSegment[]): Promise<LoadedViews> {
  const views = createViews();
  let reason: unknown;
  try {
    const mark = readMark(checkpoint.rows);
    reason = mark === undefined ? 'there is none' : whyUnusable(mark, views, segments);
    if (reason === undefined) {
      views.all.load(checkpoint.rows, mark);
      const proven = readProof(checkpoint.rows);
      if (!checkpoint.rows.isDamaged) return { views, whyRebuilt: undefined, proven };
      reason = 'a row of it is damaged';
    }
  } catch (error) {
    reason = error;
  }
  await checkpoint.clear();
  const empty = createViews();
  empty.all.load(checkpoint.rows, undefined);
  return { views: empty, whyRebuilt: segments.length > 0 ? reason : undefined, proven: 0 };
}

/** Undefined when the views in the checkpoint are those of this version and were made from this log. */
function whyUnusable(mark: CheckpointMark, views: StoreViews, segments: readonly LogSegment[]): string | undefined {
  const wanted = views.all.versions;
  if (Object.entries(wanted).some(([name, version]) => mark.views[name] !== version)) return 'it was written by another version';
  if (mark.lastRecord < 0) return undefined;
  return isRecordOf(mark, segments) ? undefined : `the log does not have the record at ${mark.lastRecord} that it was made from`;
}

/** True when the log has the very record that the checkpoint ends with. */
export function isRecordOf(mark: CheckpointMark, segments: readonly ScannedSegment[]): boolean {
  const segment = segments.find(({ start, end }) => start <= mark.lastRecord && mark.lastRecord < end);
  if (segment === undefined || !(mark.lastSize > 0 && mark.lastSize <= segment.end - mark.lastRecord)) return false;
  const record = Buffer.alloc(mark.lastSize);
  const read = segment.file.readSync(record, 0, record.length, mark.lastRecord - segment.start);
  return read === record.length && isWholeRecord(record, 0, record.length, mark.lastRecord) && storeTimestampAt(record, 0) === mark.lastStoreTimestamp;
}
