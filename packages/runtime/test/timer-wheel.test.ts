import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { TimerWheel, WheelEntry } from '@kitemq/runtime';
import { ManualTime } from './manual-time.ts';

class Entry extends WheelEntry {
  readonly name: string;
  readonly log: string[];
  onExpired: () => void = () => {};

  constructor(name: string, log: string[]) {
    super();
    this.name = name;
    this.log = log;
  }

  expired(): void {
    this.log.push(this.name);
    this.onExpired();
  }
}

const setUp = (options: { tickMs?: number; slots?: number; onError?: (error: unknown) => void } = {}) => {
  const time = new ManualTime();
  const log: string[] = [];
  const wheel = new TimerWheel({ clock: time, timers: time, tickMs: 10, slots: 8, ...options });
  return { time, log, wheel, entry: (name: string) => new Entry(name, log) };
};

describe('TimerWheel', () => {
  test('property: nothing expires early, nothing later than two ticks, nothing twice, nothing cancelled', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ delay: fc.integer({ min: 0, max: 500 }), pause: fc.integer({ min: 0, max: 40 }), cancel: fc.boolean() }), { maxLength: 30 }),
        async (plans) => {
          const { time, wheel } = setUp();
          const expirations: { due: number; at: number; plan: number }[] = [];
          const expected = new Set<number>();
          for (const [plan, { delay, pause, cancel }] of plans.entries()) {
            const due = time.monotonic() + delay;
            const entry = new Entry(String(plan), []);
            entry.onExpired = () => expirations.push({ due, at: time.monotonic(), plan });
            wheel.schedule(entry, delay);
            await time.advance(pause);
            if (cancel && wheel.cancel(entry)) continue;
            expected.add(plan);
          }
          await time.advance(1000);
          for (const { due, at } of expirations) {
            expect(at).toBeGreaterThanOrEqual(due);
            expect(at).toBeLessThanOrEqual(due + 20);
          }
          expect(expirations.map(({ plan }) => plan).sort()).toEqual([...expected].sort());
          expect(wheel.size).toBe(0);
        },
      ),
      { numRuns: 60 },
    );
  });

  test('its timer runs only while entries wait', async () => {
    const { time, wheel, entry } = setUp();
    expect(time.waiting).toBe(0);
    wheel.schedule(entry('a'), 5);
    expect(time.waiting).toBe(1);
    await time.advance(100);
    expect(time.waiting).toBe(0);
  });

  test('scheduling again moves an entry', async () => {
    const { time, log, wheel, entry } = setUp();
    const one = entry('one');
    wheel.schedule(one, 20);
    wheel.schedule(one, 200);
    expect(wheel.size).toBe(1);
    await time.advance(150);
    expect(log).toEqual([]);
    await time.advance(100);
    expect(log).toEqual(['one']);
  });

  test('an entry may schedule itself and cancel its neighbours while it expires', async () => {
    const { time, log, wheel, entry } = setUp();
    const [first, second] = [entry('first'), entry('second')];
    let again = 2;
    first.onExpired = () => {
      wheel.cancel(second);
      if (again-- > 0) wheel.schedule(first, 0);
    };
    wheel.schedule(first, 15);
    wheel.schedule(second, 15);
    await time.advance(200);
    expect(log).toEqual(['first', 'first', 'first']);
  });

  test('after a stall longer than a round everything due expires, in one go', async () => {
    const { time, log, wheel, entry } = setUp();
    for (let index = 0; index < 20; index++) wheel.schedule(entry(String(index)), index * 10);
    time.stall(1000);
    await time.advance(0);
    expect(new Set(log).size).toBe(20);
  });

  test('an entry that throws is reported and does not stop the others', async () => {
    const errors: unknown[] = [];
    const { time, log, wheel, entry } = setUp({ onError: (error) => errors.push(error) });
    const bad = entry('bad');
    bad.onExpired = () => {
      throw new Error('broken');
    };
    wheel.schedule(bad, 10);
    wheel.schedule(entry('good'), 10);
    await time.advance(100);
    expect(log).toEqual(['bad', 'good']);
    expect(errors).toHaveLength(1);
  });

  test('close forgets all', async () => {
    const { time, log, wheel, entry } = setUp();
    wheel.schedule(entry('a'), 10);
    wheel.schedule(entry('b'), 1000);
    wheel.close();
    await time.advance(2000);
    expect(log).toEqual([]);
    expect([wheel.size, time.waiting]).toEqual([0, 0]);
  });
});
