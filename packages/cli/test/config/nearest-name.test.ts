import { describe, expect, it } from 'vitest';
import { nearestName } from '../../src/config/nearest-name.ts';

describe('nearestName', () => {
  const known = ['listenPort', 'brokerName', 'flushDiskType', 'namesrvAddr'];

  it.each([
    ['listenport', 'listenPort'],
    ['lisetnPort', 'listenPort'],
    ['brokername', 'brokerName'],
    ['flushDisk', 'flushDiskType'],
    ['nameserverAddr', 'namesrvAddr'],
  ])('%s is meant to be %s', (typed, meant) => {
    expect(nearestName(typed, known)).toBe(meant);
  });

  it('stays silent when nothing is near', () => {
    expect(nearestName('zzz', known)).toBeUndefined();
    expect(nearestName('', known)).toBeUndefined();
    expect(nearestName('x', [])).toBeUndefined();
  });
});
