import { dirname } from 'node:path';
import { KiteError, type Disk } from '@kitemq/runtime';

/** Lies in a store's folder from the beginning to the end of an import into it. */
export interface ImportMark {
  /** Where the import comes from; the folder itself when a store is taken over where it is. */
  readonly source: string;
  /** Log positions of the source: what is there must still be what was there when the import began. */
  readonly begin: number;
  readonly end: number;
  /** The source was stopped in an orderly way. */
  readonly clean: boolean;
  /** Everything is in the new store; only what is no longer needed is still to be moved away. */
  readonly carried: boolean;
}

export function importMarkPath(target: string): string {
  return `${target}/import-in-progress`;
}

export function writeImportMark(disk: Disk, target: string, mark: ImportMark): void {
  disk.replaceFileSync(importMarkPath(target), Buffer.from(`${JSON.stringify(mark, undefined, 2)}\n`));
}

/** The mark; undefined when no import was begun here. @throws KiteError `KITE_IMPORT_BROKEN` */
export function readImportMark(disk: Disk, target: string): ImportMark | undefined {
  const path = importMarkPath(target);
  if (disk.statSync(path) === undefined) return undefined;
  try {
    const { source, begin, end, clean, carried } = JSON.parse(Buffer.from(disk.readFileSync(path)).toString('utf8')) as Partial<ImportMark>;
    if (typeof source === 'string' && Number.isSafeInteger(begin) && Number.isSafeInteger(end)) {
      return { source, begin: begin as number, end: end as number, clean: clean === true, carried: carried === true };
    }
  } catch {
    // Said below.
  }
  throw new KiteError('KITE_IMPORT_BROKEN', `${path} cannot be read; remove ${target} and import again`);
}

export function removeImportMark(disk: Disk, target: string): void {
  disk.removeSync(importMarkPath(target));
  disk.syncDirectorySync(dirname(importMarkPath(target)));
}
