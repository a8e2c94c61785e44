import { KiteError } from '@kitemq/runtime';
import { readInt32, writeInt32 } from '../record/int64.ts';

/**
 * Address and port as records hold them: 4 or 16 address bytes and an int32 port. An IPv4 address in IPv6 clothes (`::ffff:1.2.3.4`)
 * becomes an IPv4 one.
 * @throws KiteError `KITE_ADDRESS_INVALID`
 */
export function encodeHost(ip: string, port: number): Uint8Array {
  const address = encodeIp(ip);
  const bytes = new Uint8Array(address.length + 4);
  bytes.set(address);
  writeInt32(bytes, address.length, port);
  return bytes;
}

/** The address in 4 or 16 bytes. @throws KiteError `KITE_ADDRESS_INVALID` */
export function encodeIp(ip: string): Uint8Array {
  const address = parseIpv4(ip) ?? parseIpv6(ip);
  if (address === undefined) throw new KiteError('KITE_ADDRESS_INVALID', `${JSON.stringify(ip)} is no IP address`);
  return address;
}

/** `ip:port`, as Java writes it: IPv6 in eight groups, without brackets. */
export function hostText(host: Uint8Array): string {
  return `${ipText(host.subarray(0, host.length - 4))}:${readInt32(host, host.length - 4)}`;
}

/** The text of 4 or 16 address bytes. */
export function ipText(address: Uint8Array): string {
  if (address.length === 4) return address.join('.');
  const groups: string[] = [];
  for (let index = 0; index < address.length; index += 2) groups.push(((address[index]! << 8) | address[index + 1]!).toString(16));
  return groups.join(':');
}

/** Splits `host:port` at the last colon; brackets around IPv6 are taken off. @throws KiteError `KITE_ADDRESS_INVALID` */
export function parseHostPort(text: string): { readonly host: string; readonly port: number } {
  const match = /^\s*(?:\[([^\]]+)\]|(.+)):(\d{1,5})\s*$/.exec(text);
  const port = Number(match?.[3]);
  if (match === null || port > 65_535) throw new KiteError('KITE_ADDRESS_INVALID', `${JSON.stringify(text)} is not HOST:PORT`);
  return { host: (match[1] ?? match[2])!, port };
}

function parseIpv4(text: string): Uint8Array | undefined {
  const parts = text.split('.');
  if (parts.length !== 4 || !parts.every((part) => /^\d{1,3}$/.test(part) && Number(part) <= 255)) return undefined;
  return Uint8Array.from(parts, Number);
}

function parseIpv6(text: string): Uint8Array | undefined {
  const zone = text.indexOf('%');
  const address = zone < 0 ? text : text.slice(0, zone);
  const halves = address.split('::');
  if (halves.length > 2 || !address.includes(':')) return undefined;
  const head = groupsOf(halves[0]!);
  const tail = groupsOf(halves[1] ?? '');
  if (head === undefined || tail === undefined) return undefined;
  const missing = 8 - head.length - tail.length;
  if (halves.length === 2 ? missing < 1 : missing !== 0) return undefined;
  const groups = [...head, ...Array.from({ length: missing }, () => 0), ...tail];
  const bytes = Uint8Array.from(groups.flatMap((group) => [group >> 8, group & 0xff]));
  const mapped = groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xff_ff;
  return mapped ? bytes.slice(12) : bytes;
}

function groupsOf(text: string): number[] | undefined {
  if (text === '') return [];
  const groups: number[] = [];
  const parts = text.split(':');
  for (const [index, part] of parts.entries()) {
    const dotted = index === parts.length - 1 ? parseIpv4(part) : undefined;
    if (dotted !== undefined) groups.push((dotted[0]! << 8) | dotted[1]!, (dotted[2]! << 8) | dotted[3]!);
    else if (/^[0-9a-fA-F]{1,4}$/.test(part)) groups.push(Number.parseInt(part, 16));
    else return undefined;
  }
  return groups;
}
