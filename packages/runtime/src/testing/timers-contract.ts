import assert from 'node:assert/strict';
import type { Clock } from '../clock.ts';
import type { Timers } from '../timers.ts';
import type { ContractCase } from './contract-case.ts';

export interface TimersFixture {
  readonly clock: Clock;
  readonly timers: Timers;
}

/** What every {@link Timers} and {@link Clock} promise. */
export const timersContract: readonly ContractCase<TimersFixture>[] = [
  {
    name: 'timeouts come in the order of their times, not early',
    async run({ clock, timers }) {
      const order: string[] = [];
      const start = clock.monotonic();
      await new Promise<void>((resolve) => {
        timers.setTimeout(() => order.push('first'), 1);
        timers.setTimeout(() => {
          order.push('last');
          resolve();
        }, 40);
        timers.setTimeout(() => order.push('second'), 15);
      });
      assert.deepEqual(order, ['first', 'second', 'last']);
      // Node rounds to whole milliseconds of its own cached time.
      assert.ok(clock.monotonic() - start >= 38);
      assert.ok(Number.isInteger(clock.now()));
    },
  },
  {
    name: 'immediates come after this turn and its microtasks, before later timeouts, in order',
    async run({ timers }) {
      const order: string[] = [];
      await new Promise<void>((resolve) => {
        timers.setTimeout(resolve, 20);
        timers.setImmediate(() => {
          order.push('immediate');
          timers.setImmediate(() => order.push('next turn'));
          queueMicrotask(() => order.push('its microtask'));
        });
        timers.setImmediate(() => order.push('second immediate'));
        queueMicrotask(() => order.push('microtask'));
        order.push('now');
      });
      assert.deepEqual(order, ['now', 'microtask', 'immediate', 'its microtask', 'second immediate', 'next turn']);
    },
  },
  {
    name: 'what was cleared does not come; clearing twice, late, or nothing is harmless',
    async run({ timers }) {
      const came: string[] = [];
      const late = timers.setTimeout(() => came.push('late'), 1);
      const cleared = [
        timers.setTimeout(() => came.push('timeout'), 1),
        timers.setTimeout(() => came.push('far'), 2 ** 40),
        timers.setInterval(() => came.push('interval'), 1),
        timers.setImmediate(() => came.push('immediate')),
      ];
      for (const handle of [...cleared, ...cleared, undefined]) timers.clear(handle);
      await new Promise<void>((resolve) => timers.setTimeout(resolve, 20));
      timers.clear(late);
      assert.deepEqual(came, ['late']);
    },
  },
  {
    name: 'an interval comes until it is cleared, also from inside',
    async run({ timers }) {
      let count = 0;
      await new Promise<void>((resolve) => {
        const handle = timers.setInterval(() => {
          if (++count < 3) return;
          timers.clear(handle);
          timers.setTimeout(resolve, 10);
        }, 2);
      });
      assert.equal(count, 3);
    },
  },
];
