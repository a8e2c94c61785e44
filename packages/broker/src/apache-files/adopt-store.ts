import { readImportMark, storeKind } from '@kitemq/store';
import type { ImportReport } from '@kitemq/store';
import { KiteError } from '@kitemq/runtime';
import type { Logger, OpenKeyValueStore, Runtime } from '@kitemq/runtime';
import { importStore } from './import-store.ts';
import type { StoreImportOptions } from './import-store.ts';

export interface AdoptOptions {
  readonly runtime: Runtime;
  /** Absolute path of the data directory. */
  readonly path: string;
  readonly storeHost: { readonly address: string; readonly port: number };
  readonly logger: Logger;
  readonly openKeyValue?: OpenKeyValueStore;
}

/**
 * A data directory that an Apache broker left is taken over where it is, once, before it is opened. Only one that was stopped in an orderly way
 * and is whole: anything else is for `kitemq store import`, where somebody says what to do about it. Resolves with what was done, undefined when
 * there was nothing to do.
 * @throws KiteError `KITE_IMPORT_*` with what to do
 */
export async function adoptApacheStore({ runtime, path, storeHost, logger, openKeyValue }: AdoptOptions): Promise<ImportReport | undefined> {
  const kind = storeKind(runtime.disk, path);
  if (kind === 'dledger') throw new KiteError('KITE_IMPORT_SOURCE', `${path} belongs to an Apache broker in DLedger mode, whose log has another format; choose another data directory`, { details: { path } });
  if (kind === 'apache-without-log') {
    const advice = `its broker may have had it elsewhere (storePathCommitLog), or the disk with it is not mounted. Put the log into ${path}/commitlog and start again, or choose another data directory`;
    throw new KiteError('KITE_IMPORT_SOURCE', `${path} has the tables of an Apache broker and no log with messages: ${advice}`, { details: { path } });
  }
  if (kind === 'interrupted-import') checkOwn(runtime, path);
  else if (kind !== 'apache') return undefined;
  logger.warn(
    { path },
    'this is a store of Apache RocketMQ: it is taken over where it is. Messages, topics, groups and offsets stay; Apache can no longer open it afterwards (kitemq store export makes a copy that it can)',
  );
  const report = await takeOver({
    runtime,
    source: path,
    target: path,
    mode: 'copy',
    afterCrash: false,
    damaged: false,
    storeHost,
    logger,
    ...(openKeyValue === undefined ? {} : { openKeyValue }),
  });
  const { records, queues, bytes, carried, durationMs } = report;
  logger.info({ records, queues, bytes, ...carried, durationMs: Math.round(durationMs) }, "Apache's store has been taken over; its own files are in apache/ and can be deleted");
  for (const note of report.notes) logger.warn({ path }, note);
  return report;
}

/** What is refused here may be imported into another folder, by somebody who says on which conditions. */
const conditional: ReadonlySet<string> = new Set(['KITE_IMPORT_UNCLEAN', 'KITE_IMPORT_DAMAGED', 'KITE_IMPORT_CONFIG']);

async function takeOver(options: StoreImportOptions): Promise<ImportReport> {
  try {
    return await importStore(options);
  } catch (error) {
    if (!KiteError.is(error) || !conditional.has(error.code)) throw error;
    throw new KiteError(error.code, `${error.message}. The command for it: kitemq store import ${options.source} --data NEW_FOLDER`, { cause: error, details: error.details });
  }
}

function checkOwn({ disk }: Runtime, path: string): void {
  const source = readImportMark(disk, path)?.source;
  if (source === path) return;
  throw new KiteError('KITE_IMPORT_INTERRUPTED', `An import into ${path} has not ended; go on with: kitemq store import ${String(source)} --data ${path}`, { details: { path, source } });
}
