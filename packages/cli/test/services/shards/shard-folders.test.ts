import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { nodeRuntime } from '@kitemq/runtime';
import { describe, expect, it } from 'vitest';
import { checkShardFolders, storedShards, storesOf } from '../../../src/services/shards/shard-folders.ts';
import { temporaryDirectory } from '../../support/child-process.ts';

const { disk } = nodeRuntime();

function dataWith(...shards: readonly (readonly [name: string, hasData: boolean])[]): string {
  const data = temporaryDirectory();
  for (const [name, hasData] of shards) {
    mkdirSync(join(data, 'shards', name, 'commitlog'), { recursive: true });
    if (hasData) writeFileSync(join(data, 'shards', name, 'commitlog', '00000000000000000000'), 'x');
  }
  return data;
}

describe('shard folders', () => {
  it('count up to the last one with data', () => {
    expect(storedShards(disk, join(temporaryDirectory(), 'nowhere'))).toBe(1);
    expect(storedShards(disk, dataWith(['1', false]))).toBe(1);
    expect(storedShards(disk, dataWith(['1', true], ['2', false]))).toBe(2);
    expect(storedShards(disk, dataWith(['1', false], ['10', true], ['2', true]))).toBe(11);
    expect(storedShards(disk, dataWith(['moved-away', true], ['01', true], ['0', true]))).toBe(1);
  });

  it('with data may not be left out', () => {
    const data = dataWith(['1', true], ['2', false]);
    checkShardFolders(disk, data, 2);
    checkShardFolders(disk, data, 5);
    expect(() => checkShardFolders(disk, data, 1)).toThrow(
      expect.objectContaining({ code: 'KITE_CONFIG_INVALID', message: expect.stringContaining(`shard 1 has data in ${join(data, 'shards', '1')}, which one shard would leave out of reach: start with --shards 2.`) as string }),
    );
  });

  it('are what commands on a data directory mean, all of them or one', () => {
    const data = dataWith(['1', false], ['10', true], ['2', true]);
    const all = [{ shard: 0, path: data }, { shard: 2, path: join(data, 'shards', '2') }, { shard: 10, path: join(data, 'shards', '10') }];
    expect(storesOf(disk, data, undefined)).toEqual(all);
    expect(storesOf(disk, data, 2)).toEqual([all[1]]);
    expect(storesOf(disk, join(data, 'shards', '2'), undefined)).toEqual([{ shard: 0, path: join(data, 'shards', '2') }]);
    expect(() => storesOf(disk, data, 1)).toThrow(expect.objectContaining({ code: 'KITE_USAGE', message: `${data} has no shard 1, but 0, 2, 10` }));
  });
});
