import { AppendOutcome, AppendStatus } from '@kitemq/store';
import { describe, expect, it } from 'vitest';
import { delayMs, ScheduleWorld } from './schedule-world.ts';

const retryMs = 10_000;

function started(...bodies: string[]): ScheduleWorld {
  const world = new ScheduleWorld();
  world.addDue(...bodies);
  world.service.start();
  return world;
}

describe('delayed delivery', () => {
  it('stores all that is due together, in order', async () => {
    const bodies = Array.from({ length: 600 }, (_, i) => String(i));
    const world = started(...bodies);
    await world.advance(0);
    expect(world.delivered).toEqual(bodies.map((body) => `T/3:${body}`));
    expect([world.offset, world.reads]).toEqual([600, 3]);
  });

  it('delivers again from the first that failed, and counts none as delivered that came after it', async () => {
    const world = started('a', 'b', 'c', 'd');
    world.plan = (nth) => (nth === 1 ? { outcome: AppendOutcome.failed } : {});
    await world.advance(0);
    // c and d may come twice: at least once is the promise.
    expect(world.delivered.slice(0, 3)).toEqual(['T/3:a', 'T/3:c', 'T/3:d']);
    expect(world.delivered.slice(3)).toEqual(['T/3:b', 'T/3:c', 'T/3:d']);
    expect(world.offset).toBe(4);
  });

  it('passes over nothing when its saved progress is beyond the end of the log', async () => {
    const world = new ScheduleWorld();
    world.saved = [7];
    world.addDue('a');
    world.service.start();
    world.addDue('b');
    await world.advance(0);
    expect([world.delivered, world.offset]).toEqual([['T/3:b'], 2]);
  });

  it('waits while the store takes nothing', async () => {
    const world = started('a', 'b');
    world.plan = (nth) => (nth < 3 ? { status: AppendStatus.diskFull } : {});
    await world.advance(3 * retryMs - 1);
    expect([world.delivered, world.appends]).toEqual([[], 3]);
    await world.advance(1);
    expect([world.delivered, world.offset]).toEqual([['T/3:a', 'T/3:b'], 2]);
  });

  it('delivers once what was taken before the store took no more, and goes on when that is stored', async () => {
    const world = started('a', 'b', 'c', 'd', 'e');
    let inFlight = 0;
    world.plan = () => (++inFlight > 2 ? { status: AppendStatus.busy } : {});
    // The two have ended when the next pass reads.
    world.onRead = () => (inFlight = 0);
    await world.advance(0);
    expect(world.delivered).toEqual(['a', 'b', 'c', 'd', 'e'].map((body) => `T/3:${body}`));
    expect(world.offset).toBe(5);
  });

  it('delivers once what was stored before the disk was full', async () => {
    const world = started('a', 'b', 'c');
    let full = true;
    world.plan = (nth) => (full && nth > 0 ? { outcome: AppendOutcome.failed } : {});
    await world.advance(retryMs - 1);
    expect([world.delivered, world.offset]).toEqual([['T/3:a'], 1]);
    full = false;
    await world.advance(1);
    expect([world.delivered, world.offset]).toEqual([['T/3:a', 'T/3:b', 'T/3:c'], 3]);
  });

  it('skips what does not say where it goes, or cannot be stored there, and says so once', async () => {
    const world = new ScheduleWorld();
    world.addDue('a');
    world.add('lost', {}, world.now - delayMs);
    world.addDue('b', 'illegal', 'c');
    world.plan = (_nth, body) => (body === 'illegal' ? { status: AppendStatus.messageIllegal } : {});
    world.service.start();
    await world.advance(0);
    expect([world.delivered, world.offset]).toEqual([['T/3:a', 'T/3:b', 'T/3:c'], 5]);
    expect(world.logger.lines.filter(({ level }) => level === 'warn').map(({ fields }) => fields['offset'])).toEqual([1, 3]);
  });

  it('passes over lost records, and delivers what is behind them once', async () => {
    const world = new ScheduleWorld();
    world.addDue('x', 'y', 'a', 'x', 'b', 'x');
    for (const offset of [0, 1, 3, 5]) world.queue[offset]!.record = undefined;
    world.service.start();
    await world.advance(retryMs);
    expect([world.delivered, world.offset, world.reads]).toEqual([['T/3:a', 'T/3:b'], 6, 1]);
  });

  it('passes over more lost records than a read looks at, and over those before a message that waits', async () => {
    const world = new ScheduleWorld();
    for (let i = 0; i < 300; i++) world.add('x').record = undefined;
    world.add('waits');
    world.service.start();
    await world.advance(0);
    expect([world.offset, world.reads]).toEqual([300, 2]);
    await world.advance(delayMs);
    expect([world.delivered, world.offset]).toEqual([['T/3:waits'], 301]);
  });

  it('does not follow an offset that a damaged head says', async () => {
    const world = new ScheduleWorld();
    world.addDue('a', 'b', 'c');
    world.queue[1]!.record!.writeUInt8(0x7f, 22);
    world.plan = (nth) => (nth === 2 ? { status: AppendStatus.busy } : {});
    world.service.start();
    await world.advance(0);
    expect([world.delivered, world.offset]).toEqual([['T/3:a', 'T/3:b', 'T/3:c'], 3]);
  });

  it('goes on where the queue begins', async () => {
    const world = started('gone', 'gone', 'a');
    world.minOffset = 2;
    await world.advance(0);
    expect([world.delivered, world.offset]).toEqual([['T/3:a'], 3]);
  });

  it('asks now and then for what the disk cannot read', async () => {
    const world = started('a');
    world.unreadable = true;
    await world.advance(3 * retryMs - 1);
    expect([world.reads, world.offset]).toEqual([3, 0]);
    world.unreadable = false;
    await world.advance(1);
    expect(world.delivered).toEqual(['T/3:a']);
  });

  it('that is stopped during a read delivers nothing any more', async () => {
    const world = started('a');
    let stopped: Promise<void> | undefined;
    world.onRead = () => (stopped = world.service.stop());
    await world.advance(retryMs);
    await stopped;
    expect([world.appends, world.offset, world.reads]).toEqual([0, 0, 1]);
  });
});

describe('the progress of delayed delivery', () => {
  it('is saved again when that failed', async () => {
    const world = started('a');
    await world.advance(0);
    const { put } = world;
    world.put = () => Promise.reject(new Error('busy'));
    await expect(world.service.save()).rejects.toThrow('busy');
    world.put = put;
    await world.service.save();
    expect(world.saved).toEqual([1]);
  });

  it('is saved when the log ended before it', async () => {
    const world = new ScheduleWorld();
    world.saved = [7];
    world.service.start();
    await world.service.save();
    expect(world.saved).toEqual([0]);
  });

  it('of levels that the setting has no more is kept', async () => {
    const world = new ScheduleWorld();
    world.saved = [0, 5, 6];
    world.addDue('a');
    world.service.start();
    await world.advance(0);
    await world.service.stop();
    expect(world.saved).toEqual([1, 5, 6]);
  });
});
