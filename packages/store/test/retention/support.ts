import type { Clock, Runtime } from '@kitemq/runtime';
import type { LogStore, RetentionPolicy, StoreOptions } from '../../src/index.ts';
import { appendAll, message, storeOptions, testRuntime } from '../support.ts';

export const hour = 3_600_000;

/** A clock that goes forward when told to. */
export class TestClock implements Clock {
  aheadMs = 0;
  readonly #clock: Clock = testRuntime().clock;

  now(): number {
    return this.#clock.now() + this.aheadMs;
  }

  monotonic(): number {
    return this.#clock.monotonic();
  }
}

/** Segments of 4 KiB, so that some messages fill one. */
export function smallSegments(path: string, clock: Clock, options: Partial<StoreOptions> = {}): StoreOptions {
  const runtime: Runtime = { ...(options.runtime ?? testRuntime()), clock };
  return storeOptions(path, { segmentBytes: 4096, hotTailBytes: 0, slabBytes: 1024, checkpointIntervalMs: 5, checkpointBytes: 1024, ...options, runtime });
}

/** So many segments, an hour apart: each message of a round is `<round>-<number>`, 200 bytes long. */
export async function appendHourly(store: LogStore, clock: TestClock, rounds: number, topic = 'TopicTest'): Promise<void> {
  for (let round = 0; round < rounds; round++) {
    await appendAll(store, Array.from({ length: 20 }, (_, number) => `${round}-${number}`.padEnd(200)), { topic });
    clock.aheadMs += hour;
  }
}

export const keepHours = (hours: number): RetentionPolicy => ({ ageMs: hours * hour });

export { appendAll, message };
