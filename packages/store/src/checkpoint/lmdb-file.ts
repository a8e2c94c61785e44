import type { Disk } from '@kitemq/runtime';

/** Places in LMDB's meta pages (`MDB_meta` behind the page header; format 2 as lmdb-js 3 writes it, little-endian). */
const pageHeaderBytes = 24;
const magicAt = pageHeaderBytes;
const versionAt = pageHeaderBytes + 4;
const pageSizeAt = pageHeaderBytes + 24;
const lastPageAt = pageHeaderBytes + 120;
const metaBytes = pageHeaderBytes + 144;

const magic = 0xbeefc0de;
const version = 2;

/**
 * LMDB maps its file and trusts it: a file that is shorter than its meta pages say, or that has none, ends the process by a signal.
 * So the meta pages are looked at before.
 * @throws Error saying what is wrong; a missing or empty file is in order
 */
export function checkLmdbFile(disk: Disk, path: string): void {
  const length = disk.statSync(path)?.size ?? 0;
  if (length === 0) return;
  const file = disk.openSync(path, 'read');
  try {
    const page = Buffer.alloc(metaBytes);
    const readMeta = (at: number): void => {
      if (file.readSync(page, 0, metaBytes, at) < metaBytes) throw new Error('the file ends in its meta pages');
      if (page.readUInt32LE(magicAt) !== magic || page.readUInt32LE(versionAt) !== version) throw new Error('the file has no meta page of this version');
    };
    readMeta(0);
    const pageSize = page.readUInt32LE(pageSizeAt);
    if (pageSize < 256 || pageSize > 65_536) throw new Error('the file has an impossible page size');
    for (const at of [0, pageSize]) {
      readMeta(at);
      const lastPage = page.readUInt32LE(lastPageAt) + page.readUInt32LE(lastPageAt + 4) * 2 ** 32;
      if ((lastPage + 1) * pageSize > length) throw new Error('the file is shorter than its meta pages say');
    }
  } finally {
    file.closeSync();
  }
}
