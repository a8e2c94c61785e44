import { describe, expect, it } from 'vitest';
import { advertisedAddress } from '../../src/registration/advertised-address.ts';
import { nameserverAddresses } from '../../src/registration/registration.ts';

const base = { config: { brokerIP1: undefined, bindAddress: '0.0.0.0', advertisedPort: 0 }, port: 10911, localIp: '10.0.0.7', machineAddresses: ['192.168.1.5'] };

describe('the address that clients are told', () => {
  it.each([
    ['what is configured, also a host name', { config: { ...base.config, brokerIP1: 'broker.example.org' } }, 'broker.example.org:10911'],
    ['`auto` for the nameserver to fill in', { config: { ...base.config, brokerIP1: 'auto' } }, 'auto:10911'],
    ['the configured port', { config: { ...base.config, advertisedPort: 30911 } }, '10.0.0.7:30911'],
    ['the address listened on, if it is one', { config: { ...base.config, bindAddress: '127.0.0.1' } }, '127.0.0.1:10911'],
    ['the address by which the nameserver is reached', {}, '10.0.0.7:10911'],
    ['the machine’s address, when the nameserver is reached by loopback', { localIp: '127.0.0.1' }, '192.168.1.5:10911'],
    ['loopback, when there is no other', { localIp: undefined, machineAddresses: [] }, '127.0.0.1:10911'],
  ])('is %s', (_name, input, address) => {
    expect(advertisedAddress({ ...base, ...input })).toBe(address);
  });
});

it('nameservers are separated by semicolons, each taken once', () => {
  expect(nameserverAddresses('a:1;b:2; a:1,c:3')).toEqual(['a:1', 'b:2', 'c:3']);
  expect(nameserverAddresses(undefined)).toEqual([]);
});
