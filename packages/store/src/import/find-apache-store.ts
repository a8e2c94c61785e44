import type { Disk } from '@kitemq/runtime';
import { segmentPosition } from '../commit-log/segment-name.ts';
import { ApacheName } from './apache-layout.ts';
import { importMarkPath } from './import-mark.ts';

/** What a directory is. */
export type StoreKind =
  /** Nothing there, or nothing in it. */
  | 'empty'
  /** KiteMQ's own. */
  | 'kitemq'
  /** Begun by an import that did not end. */
  | 'interrupted-import'
  /** Apache's, with its files. */
  | 'apache'
  /** Apache's files without its log: that lies elsewhere (storePathCommitLog), is not mounted, or never had a message. */
  | 'apache-without-log'
  /** An Apache broker in DLedger mode: another log format. */
  | 'dledger'
  /** A commit log without anything that says whose it is. */
  | 'bare-log'
  | 'something-else';

/** Tells by the names in the directory what it is; nothing is opened. */
export function storeKind(disk: Disk, path: string): StoreKind {
  const stat = disk.statSync(path);
  if (stat === undefined) return 'empty';
  if (!stat.isDirectory) return 'something-else';
  if (disk.statSync(importMarkPath(path)) !== undefined) return 'interrupted-import';
  const names = new Set(disk.listSync(path));
  const hasSegments = names.has(ApacheName.commitLog) && disk.listSync(`${path}/${ApacheName.commitLog}`).some((name) => segmentPosition(name) !== undefined);
  if (names.has('views')) return 'kitemq';
  if (hasSegments) return names.has(ApacheName.config) || names.has(ApacheName.consumeQueue) ? 'apache' : 'bare-log';
  if ([...names].some((name) => name.startsWith(ApacheName.dledgerPrefix))) return 'dledger';
  if (names.has(ApacheName.consumeQueue) || disk.statSync(`${path}/${ApacheName.topics}`) !== undefined) return 'apache-without-log';
  return names.size === 0 ? 'empty' : 'something-else';
}
