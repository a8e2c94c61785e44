import { describe, expect, it } from 'vitest';
import { parseAddresses } from '../../src/connection/nameservers.ts';
import { Client } from '../../src/index.ts';

describe('name server addresses', () => {
  it.each<[string | string[], string[]]>([
    ['127.0.0.1:9876', ['127.0.0.1:9876']],
    ['a:1;b:2', ['a:1', 'b:2']],
    [' a:1 , b:2; a:1 ', ['a:1', 'b:2']],
    [['ns.example:9876', '::1:9876'], ['ns.example:9876', '::1:9876']],
  ])('%j', (given, expected) => {
    expect(parseAddresses(given)).toEqual(expected);
  });

  it.each(['', 'localhost', 'a:b', 'a:0', 'a:70000', ';'])("'%s' is refused before anything is dialled", (given) => {
    expect(() => new Client({ nameservers: given })).toThrow(expect.objectContaining({ code: 'KITE_OPTION_INVALID' }));
  });
});
