import { AppendOutcome, AppendStatus } from '@kitemq/store';
import { describe, expect, it } from 'vitest';
import { ScheduleWorld } from './schedule-world.ts';

function waiting(...bodies: string[]): ScheduleWorld {
  const world = new ScheduleWorld();
  for (const body of bodies) world.add(body);
  world.service.start();
  return world;
}

describe('delayed messages whose segment goes', () => {
  it('are appended again before, and wait anew', async () => {
    const world = waiting('a', 'b');
    await world.advance(10);
    const end = world.position;
    const carry = world.carry(end);
    await world.advance(0);
    expect([carry.ended, world.waiting(end), world.offset, world.delivered]).toEqual(['carried', ['a', 'b'], 2, []]);
  });

  it('are appended again when that is asked for after the pass under way found them waiting', async () => {
    const world = new ScheduleWorld();
    world.addDue('due');
    world.add('waits');
    const end = world.position;
    let carry: { ended: string | undefined } | undefined;
    world.onRead = () => queueMicrotask(() => (carry ??= world.carry(end)));
    world.service.start();
    await world.advance(0);
    expect([carry?.ended, world.waiting(end), world.delivered]).toEqual(['carried', ['waits'], ['T/3:due']]);
  });

  it('are appended again up to the farthest place when two ask', async () => {
    const world = waiting('a');
    const middle = world.position;
    world.add('b');
    const end = world.position;
    const carries = [world.carry(end), world.carry(middle)];
    await world.advance(0);
    expect([carries.map(({ ended }) => ended), world.waiting(end), world.offset]).toEqual([['carried', 'carried'], ['a', 'b'], 2]);
  });

  it.each([
    ['the store takes nothing', { status: AppendStatus.busy }],
    ['the disk is full', { outcome: AppendOutcome.failed }],
  ])('keep it when %s', async (_when, result) => {
    const world = waiting('a');
    const end = world.position;
    world.add('behind');
    world.plan = () => result;
    const carry = world.carry(end);
    await world.advance(0);
    expect(carry.ended).toBe('KITE_STORE_BUSY');
    world.plan = () => ({});
    const again = world.carry(end);
    await world.advance(0);
    expect([again.ended, world.waiting(end)]).toEqual(['carried', ['behind', 'a']]);
  });

  it('keep it when they cannot be read', async () => {
    const world = waiting('a');
    world.unreadable = true;
    const carry = world.carry(world.position);
    await world.advance(0);
    expect(carry.ended).toBe('KITE_STORE_BUSY');
  });

  it('do not keep it when only later ones cannot be stored', async () => {
    const world = new ScheduleWorld();
    world.service.start();
    await world.advance(0);
    const end = world.position;
    world.addDue('a');
    world.plan = () => ({ status: AppendStatus.diskFull });
    const carry = world.carry(end);
    await world.advance(0);
    expect(carry.ended).toBe('carried');
  });

  it('do not keep it when they are damaged', async () => {
    const world = waiting('a');
    world.queue[0]!.record = undefined;
    const carry = world.carry(world.position);
    await world.advance(0);
    expect([carry.ended, world.offset]).toEqual(['carried', 1]);
  });

  it('do not keep a broker from stopping, between two passes or during one', async () => {
    const between = waiting('a');
    await between.advance(0);
    const first = between.carry(between.position);
    await between.service.stop();
    await between.advance(0);
    expect(first.ended).toBe('KITE_ABORTED');

    const during = waiting('a');
    const second = during.carry(during.position);
    let stopped: Promise<void> | undefined;
    during.plan = () => {
      stopped = during.service.stop();
      return {};
    };
    await during.advance(0);
    await stopped;
    const late = during.carry(during.position);
    await during.advance(0);
    expect([second.ended, late.ended]).toEqual(['KITE_ABORTED', 'KITE_ABORTED']);
  });
});
