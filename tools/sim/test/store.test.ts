import { describe, expect, test } from 'vitest';
import type { Sabotage } from '../src/scenario.ts';
import { storeScenario } from '../src/store/store-scenario.ts';

/** What goes wrong in the first `count` seeds. */
const failures = async (count: number, sabotage: Sabotage): Promise<string[]> => {
  const messages: string[] = [];
  for (let seed = 1; seed <= count; seed++) {
    await storeScenario(seed, sabotage).catch((error: unknown) => messages.push((error as Error).message));
  }
  return messages;
};

describe('store scenario', () => {
  // The long run: node tools/sim/run.mjs --scenario store --seeds 10000
  test('300 seeds of crashes and power cuts at any step keep every promise', { timeout: 300_000 }, async () => {
    expect(await failures(300, 'none')).toEqual([]);
  });

  test('a seed tells the same story every time', async () => {
    for (const seed of [11, 12, 13]) expect(await storeScenario(seed, 'none')).toEqual(await storeScenario(seed, 'none'));
  });
});

describe('a broken build is caught (the test of the test)', () => {
  test('acknowledging before the write loses messages in a killed process', { timeout: 120_000 }, async () => {
    const messages = await failures(40, 'ack-before-write');
    expect(messages.filter((message) => message.includes('was acknowledged') && message.includes('is lost')).length).toBeGreaterThan(0);
    expect(messages[0]).toMatch(/seed \d+, at .* ms of virtual time; run it again: node tools\/sim\/run.mjs --scenario store --from \d+ --seeds 1 --sabotage ack-before-write/);
  });

  test('acknowledging before the sync loses messages in a power cut', { timeout: 120_000 }, async () => {
    const messages = await failures(40, 'ack-before-sync');
    expect(messages.filter((message) => message.includes('is lost') || message.includes('is not any more')).length).toBeGreaterThan(0);
  });
});
