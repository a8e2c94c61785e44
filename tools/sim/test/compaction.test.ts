import { describe, expect, test } from 'vitest';
import { compactionScenario } from '../src/compaction/compaction-scenario.ts';
import type { Sabotage } from '../src/scenario.ts';

/** What goes wrong in the first `count` seeds. */
const failures = async (count: number, sabotage: Sabotage): Promise<string[]> => {
  const messages: string[] = [];
  for (let seed = 1; seed <= count; seed++) {
    await compactionScenario(seed, sabotage).catch((error: unknown) => messages.push((error as Error).message));
  }
  return messages;
};

describe('compaction scenario', () => {
  // The long run: node tools/sim/run.mjs --scenario compaction --seeds 10000
  test('200 seeds of crashes and power cuts at any step keep the latest value of each key', { timeout: 300_000 }, async () => {
    expect(await failures(200, 'none')).toEqual([]);
  });

  test('a seed tells the same story every time', async () => {
    for (const seed of [3, 4]) expect(await compactionScenario(seed, 'none')).toEqual(await compactionScenario(seed, 'none'));
  });

  test('acknowledging before the sync is noticed (the test of the test)', { timeout: 120_000 }, async () => {
    expect((await failures(60, 'ack-before-sync')).length).toBeGreaterThan(0);
  });
});
