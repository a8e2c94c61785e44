import { describe, expect, it } from 'vitest';

import { markdownTable, median, pairRatios } from '../src/table.mjs';

const rate = { name: 'send', unit: 'msg/s', better: 'higher' } as const;
const latency = { name: 'p99', unit: 'ms', better: 'lower' } as const;

describe('ratios', () => {
  it('are per pair and above 1 where KiteMQ is better', () => {
    const samples = [
      { metric: rate, target: 'apache' as const, pair: 0, value: 100 },
      { metric: rate, target: 'kitemq' as const, pair: 0, value: 200 },
      { metric: rate, target: 'apache' as const, pair: 1, value: 50 },
      { metric: rate, target: 'kitemq' as const, pair: 1, value: 200 },
    ];
    expect(pairRatios(rate, samples)).toEqual([2, 4]);
    expect(markdownTable(samples)).toContain('| send | msg/s | 75.0 | 200 | 3.00× (2.00–4.00) |');
  });

  it('turn round for what should be low', () => {
    expect(
      pairRatios(latency, [
        { metric: latency, target: 'apache', pair: 0, value: 10 },
        { metric: latency, target: 'kitemq', pair: 0, value: 2 },
      ]),
    ).toEqual([5]);
  });

  it('the median of an even number of values is in the middle', () => {
    expect(median([4, 1, 3, 2])).toBe(2.5);
  });
});
