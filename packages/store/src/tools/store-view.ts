import { KiteError, type Runtime } from '@kitemq/runtime';
import { readMark, type CheckpointMark } from '../checkpoint/checkpoint-mark.ts';
import type { RowsSnapshot } from '../checkpoint/lmdb-snapshot.ts';
import { SealedReads } from '../checkpoint/sealed-rows.ts';
import { readOpenMark } from '../recovery/open-mark.ts';
import { storePaths } from '../recovery/store-folder.ts';
import { closeLogFiles, openLogFiles, type LogFile } from './log-file.ts';

/** What the tools need: nothing is written, nothing is locked, so the store may be in use meanwhile. */
export interface StoreToolOptions {
  readonly runtime: Runtime;
  /** Absolute path of the store's folder. */
  readonly path: string;
  /** Opens a checkpoint for reading; undefined when there is none. Default: LMDB's. */
  readonly openRows?: (path: string) => RowsSnapshot | undefined;
  /** Ends the work with the signal's reason. */
  readonly signal?: AbortSignal;
  /** Called now and then: log bytes that were looked at, of how many. */
  readonly onProgress?: (done: number, total: number) => void;
}

/** A store as it lies on the disk, open for reading. */
export interface StoreView {
  readonly files: readonly LogFile[];
  readonly rows: RowsSnapshot | undefined;
  readonly mark: CheckpointMark | undefined;
  /** Why the checkpoint cannot be read. */
  readonly rowsProblem: string | undefined;
  /** Keys (hexadecimal) of the damaged rows that were met so far; they count as absent. */
  readonly damagedRows: readonly string[];
  /** The process that has the store open now. */
  readonly holder: number | undefined;
  /** The last stop was orderly (also false while it runs). */
  readonly clean: boolean;
  close(): Promise<void>;
}

/** @throws KiteError `KITE_STORE_ABSENT` when there is no store */
export async function openStoreView(options: StoreToolOptions): Promise<StoreView> {
  const { runtime, path } = options;
  const { disk } = runtime;
  const paths = storePaths(path);
  if (disk.statSync(paths.commitLog)?.isDirectory !== true) {
    throw new KiteError('KITE_STORE_ABSENT', `There is no store in ${path}: it has no folder commitlog. Give the folder that the broker has as --data`, { details: { path } });
  }
  let rows: RowsSnapshot | undefined;
  let rowsProblem: string | undefined;
  const damagedRows: string[] = [];
  try {
    // LMDB is native code: loaded only where it is needed.
    if (options.openRows !== undefined) rows = options.openRows(paths.views);
    else rows = (await import('../checkpoint/lmdb-snapshot.ts')).openLmdbSnapshot(disk, paths.views);
    rows = rows && unsealedSnapshot(rows, damagedRows);
  } catch (error) {
    rowsProblem = error instanceof Error ? error.message : String(error);
  }
  // After the rows: the log always has what a checkpoint was made of.
  const files = openLogFiles(disk, path);
  return {
    files,
    rows,
    mark: rows === undefined ? undefined : readMark(rows),
    rowsProblem,
    damagedRows,
    holder: disk.lockHolderSync(paths.lock),
    clean: readOpenMark(disk, paths.abort) === undefined,
    close: async () => {
      closeLogFiles(files);
      await rows?.close();
    },
  };
}

function unsealedSnapshot(rows: RowsSnapshot, damaged: string[]): RowsSnapshot {
  const reads = new SealedReads(rows, (key) => void damaged.push(Buffer.from(key).toString('hex')));
  return { get: (key) => reads.get(key), range: (start, end, visit) => reads.range(start, end, visit), sizeSync: () => rows.sizeSync(), close: () => rows.close() };
}
