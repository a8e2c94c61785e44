import { join } from 'node:path';
import { KiteError, type Disk } from '@kitemq/runtime';
import { storeHasData } from '@kitemq/store';

/** How many shards a data directory needs so that none of its messages are out of reach: the last one with data counts. At least 1. */
export function storedShards(disk: Disk, dataDirectory: string): number {
  let count = 1;
  for (const name of disk.listSync(join(dataDirectory, 'shards'))) {
    const index = /^[1-9]\d?$/.test(name) ? Number(name) : 0;
    if (index >= count && storeHasData(disk, join(dataDirectory, 'shards', name))) count = index + 1;
  }
  return count;
}

/** @throws KiteError `KITE_CONFIG_INVALID` when a shard with data would not be started */
export function checkShardFolders(disk: Disk, dataDirectory: string, count: number): void {
  const stored = storedShards(disk, dataDirectory);
  if (stored <= count) return;
  const last = join(dataDirectory, 'shards', String(stored - 1));
  throw new KiteError(
    'KITE_CONFIG_INVALID',
    `shard ${stored - 1} has data in ${last}, which ${count === 1 ? 'one shard' : `${count} shards`} would leave out of reach: start with --shards ${stored}. To do with fewer, make it read-only (updateBrokerConfig brokerPermission=4), let consumers finish, stop, and move that folder away.`,
  );
}
