import { describe, expect, test } from 'vitest';
import { clusterScenario } from '../src/cluster/cluster-scenario.ts';
import type { Sabotage } from '../src/scenario.ts';

/** What goes wrong in the first `count` seeds. */
const failures = async (count: number, sabotage: Sabotage): Promise<string[]> => {
  const messages: string[] = [];
  for (let seed = 1; seed <= count; seed++) {
    await clusterScenario(seed, sabotage).catch((error: unknown) => messages.push((error as Error).message));
  }
  return messages;
};

describe('cluster scenario', () => {
  // The long run: node tools/sim/run.mjs --scenario cluster --seeds 10000
  test('100 seeds of a broker that crashes, with clients over the network, keep every promise', { timeout: 300_000 }, async () => {
    expect(await failures(100, 'none')).toEqual([]);
  });

  test('a seed tells the same story every time', { timeout: 60_000 }, async () => {
    for (const seed of [11, 12, 13]) expect(await clusterScenario(seed, 'none')).toEqual(await clusterScenario(seed, 'none'));
  });
});

describe('a broken build is caught (the test of the test)', () => {
  test.each(['ack-before-write', 'ack-before-sync'] as const)('%s', { timeout: 300_000 }, async (sabotage) => {
    const messages = await failures(15, sabotage);
    expect(messages.filter((message) => message.includes('was acknowledged at offset')).length).toBeGreaterThan(0);
  });
});
