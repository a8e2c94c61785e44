import { describe, expect, it } from 'vitest';
import { parseBrokerSettings, shardSettings, shardsOf } from '../../src/index.ts';
import type { BrokerSettings } from '../../src/index.ts';

const settings = (own: Partial<BrokerSettings> = {}): BrokerSettings => parseBrokerSettings({ storePathRootDir: '/data', ...own });
const ports = (own: Partial<BrokerSettings>, count: number): number[] => Array.from({ length: count }, (_, index) => shardSettings(settings(own), index, count).listenPort);

describe('the settings of a shard', () => {
  it('are those of the broker for shard 0', () => {
    const whole = settings({ shards: '4', advertisedPort: 30_911 });
    expect(shardSettings(whole, 0, 4)).toEqual(whole);
  });

  it('differ in name, port, advertised port and folder, and in nothing else', () => {
    const whole = settings({ shards: '4', advertisedPort: 30_911, maxMessageSize: 77, namesrvAddr: 'n:9876' });
    expect(shardSettings(whole, 2, 4)).toEqual({ ...whole, brokerName: 'broker-a-2', listenPort: 10_931, advertisedPort: 30_931, storePathRootDir: '/data/shards/2' });
  });

  it('leave room for the fast port and the replication port of every neighbour, at the smallest step too', () => {
    const used = ports({ shardPortStep: 4 }, 9).flatMap((port) => [port - 2, port, port + 1]);
    expect(new Set(used).size).toBe(used.length);
  });

  it('let a free port be picked for each, and take a list of ports', () => {
    expect(ports({ listenPort: 0 }, 3)).toEqual([0, 0, 0]);
    expect(ports({ shardPorts: '20000;30000' }, 3)).toEqual([10_911, 20_000, 30_000]);
    expect(shardSettings(settings({ shardPorts: '20000', advertisedPort: 11 }), 1, 2).advertisedPort).toBe(20_000 - 10_911 + 11);
  });

  it('are refused when there is no such port', () => {
    expect(() => ports({ listenPort: 65_530 }, 2)).toThrow(expect.objectContaining({ code: 'KITE_CONFIG_INVALID', message: expect.stringContaining('65540') as string }));
    expect(() => ports({ advertisedPort: 65_530 }, 2)).toThrow('advertised port of shard 1');
    expect(() => ports({ shardPorts: '99999' }, 2)).toThrow('99999');
    expect(() => ports({ shardPorts: '20000' }, 3)).toThrow('list 2');
    expect(() => ports({ shardPorts: '20000' }, 1)).toThrow('list 0');
  });
});

describe('the number of shards', () => {
  it('is what was asked for, or the CPUs, but never leaves stored data out', () => {
    expect(shardsOf({ shards: '3' }, { cpus: 8, stored: 5 })).toBe(3);
    expect(shardsOf({ shards: 'auto' }, { cpus: 8, stored: 1 })).toBe(8);
    expect(shardsOf({ shards: 'auto' }, { cpus: 2, stored: 5 })).toBe(5);
    expect(shardsOf({ shards: 'auto' }, { cpus: 500, stored: 1 })).toBe(99);
  });

  it('must be a number or auto', () => {
    for (const shards of ['0', '100', '-1', 'two', '', '1.5']) expect(() => settings({ shards }), shards).toThrow('shards');
  });
});
