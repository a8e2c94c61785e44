import { afterEach, describe, expect, test, vi } from 'vitest';
import { ConsumerOffsetsView } from '../../../packages/store/src/views/consumer-offsets.ts';
import { QueueView } from '../../../packages/store/src/views/queues.ts';
import { SettingsView } from '../../../packages/store/src/views/settings.ts';
import { SegmentAges } from '../../../packages/store/src/retention/segment-ages.ts';
import { storeScenario } from '../src/store/store-scenario.ts';

afterEach(() => void vi.restoreAllMocks());

/** The first seed from 1 on whose story goes wrong, with what it says. */
const firstFailure = async (seedsMax: number): Promise<string> => {
  for (let seed = 1; seed <= seedsMax; seed++) {
    try {
      await storeScenario(seed, 'none');
    } catch (error) {
      return (error as Error).message;
    }
  }
  return 'nothing';
};

describe('a broken retention is caught (the test of the test)', () => {
  test.each([
    ['the ends of queues', QueueView.prototype, /ends at|begins at|began at|was acknowledged at offset|has consumed/],
    ['consumer offsets', ConsumerOffsetsView.prototype, /the offset of \w+ in/],
    ['settings', SettingsView.prototype, /setting \w is undefined/],
  ])('that does not log %s again', { timeout: 300_000 }, async (_, view, message) => {
    vi.spyOn(view as unknown as { snapshot: () => Promise<void> }, 'snapshot').mockResolvedValue();
    expect(await firstFailure(1000)).toMatch(message);
  });

  test('that deletes too early', { timeout: 300_000 }, async () => {
    vi.spyOn(SegmentAges.prototype, 'lastTime').mockReturnValue(0);
    expect(await firstFailure(300)).toMatch(/was deleted too early/);
  });
});
