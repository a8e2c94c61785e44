import { describe, expect, it } from 'vitest';
import { parseAddress } from '../src/index.ts';

describe('addresses', () => {
  it.each([
    ['127.0.0.1:9876', '127.0.0.1', 9_876],
    ['broker-a.example:10911', 'broker-a.example', 10_911],
    ['fe80::1:10911', 'fe80::1', 10_911],
    ['[fe80::1]:10911', 'fe80::1', 10_911],
  ])('%s', (address, host, port) => expect(parseAddress(address)).toEqual({ host, port }));

  it.each(['', ':1', 'x', 'x:', 'x:0', 'x:65536', 'x:1a', 'x:-1', 'x: 1'])('"%s" is none', (address) => {
    expect(() => parseAddress(address)).toThrow(expect.objectContaining({ code: 'KITE_ADDRESS_INVALID' }));
  });
});
