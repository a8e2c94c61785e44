import { KiteError, type Disk } from '@kitemq/runtime';
import { segmentName, segmentPosition } from '../commit-log/segment-name.ts';
import { readOpenMark } from '../recovery/open-mark.ts';
import { storePaths } from '../recovery/store-folder.ts';

const leastBytes = 4096;

/**
 * The length of a stopped store's log files, for who opens it without its configuration; undefined when there are none. After an orderly stop the last file has
 * it, else the mark of who had the store open says it, and each file but the last shows it.
 * @throws KiteError `KITE_STORE_SEGMENT_SIZE` when nothing does
 */
export function segmentBytesOf(disk: Disk, path: string): number | undefined {
  const { commitLog, abort } = storePaths(path);
  const starts = disk.listSync(commitLog).flatMap((name) => segmentPosition(name) ?? []).sort((a, b) => a - b);
  const mark = readOpenMark(disk, abort);
  if (starts.length === 0 || mark?.segmentBytes !== undefined) return mark?.segmentBytes;
  const size = (start: number): number => disk.statSync(`${commitLog}/${segmentName(start)}`)?.size ?? 0;
  // A file may have been made and never written to.
  const full = (mark === undefined ? starts : starts.slice(0, -1)).findLast((start) => size(start) >= leastBytes);
  if (full === undefined) throw new KiteError('KITE_STORE_SEGMENT_SIZE', `The length of the log's files is not known: none in ${commitLog} is full, as after a broker that was killed. Start the broker and stop it, then try again`, { details: { path } });
  return size(full);
}
