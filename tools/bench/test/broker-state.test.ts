import { expect, it } from 'vitest';

import { sumOfCounts } from '../src/broker-state.mjs';

const line = (count: string, call: string): string => `${count},,syscalls:sys_enter_${call},1000,100.00,,\n`;

it('adds up what perf counted; what was never called counts as none', () => {
  const output = `${line('12', 'fsync')}${line('<not counted>', 'fdatasync')}${line('30', 'msync')}${line('0', 'sync_file_range')}`;
  expect(sumOfCounts(output)).toBe(42);
});

it('is unknown where perf could not count', () => {
  expect(sumOfCounts('')).toBeNaN();
  expect(sumOfCounts('event syntax error: unknown tracepoint\n')).toBeNaN();
});
