import { KiteError, type Disk } from '@kitemq/runtime';
import { readApacheQueues, type ApacheQueue } from './apache-consume-queues.ts';
import { ApacheName } from './apache-layout.ts';
import { readApacheLog, type ApacheLog } from './apache-segments.ts';
import { storeKind } from './find-apache-store.ts';

/** An Apache store directory as it lies there. */
export interface ApacheStore {
  readonly path: string;
  readonly log: ApacheLog;
  /** What its own index says of the queues; undefined when the folder has no index. */
  readonly queues: readonly ApacheQueue[] | undefined;
  /** Its broker was stopped in an orderly way. */
  readonly clean: boolean;
}

/** What the operator says about the store besides what is in it. */
export interface SourceConditions {
  /** The broker died; what it left is to be taken as far as it is whole. */
  readonly afterCrash: boolean;
  /** Files are missing or broken; what can be read is to be taken. */
  readonly damaged: boolean;
}

/**
 * Looks at the directory; changes nothing.
 * @throws KiteError `KITE_IMPORT_SOURCE` when it is no Apache store, `KITE_IMPORT_RUNNING`, `KITE_IMPORT_UNCLEAN`, `KITE_IMPORT_DAMAGED`
 */
export function inspectApacheStore(disk: Disk, path: string, conditions: SourceConditions): ApacheStore {
  checkKind(disk, path);
  const clean = disk.statSync(`${path}/${ApacheName.abort}`) === undefined;
  if (!clean) checkStopped(disk, path, conditions.afterCrash);
  const store = readApacheStore(disk, path, clean);
  const { log } = store;
  if (log.damage.length > 0 && !conditions.damaged) {
    throw new KiteError('KITE_IMPORT_DAMAGED', `The commit log in ${path} is not whole: ${log.damage.join('; ')}. Copy it again, or take what is left with --damaged`, { details: { path, damage: log.damage } });
  }
  return store;
}

/** The store as it lies there, whatever its state. @throws KiteError `KITE_IMPORT_SOURCE` when it has no log */
export function readApacheStore(disk: Disk, path: string, clean: boolean): ApacheStore {
  return { path, log: readApacheLog(disk, `${path}/${ApacheName.commitLog}`), queues: readApacheQueues(disk, path), clean };
}

function checkKind(disk: Disk, path: string): void {
  const details = { path };
  switch (storeKind(disk, path)) {
    case 'apache':
    case 'bare-log':
      return;
    case 'kitemq':
      throw new KiteError('KITE_IMPORT_SOURCE', `${path} is a store of KiteMQ already: start a broker with --data ${path}`, { details });
    case 'interrupted-import':
      throw new KiteError('KITE_IMPORT_SOURCE', `${path} is the target of an import that did not end; give the directory that it came from`, { details });
    case 'dledger':
      throw new KiteError('KITE_IMPORT_SOURCE', `${path} belongs to a broker in DLedger mode, whose log has another format; import a store of a plain master`, { details });
    case 'apache-without-log':
      throw new KiteError('KITE_IMPORT_SOURCE', `${path} has Apache's tables, and no messages in ${ApacheName.commitLog}/. A log that lies elsewhere (storePathCommitLog) has to be there: move it, or make ${path}/${ApacheName.commitLog} a symbolic link to it`, { details });
    case 'empty':
      throw new KiteError('KITE_IMPORT_SOURCE', `There is nothing in ${path}; give Apache's storePathRootDir, the directory that has commitlog/ and config/ in it`, { details });
    case 'something-else':
      throw new KiteError('KITE_IMPORT_SOURCE', `${path} is no store: it has no ${ApacheName.commitLog}/ with messages. Give Apache's storePathRootDir`, { details });
  }
}

/** `abort` is there while the broker runs, and after it died. */
function checkStopped(disk: Disk, path: string, afterCrash: boolean): void {
  const pid = /^\s*(\d{1,10})\s*$/.exec(Buffer.from(disk.readFileSync(`${path}/${ApacheName.abort}`)).toString('latin1'))?.[1];
  const command = pid === undefined ? undefined : commandOf(disk, pid);
  const details = { path, pid: pid === undefined ? undefined : Number(pid) };
  if (command !== undefined && command.includes('java')) {
    throw new KiteError('KITE_IMPORT_RUNNING', `The broker of ${path} is running (process ${pid}); stop it first (mqshutdown broker)`, { details, retryable: true });
  }
  if (afterCrash) return;
  throw new KiteError('KITE_IMPORT_UNCLEAN', `${path} has a file "abort": its broker is running, or did not stop in an orderly way. Stop it first; if it is not running, say --after-crash, and the log is taken up to its last whole message`, { details });
}

/** The command line of the process; undefined when there is none, or when this system does not tell. */
function commandOf(disk: Disk, pid: string): string | undefined {
  try {
    const path = `/proc/${pid}/cmdline`;
    return disk.statSync(path) === undefined ? undefined : Buffer.from(disk.readFileSync(path)).toString('utf8');
  } catch {
    return undefined;
  }
}
