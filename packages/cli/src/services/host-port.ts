import { KiteError } from '@kitemq/runtime';

export interface HostPort {
  /** Undefined when only a port was given. */
  readonly host: string | undefined;
  /** Undefined when only a host was given. */
  readonly port: number | undefined;
}

function portOf(text: string, whole: string, flag: string): number {
  const port = Number(text);
  if (!/^\d{1,5}$/.test(text) || port > 65535) {
    throw new KiteError('KITE_USAGE', `${flag} is "${whole}": the port must be a whole number from 0 to 65535`);
  }
  return port;
}

/**
 * Reads `HOST:PORT`, `[IPV6]:PORT`, `HOST`, `PORT` or `:PORT`.
 * @throws KiteError `KITE_USAGE` naming `flag`
 */
export function parseHostPort(text: string, flag: string): HostPort {
  const trimmed = text.trim();
  if (trimmed === '') throw new KiteError('KITE_USAGE', `${flag} is empty: give HOST:PORT`);
  const bracketed = /^\[([^\]]+)\](?::(.+))?$/.exec(trimmed);
  if (bracketed !== null) return { host: bracketed[1], port: bracketed[2] === undefined ? undefined : portOf(bracketed[2], trimmed, flag) };
  if (/^\d+$/.test(trimmed)) return { host: undefined, port: portOf(trimmed, trimmed, flag) };
  const colon = trimmed.lastIndexOf(':');
  // More than one colon and no brackets: an IPv6 address alone.
  if (colon === -1 || trimmed.indexOf(':') !== colon) return { host: trimmed, port: undefined };
  return { host: colon === 0 ? undefined : trimmed.slice(0, colon), port: portOf(trimmed.slice(colon + 1), trimmed, flag) };
}

/** Splits an address as servers name themselves: RocketMQ writes IPv6 without brackets, so the last colon counts. */
export function splitAddress(address: string): { readonly host: string; readonly port: number } {
  const colon = address.lastIndexOf(':');
  return { host: address.slice(0, colon).replace(/^\[(.*)\]$/, '$1'), port: Number(address.slice(colon + 1)) };
}

/** The address as a person writes it: brackets around IPv6. */
export function shownAddress(address: string): string {
  const { host, port } = splitAddress(address);
  return formatHostPort(host, port);
}

/** `host:port`, with brackets around IPv6. */
export function formatHostPort(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}
