import { KiteError } from '@kitemq/runtime';
import { describe, expect, it } from 'vitest';
import { formatHostPort, parseHostPort, shownAddress, splitAddress } from '../../src/services/host-port.ts';

describe('parseHostPort', () => {
  it.each([
    ['127.0.0.1:9876', '127.0.0.1', 9876],
    ['broker.example.com:0', 'broker.example.com', 0],
    ['[::1]:9876', '::1', 9876],
    ['[::1]', '::1', undefined],
    ['::1', '::1', undefined],
    ['9876', undefined, 9876],
    [':9876', undefined, 9876],
    ['auto', 'auto', undefined],
    [' host:1 ', 'host', 1],
  ])('%s', (text, host, port) => {
    expect(parseHostPort(text, '--listen')).toEqual({ host, port });
  });

  it.each(['host:', 'host:x', 'host:65536', '99999', '[::1]:-1', '', ' ', 'host:1e3'])('refuses %j, naming the flag', (text) => {
    try {
      parseHostPort(text, '--listen');
    } catch (error) {
      expect(KiteError.is(error, 'KITE_USAGE')).toBe(true);
      expect((error as Error).message).toContain('--listen');
      return;
    }
    throw new Error('expected it to be refused');
  });

  it("splits addresses as servers name themselves, RocketMQ's IPv6 without brackets too", () => {
    expect(splitAddress('::1:80')).toEqual({ host: '::1', port: 80 });
    expect(splitAddress('[::1]:80')).toEqual({ host: '::1', port: 80 });
    expect(splitAddress('a.b:80')).toEqual({ host: 'a.b', port: 80 });
    expect(shownAddress('::1:80')).toBe('[::1]:80');
  });

  it('writes brackets around IPv6', () => {
    expect(formatHostPort('::1', 1)).toBe('[::1]:1');
    expect(formatHostPort('a', 1)).toBe('a:1');
  });
});
