import { expect, it } from 'vitest';
import { RecentWrites } from '../../src/read/recent-writes.ts';

it('tells from where on all was written in a time, never too much', () => {
  let now = 0;
  const recent = new RecentWrites({ now: () => now, monotonic: () => now }, 500);
  expect(recent.since(60_000)).toBe(500);
  for (now = 1_000; now <= 300_000; now += 1_000) recent.note(500 + now);
  now = 300_000;
  // Places are noted every four seconds.
  const from = recent.since(60_000);
  expect(from).toBeGreaterThan(500 + 240_000);
  expect(from).toBeLessThanOrEqual(500 + 244_000 + 1_000);
  now += 60_000;
  expect(recent.since(60_000)).toBe(Infinity);
  recent.note(900_000);
  expect(recent.since(60_000)).toBe(900_000);
});
