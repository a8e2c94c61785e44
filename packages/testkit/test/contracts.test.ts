import { nodeRuntime } from '@kitemq/runtime';
import { diskContract, networkContract } from '@kitemq/runtime/testing';
import { describe, it } from 'vitest';
import { LoopbackNetwork } from '../src/loopback-network.ts';
import { MemoryDisk } from '../src/memory-disk.ts';

const { clock, timers } = nodeRuntime();

describe('MemoryDisk keeps the contract of the disk port', () => {
  it.each(diskContract)('$name', async ({ run }) => {
    const disk = new MemoryDisk(clock);
    disk.makeDirectorySync('/data');
    await run({ disk, directory: '/data' });
  });
});

describe('LoopbackNetwork keeps the contract of the network port', () => {
  it.each(networkContract)('$name', async ({ run }) => {
    await run({ network: new LoopbackNetwork(timers), timers });
  });
});
