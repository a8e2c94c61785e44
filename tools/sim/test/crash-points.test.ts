import { expect, test } from 'vitest';
import { type CrashPoint, liveThrough } from '../src/store/crash-points.ts';

const kinds = [
  { kind: 'powerCut', flushMode: 'sync' },
  { kind: 'kill', flushMode: 'sync' },
  { kind: 'powerCut', flushMode: 'async' },
  { kind: 'kill', flushMode: 'async' },
] as const;

/** Crashes at the first, the second, … change, until a life is over before. Returns how many there were. */
async function atEach(point: Omit<CrashPoint, 'at'>, { step = 1, again = false }: { readonly step?: number; readonly again?: boolean } = {}): Promise<number> {
  let crashes = 0;
  for (let at = 1; ; at += step) {
    const { crashed } = await liveThrough({ ...point, at });
    if (!crashed) return crashes;
    crashes++;
    if (!again) continue;
    for (let againAt = 1; ; againAt++) {
      const { crashedAgain } = await liveThrough({ ...point, at, againAt });
      if (!crashedAgain) break;
      crashes++;
    }
  }
}

test.each(kinds)('$kind, $flushMode flush: a crash at every single change of the disk, from the first start to the orderly stop', { timeout: 300_000 }, async (how) => {
  expect(await atEach({ seed: 1, ...how })).toBeGreaterThan(100);
});

test.each(kinds)('$kind, $flushMode flush: another crash at every change of the start after a crash', { timeout: 300_000 }, async (how) => {
  expect(await atEach({ seed: 3, ...how }, { step: 17, again: true })).toBeGreaterThan(60);
});

test.each(kinds)('$kind, $flushMode flush: a crash at every change of the disk while segments are deleted', { timeout: 300_000 }, async (how) => {
  // Counted where the life is not ended.
  expect((await liveThrough({ seed: 2, ...how, deletes: true, at: 1_000_000 })).deletedSegments).toBeGreaterThan(2);
  expect(await atEach({ seed: 2, ...how, deletes: true })).toBeGreaterThan(100);
});
