import { describe, expect, test } from 'vitest';
import { deferred, KiteError, sleep, TaskScope } from '@kitemq/runtime';
import { ManualTime } from './manual-time.ts';

const setUp = () => {
  const time = new ManualTime();
  const errors: string[] = [];
  const scope = new TaskScope({ timers: time, onError: (error, task) => errors.push(`${task}: ${(error as Error).message}`) });
  return { time, errors, scope };
};

describe('TaskScope', () => {
  test('close cancels and waits for tasks, children and loops', async () => {
    const { time, errors, scope } = setUp();
    const log: string[] = [];
    scope.run('task', async () => {
      try {
        await scope.sleep(1000);
      } finally {
        log.push('task ended');
      }
    });
    const child = scope.child();
    const step = deferred<void>();
    child.run('child task', async (signal) => {
      await step.promise;
      log.push(signal.aborted ? 'child saw the signal' : 'child saw nothing');
    });
    scope.after('never', 50, () => void log.push('never'));
    scope.every('loop', 10, () => void log.push('loop'));
    await time.advance(25);
    const closing = scope.close().then(() => log.push('closed'));
    await time.advance(100);
    expect(log).toEqual(['loop', 'loop', 'task ended']);
    step.resolve();
    await closing;
    expect(log).toEqual(['loop', 'loop', 'task ended', 'child saw the signal', 'closed']);
    expect(errors).toEqual([]);
    expect(time.waiting).toBe(0);
    await scope.close();
  });

  test('what tasks throw goes to the handler, with their names; the scope lives on', async () => {
    const { time, errors, scope } = setUp();
    scope.run('first', () => Promise.reject(new Error('bad')));
    scope.child().after('second', 5, () => {
      throw new Error('worse');
    });
    let runs = 0;
    scope.every('third', 10, async () => {
      if (++runs === 1) throw new Error('once');
    });
    await time.advance(35);
    expect(errors).toEqual(['first: bad', 'second: worse', 'third: once']);
    expect(runs).toBe(3);
    await scope.close();
  });

  test('a loop never overlaps itself and can be stopped', async () => {
    const { time, scope } = setUp();
    const gate = deferred<void>();
    let started = 0;
    const stop = scope.every('slow', 10, () => {
      started++;
      return gate.promise;
    });
    await time.advance(100);
    expect(started).toBe(1);
    gate.resolve();
    await time.advance(10);
    await time.advance(10);
    expect(started).toBeGreaterThan(1);
    stop();
    const before = started;
    await time.advance(100);
    expect(started).toBe(before);
    await scope.close();
  });

  test('after closing nothing starts', async () => {
    const { time, errors, scope } = setUp();
    await scope.close();
    scope.run('late', async () => expect.unreachable());
    scope.after('later', 1, () => expect.unreachable())();
    const child = scope.child();
    child.run('child', async () => expect.unreachable());
    await time.advance(10);
    expect([child.closed, time.waiting, errors]).toEqual([true, 0, []]);
  });

  test('await using closes it', async () => {
    const { time } = setUp();
    let ended = false;
    {
      await using scope = new TaskScope({ timers: time, onError: (error) => expect.unreachable(String(error)) });
      scope.run('task', async (signal) => {
        await sleep(time, 1000, signal).catch(() => {});
        ended = true;
      });
    }
    expect(ended).toBe(true);
  });
});

describe('sleep', () => {
  test('ends with KITE_ABORTED when its signal aborts, before or during, and leaves no timer', async () => {
    const time = new ManualTime();
    const controller = new AbortController();
    const sleeping = sleep(time, 1000, controller.signal);
    controller.abort('enough');
    const error: unknown = await sleeping.catch((each: unknown) => each);
    expect(KiteError.is(error, 'KITE_ABORTED')).toBe(true);
    expect((error as KiteError).cause).toBe('enough');
    expect(time.waiting).toBe(0);
    await expect(sleep(time, 1000, controller.signal)).rejects.toMatchObject({ code: 'KITE_ABORTED' });
  });
});
