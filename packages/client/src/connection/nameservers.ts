import type { AnyCommand, RequestBodyOf, RequestHeaderOf } from '@kitemq/protocol';
import type { Reply } from '@kitemq/remoting';
import type { Random } from '@kitemq/runtime';
import { KiteError } from '@kitemq/runtime';
import type { LinkOptions, ServerLink } from './server-link.ts';

/** A name server gets at least this long before the next one is tried, ms. */
const TRY_MS_MIN = 500;

/** Splits `host:port;host:port` or takes a list. @throws KiteError `KITE_OPTION_INVALID` */
export function parseAddresses(nameservers: string | readonly string[]): string[] {
  const parts = typeof nameservers === 'string' ? nameservers.split(/[;,]/) : nameservers;
  const addresses = [...new Set(parts.map((part) => part.trim()).filter((part) => part !== ''))];
  for (const address of addresses) {
    const port = Number(address.slice(address.lastIndexOf(':') + 1));
    if (!address.includes(':') || !Number.isInteger(port) || port < 1 || port > 65_535) {
      throw new KiteError('KITE_OPTION_INVALID', `nameservers: '${address}' is not host:port`);
    }
  }
  if (addresses.length === 0) throw new KiteError('KITE_OPTION_INVALID', 'nameservers: give at least one host:port');
  return addresses;
}

/** The name servers: one is asked as long as it answers, then the next. Which one comes first is left to chance. */
export class Nameservers {
  readonly addresses: readonly string[];
  readonly #link: ServerLink;
  #current: number;

  constructor(addresses: readonly string[], link: ServerLink, random: Random) {
    this.addresses = addresses;
    this.#link = link;
    this.#current = random.below(addresses.length);
  }

  /** The one in use. */
  get current(): string {
    return this.addresses[this.#current] as string;
  }

  /** The first answer. @throws KiteError `KITE_NAMESERVER_UNREACHABLE` when none answered in time, `KITE_ABORTED` */
  async invoke<C extends AnyCommand>(
    command: C,
    header: RequestHeaderOf<C>,
    call: LinkOptions,
    body?: RequestBodyOf<C>,
  ): Promise<Reply<C>> {
    const tries = this.addresses.length;
    const perTryMs = Math.max(Math.min(TRY_MS_MIN, call.timeoutMs), Math.floor(call.timeoutMs / tries));
    let lastError: unknown;
    for (let attempt = 0; attempt < tries; attempt++) {
      const index = this.#current;
      try {
        return await this.#link.invoke(this.current, command, header, { ...call, timeoutMs: perTryMs }, body);
      } catch (error) {
        if (KiteError.is(error, 'KITE_ABORTED') || KiteError.is(error, 'KITE_CLIENT_CLOSED')) throw error;
        lastError = error;
        // Another call may have moved on already.
        if (this.#current === index) this.#current = (index + 1) % this.addresses.length;
      }
    }
    throw new KiteError('KITE_NAMESERVER_UNREACHABLE', `no name server answered: ${this.addresses.join(', ')}; is one running there?`, {
      cause: lastError,
      retryable: true,
      details: { addresses: this.addresses },
    });
  }
}
