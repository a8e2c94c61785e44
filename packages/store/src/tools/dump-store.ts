import { storeTimestampAt, type RecordView } from '@kitemq/protocol';
import { recordHeadBytes, storedRecordBytesMax } from '../commit-log/record-format.ts';
import { forCarried } from '../compaction/carried-records.ts';
import { findRecord } from '../recovery/find-record.ts';
import { SystemTopic } from '../views/system-topics.ts';
import type { LogFile } from './log-file.ts';
import { openStoreView, type StoreToolOptions } from './store-view.ts';
import { storedRecord, type BodyForm, type StoredRecord } from './stored-record.ts';
import { readLimit, walkLog } from './walk-log.ts';

/** How far a clock may have been set back in between. */
const clockSlackMs: number = 10 * 60 * 1000;

/** Which records; all conditions must hold. */
export interface DumpFilter {
  /** Log positions: records that begin at or behind `from` and before `until`. */
  readonly from?: number;
  readonly until?: number;
  readonly topic?: string;
  readonly queueId?: number;
  /** Queue offsets: from, and before. */
  readonly fromOffset?: number;
  readonly untilOffset?: number;
  /** Store time in milliseconds: from, and before. */
  readonly after?: number;
  readonly before?: number;
  /** Records at most. */
  readonly limit?: number;
}

export interface DumpOptions extends StoreToolOptions {
  readonly filter?: DumpFilter;
  /** Default `auto`. */
  readonly body?: BodyForm;
  /** Return false to end it. */
  readonly onRecord: (record: StoredRecord) => boolean | void;
  /** Between records there is a part without any. */
  readonly onHole?: (from: number, until: number, reason: string) => void;
}

/**
 * Shows records of the log, in its order; messages that compaction carried over behind the record that carries them. Writes nothing; works beside a running broker.
 * Returns how many there were. @throws KiteError `KITE_STORE_ABSENT`
 */
export async function dumpStore(options: DumpOptions): Promise<number> {
  const { filter = {}, runtime, signal, body = 'auto', onRecord, onHole, onProgress } = options;
  const view = await openStoreView(options);
  let count = 0;
  try {
    const files = startingAt(view.files, filter);
    const from = firstRecord(files, filter.from ?? 0);
    if (from === undefined) return 0;
    const { until = Number.MAX_SAFE_INTEGER, limit = Number.MAX_SAFE_INTEGER } = filter;
    /** False when nothing else is wanted. */
    const show = (record: RecordView, carriedBy?: number): boolean => {
      if (record.physicalOffset >= until || count >= limit) return false;
      if (!isWanted(record, filter)) return true;
      count++;
      return onRecord({ ...storedRecord(record, body), ...(carriedBy === undefined ? {} : { carriedBy }) }) !== false && count < limit;
    };
    await walkLog({
      files,
      from,
      isRunning: view.holder !== undefined,
      until: readLimit(view),
      timers: runtime.timers,
      signal,
      record: ({ view: record, position }) => {
        if (!show(record)) return false;
        let goesOn = true;
        if (record.topic === SystemTopic.carried) forCarried(record.body, (carried) => void (goesOn &&= show(carried, position)));
        return goesOn;
      },
      ...(onHole === undefined ? {} : { hole: onHole }),
      progress: (position) => onProgress?.(position - from, (files.at(-1)?.end ?? position) - from),
    });
  } finally {
    await view.close();
  }
  return count;
}

function isWanted(view: RecordView, filter: DumpFilter): boolean {
  const { topic, queueId, fromOffset, untilOffset, after, before } = filter;
  if (queueId !== undefined && view.queueId !== queueId) return false;
  if (fromOffset !== undefined && view.queueOffset < fromOffset) return false;
  if (untilOffset !== undefined && view.queueOffset >= untilOffset) return false;
  if (after !== undefined && view.storeTimestamp < after) return false;
  if (before !== undefined && view.storeTimestamp >= before) return false;
  return topic === undefined || view.topic === topic;
}

/** Without the files that end before what is wanted: by position, and by the store times of first records (a clock may be set back by some minutes). */
function startingAt(files: readonly LogFile[], { from = 0, after = 0 }: DumpFilter): readonly LogFile[] {
  const byPosition = files.filter(({ end }, index) => end > from || index === files.length - 1);
  if (after === 0) return byPosition;
  let first = 0;
  for (let index = 1; index < byPosition.length; index++) {
    const begin = firstStoreTime(byPosition[index] as LogFile);
    if (begin !== undefined && begin + clockSlackMs < after) first = index;
  }
  return byPosition.slice(first);
}

function firstStoreTime({ file }: LogFile): number | undefined {
  const head = Buffer.alloc(recordHeadBytes);
  return file.readSync(head, 0, head.length, 0) === head.length && head.readInt32BE(0) > 0 ? storeTimestampAt(head, 0) : undefined;
}

/** Where the first record at or behind log position `from` begins; undefined when there is none. */
function firstRecord(files: readonly LogFile[], from: number): number | undefined {
  for (const file of files) {
    if (from <= file.start) return file.start;
    const found = from < file.end ? findRecord(file, from, storedRecordBytesMax) : undefined;
    if (found !== undefined) return found;
  }
  return undefined;
}
