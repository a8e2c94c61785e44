import type { ConfigEntry } from '../config/config-source.ts';
import { parseHostPort } from './host-port.ts';

/** The entry of a flag that stands for one key; none when the flag was not given. */
export function flagEntry(key: string, value: unknown, flag: string): ConfigEntry[] {
  return value === undefined ? [] : [{ key, text: String(value), origin: flag }];
}

/** `--listen HOST:PORT`. @throws KiteError `KITE_USAGE` */
export function listenEntries(value: unknown): ConfigEntry[] {
  if (value === undefined) return [];
  const { host, port } = parseHostPort(String(value), '--listen');
  return [...flagEntry('bindAddress', host, '--listen'), ...flagEntry('listenPort', port, '--listen')];
}

/** `--advertise HOST[:PORT]`: what clients are told to dial. @throws KiteError `KITE_USAGE` */
export function advertiseEntries(value: unknown): ConfigEntry[] {
  if (value === undefined) return [];
  const { host, port } = parseHostPort(String(value), '--advertise');
  return [...flagEntry('brokerIP1', host, '--advertise'), ...flagEntry('advertisedPort', port, '--advertise')];
}

const flushTypes: Readonly<Record<string, string>> = { sync: 'SYNC_FLUSH', async: 'ASYNC_FLUSH' };

/** `--flush sync|async`; Apache's words are taken too. */
export function flushEntries(value: unknown): ConfigEntry[] {
  return flagEntry('flushDiskType', value === undefined ? undefined : (flushTypes[String(value)] ?? value), '--flush');
}
