import { join } from 'node:path';
import { KiteError, type Disk } from '@kitemq/runtime';
import { storeHasData } from '@kitemq/store';

/** Where a shard's store is. */
export interface ShardFolder {
  readonly shard: number;
  readonly path: string;
}

/** The data directory itself, which is shard 0's, and the folders of all other shards with data. */
export function shardFolders(disk: Disk, dataDirectory: string): ShardFolder[] {
  const others: ShardFolder[] = [];
  for (const name of disk.listSync(join(dataDirectory, 'shards'))) {
    const path = join(dataDirectory, 'shards', name);
    if (/^[1-9]\d?$/.test(name) && storeHasData(disk, path)) others.push({ shard: Number(name), path });
  }
  return [{ shard: 0, path: dataDirectory }, ...others.sort((a, b) => a.shard - b.shard)];
}

/** The stores that a command on a data directory means: of one shard, or of all. @throws KiteError `KITE_USAGE` */
export function storesOf(disk: Disk, dataDirectory: string, shard: number | undefined): readonly ShardFolder[] {
  const stores = shardFolders(disk, dataDirectory);
  if (shard === undefined) return stores;
  const store = stores.find((each) => each.shard === shard);
  if (store === undefined) throw new KiteError('KITE_USAGE', `${dataDirectory} has no shard ${shard}, but ${stores.map((each) => each.shard).join(', ')}`);
  return [store];
}

/** How many shards a data directory needs so that none of its messages are out of reach: the last one with data counts. At least 1. */
export function storedShards(disk: Disk, dataDirectory: string): number {
  return (shardFolders(disk, dataDirectory).at(-1)?.shard ?? 0) + 1;
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
