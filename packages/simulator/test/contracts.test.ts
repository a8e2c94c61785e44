import { describe, test } from 'vitest';
import { diskContract, keyValueContract, networkContract, timersContract } from '@kitemq/runtime/testing';
import { Simulation } from '@kitemq/simulator';

const seeds = [1, 2, 3, 4, 5, 6, 7, 8];

describe.each(seeds)('with seed %i', (seed) => {
  for (const each of diskContract) {
    test(`simulated disk: ${each.name}`, async () => {
      const simulation = new Simulation({ seed });
      const { disk } = simulation.observer;
      await simulation.run(async () => {
        disk.makeDirectorySync('/data');
        await each.run({ disk, directory: '/data' });
      });
    });
  }

  for (const each of networkContract) {
    test(`simulated network: ${each.name}`, async () => {
      const simulation = new Simulation({ seed });
      await simulation.run(() => each.run(simulation.observer));
    });
  }

  for (const each of timersContract) {
    test(`simulated timers: ${each.name}`, async () => {
      const simulation = new Simulation({ seed });
      await simulation.run(() => each.run(simulation.observer));
    });
  }

  for (const each of keyValueContract) {
    test(`simulated key-value store: ${each.name}`, async () => {
      const simulation = new Simulation({ seed });
      const process = simulation.process('broker-a');
      await simulation.run(() => each.run({ open: process.openKeyValueStore, path: '/views' }));
    });
  }
});
