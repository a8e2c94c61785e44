import { describe, expect, it } from 'vitest';
import { BrokerStats } from '../../src/stats/broker-stats.ts';
import { RateCounter } from '../../src/stats/rate-counter.ts';

describe('a rate counter', () => {
  it('tells sum, rate and average over about a minute, an hour, a day', () => {
    const counter = new RateCounter();
    counter.add(10);
    let now = 0;
    for (let tick = 1; tick <= 360 * 2; tick++) {
      now += 10_000;
      counter.add(100);
      counter.sample(tick, now);
    }
    expect(counter.window('minute')).toEqual({ sum: 600, tps: 10, avgpt: 100, times: 6 });
    expect(counter.window('hour')).toMatchObject({ tps: 10, avgpt: 100 });
    expect(counter.window('hour').sum).toBe(36_000);
    expect(counter.window('day').sum).toBe(72_000 - 100);
  });

  it('that never counted tells zeros', () => {
    const counter = new RateCounter();
    counter.sample(1, 10_000);
    expect(counter.window('minute')).toEqual({ sum: 0, tps: 0, avgpt: 0, times: 0 });
  });
});

describe('what the broker does', () => {
  it('is told per second over 10, 60 and 600 s, and since midnight', () => {
    let now = Date.UTC(2026, 0, 1, 23, 59, 30);
    const stats = new BrokerStats({ now: () => now, monotonic: () => now });
    stats.stored(50, 5_000);
    stats.delivered(20, 2_000);
    now += 10_000;
    stats.sample([]);
    expect(stats.rates('put')).toBe('5 5 5');
    expect(stats.rates('transferred')).toBe('2 2 2');
    now += 50_000;
    stats.sample([]);
    expect(stats.rates('put').split(' ')[0]).toBe('0');
    expect([stats.putTodayMorning, stats.getTodayMorning, stats.putYesterdayMorning]).toEqual([50, 20, 0]);
  });
});
