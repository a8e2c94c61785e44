import { describe, expect, it } from 'vitest';
import { addressAdvice } from '../../src/work/doctor-work.ts';

describe('addressAdvice', () => {
  it.each([
    ['0.0.0.0', '10.0.0.1', 'an address nobody can dial'],
    ['::', '10.0.0.1', 'an address nobody can dial'],
    ['127.0.0.1', '10.0.0.1', 'a loopback address, which is another machine for each client'],
    ['localhost', 'broker.example', 'a loopback address'],
    ['172.17.0.2', '10.0.0.1', '172.17.0.2 is a private address'],
    ['10.1.2.3', 'broker.example', 'is a private address'],
    ['127.0.0.1', '127.0.0.1', 'is the broker running'],
    ['broker.example', 'broker.example', 'is the broker running'],
    ['172.32.0.1', '10.0.0.1', 'is the broker running'],
  ])('%s, seen through a nameserver at %s', (host, nameserver, part) => {
    const advice = addressAdvice(host, nameserver);
    expect(advice).toContain(part);
    expect(advice).toContain('brokerIP1');
  });
});
