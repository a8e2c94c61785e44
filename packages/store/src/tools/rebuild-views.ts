import { KiteError, type OpenKeyValueStore } from '@kitemq/runtime';
import { LogStore } from '../log-store.ts';
import type { RecoveryReport } from '../recovery-report.ts';
import type { StartProgress } from '../recovery/start-progress.ts';
import { lockStore, storePaths } from '../recovery/store-folder.ts';
import { startError } from '../store-errors.ts';
import { resolveOptions, type StoreOptions } from '../store-options.ts';
import { segmentBytesOf } from './segment-bytes-of.ts';
import type { StoreToolOptions } from './store-view.ts';

export interface RebuildOptions extends Pick<StoreToolOptions, 'runtime' | 'path' | 'signal'> {
  readonly onProgress?: (progress: StartProgress) => void;
  /** Keeps the checkpoints. Default: LMDB. */
  readonly openKeyValue?: OpenKeyValueStore;
}

/** No record gets it: the store is only opened. */
const noHost = { address: '127.0.0.1', port: 1 };

/**
 * Throws the checkpoint away and makes all views again from the log, as a start does that finds none: with the same repairs of the log's end.
 * The store must be stopped. Ended early by `signal` it leaves a store whose next start goes on.
 * @throws KiteError `KITE_STORE_ABSENT` | `KITE_STORE_LOCKED` | `KITE_STORE_*`
 */
export async function rebuildViews({ runtime, path, signal, onProgress, openKeyValue }: RebuildOptions): Promise<RecoveryReport> {
  const { disk } = runtime;
  const paths = storePaths(path);
  if (disk.statSync(paths.commitLog)?.isDirectory !== true) {
    throw new KiteError('KITE_STORE_ABSENT', `There is no store in ${path}: it has no folder commitlog. Give the folder that the broker has as --data`, { details: { path } });
  }
  const segmentBytes = segmentBytesOf(disk, path);
  const options: StoreOptions = {
    runtime,
    path,
    storeHost: noHost,
    ...(segmentBytes === undefined ? {} : { segmentBytes }),
    ...(onProgress === undefined ? {} : { onStartProgress: onProgress }),
    ...(openKeyValue === undefined ? {} : { openKeyValue }),
  };
  removeViews(options);
  const store = new LogStore(options);
  const stop = (): void => void store.shutdown().catch(() => undefined);
  signal?.addEventListener('abort', stop, { once: true });
  try {
    signal?.throwIfAborted();
    const report = await store.start();
    await store.shutdown();
    return report;
  } finally {
    signal?.removeEventListener('abort', stop);
  }
}

function removeViews(options: StoreOptions): void {
  const { disk } = options.runtime;
  try {
    const lock = lockStore(resolveOptions(options));
    try {
      disk.removeSync(storePaths(options.path).views);
      disk.syncDirectorySync(options.path);
    } finally {
      lock.release();
    }
  } catch (error) {
    throw startError(options.path, error);
  }
}
