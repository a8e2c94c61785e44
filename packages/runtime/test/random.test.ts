import { describe, expect, test } from 'vitest';
import { Backoff, NodeRandom, Sfc32 } from '@kitemq/runtime';

describe('Sfc32', () => {
  test('the same seed gives the same numbers, a neighbouring one others', () => {
    const draw = (seed: number): number[] => {
      const generator = new Sfc32(seed, 0, 0, 0);
      return Array.from({ length: 20 }, () => generator.uint32());
    };
    expect(draw(1)).toEqual(draw(1));
    expect(draw(1).filter((each) => draw(2).includes(each))).toEqual([]);
  });

  test('is even: every sixteenth of the range gets its share, bounds hold', () => {
    const generator = new Sfc32(1, 2, 3, 4);
    const counts = new Array<number>(16).fill(0);
    for (let index = 0; index < 160_000; index++) counts[generator.below(16)]!++;
    // 10 000 each; five standard deviations are 485.
    for (const count of counts) expect(Math.abs(count - 10_000)).toBeLessThan(485);
    for (let index = 0; index < 1000; index++) {
      const value = generator.float();
      expect(value >= 0 && value < 1).toBe(true);
      expect(Number.isInteger(generator.below(2 ** 32))).toBe(true);
    }
  });
});

describe('NodeRandom', () => {
  test('two of them differ; bytes have the length asked for', () => {
    const [a, b] = [new NodeRandom(), new NodeRandom()];
    expect([a.uint32(), a.uint32(), a.uint32()]).not.toEqual([b.uint32(), b.uint32(), b.uint32()]);
    expect(a.bytes(33)).toHaveLength(33);
    expect(a.bytes(16)).not.toEqual(a.bytes(16));
    expect(a.below(1)).toBe(0);
    expect(a.float()).toBeLessThan(1);
  });
});

describe('Backoff', () => {
  test('grows to its limit, leaves the jitter to chance, starts again after reset', () => {
    const floats = [0, 0.5, 1 - Number.EPSILON, 0, 0];
    const random = { uint32: () => 0, below: () => 0, float: () => floats.shift()!, bytes: () => new Uint8Array() };
    const backoff = new Backoff({ random, firstMs: 100, maxMs: 300, jitter: 0.5 });
    expect([backoff.next(), backoff.next(), backoff.next(), backoff.next()]).toEqual([100, 150, expect.closeTo(150), 300]);
    expect(backoff.attempts).toBe(4);
    backoff.reset();
    expect(backoff.next()).toBe(100);
  });
});
