import type { TimerHandle, Timers } from '@kitemq/runtime';
import { expect, it } from 'vitest';
import { PullTurns, turnBytesMax } from '../../src/pull/pull-turns.ts';

/** Turns go on when the test says so. */
class ManualTurns implements Timers {
  #due: (() => void)[] = [];

  setTimeout(): TimerHandle {
    throw new Error('nobody should wait for a time');
  }

  setInterval(): TimerHandle {
    throw new Error('nobody should wait for a time');
  }

  setImmediate(callback: () => void): TimerHandle {
    this.#due.push(callback);
    return callback as unknown as TimerHandle;
  }

  clear(): void {}

  get scheduled(): number {
    return this.#due.length;
  }

  turn(): void {
    for (const callback of this.#due.splice(0)) callback();
  }
}

function started(bytesOf: (pull: number) => number): { turns: PullTurns<number>; timers: ManualTurns; done: number[]; ask: (pull: number) => void } {
  const timers = new ManualTurns();
  const done: number[] = [];
  const run = (pull: number): void => {
    done.push(pull);
    if (bytesOf(pull) > 0) turns.spend(bytesOf(pull));
  };
  const turns = new PullTurns<number>(timers, run);
  const ask = (pull: number): void => {
    if (turns.admits(pull)) run(pull);
  };
  return { turns, timers, done, ask };
}

it('pulls take their part of a turn, the others go on in the next, in order', () => {
  const { turns, timers, done, ask } = started(() => turnBytesMax / 4);
  for (let pull = 0; pull < 10; pull++) ask(pull);
  expect(done).toEqual([0, 1, 2, 3]);
  expect(turns.waiting).toBe(6);
  timers.turn();
  expect(done).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  ask(10);
  timers.turn();
  expect(done).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  timers.turn();
  expect(timers.scheduled).toBe(0);
  ask(11);
  expect(done.at(-1)).toBe(11);
});

it('those that are answered later, or with nothing, keep nobody waiting for ever', () => {
  const { turns, timers, done, ask } = started((pull) => (pull === 0 ? turnBytesMax : 0));
  for (let pull = 0; pull < 5; pull++) ask(pull);
  expect(done).toEqual([0]);
  timers.turn();
  expect(done).toEqual([0, 1, 2, 3, 4]);
  expect(turns.waiting).toBe(0);
});

it('runs all at the end', () => {
  const { turns, done, ask } = started(() => turnBytesMax);
  for (let pull = 0; pull < 5; pull++) ask(pull);
  turns.runAll();
  expect(done).toEqual([0, 1, 2, 3, 4]);
  expect(turns.waiting).toBe(0);
});
