import { KiteError, type Disk } from '@kitemq/runtime';
import type { ApacheLog } from '../import/apache-segments.ts';
import { RecordScanner, Scanned } from '../recovery/record-scanner.ts';
import { storedRecordBytesMax } from '../recovery/start-up.ts';

export interface CheckOptions {
  readonly disk: Disk;
  readonly log: ApacheLog;
  progress(doneBytes: number): void;
  pause(): Promise<void>;
}

const pauseBytes = 16 * 1024 * 1024;

/**
 * Reads the whole log: every byte must belong to a sound record or a filler, for Apache cuts the log at the first that does not. Returns how
 * many records there are.
 * @throws KiteError `KITE_EXPORT_BROKEN`
 */
export async function checkUnbroken({ disk, log, progress, pause }: CheckOptions): Promise<number> {
  let records = 0;
  let nextPause = log.begin + pauseBytes;
  for (const { path, start, bytes, usedBytes } of log.segments) {
    const file = disk.openSync(path, 'read');
    try {
      const scanner = new RecordScanner({ start, end: start + bytes, file }, start, storedRecordBytesMax);
      let found = scanner.next();
      for (; found === Scanned.record; found = scanner.next()) {
        records++;
        if (scanner.position < nextPause) continue;
        nextPause = scanner.position + pauseBytes;
        progress(scanner.position - log.begin);
        await pause();
      }
      const end = found === Scanned.filler ? start + bytes : scanner.position;
      const isEnd = found === Scanned.filler || (found === Scanned.nothing && scanner.position >= start + usedBytes);
      if (!isEnd || (start + bytes <= log.end && end < start + bytes)) {
        throw new KiteError('KITE_EXPORT_BROKEN', `The log has no sound record at ${scanner.position} (${path}), where something was lost; Apache would lose everything behind it, so there is no export of this log`, { details: { position: scanner.position, path } });
      }
    } finally {
      file.closeSync();
    }
  }
  progress(log.end - log.begin);
  return records;
}
