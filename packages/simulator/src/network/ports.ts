import type { ListenOptions } from '@kitemq/runtime';
import type { Incarnation } from '../core/incarnation.ts';
import type { ProcessContext } from '../core/process-context.ts';

/** An open listening port. */
export interface Listening {
  readonly machine: string;
  readonly host: string;
  readonly port: number;
  readonly owner: Incarnation;
  readonly onConnection: (endpoint: unknown) => void;
}

const isWildcard = (host: string): boolean => host === '0.0.0.0' || host === '::';
const isLoopback = (host: string): boolean => host === '127.0.0.1' || host === 'localhost' || host === '::1';

/** Who listens where, and what the machines are called. */
export class Ports {
  readonly #addresses: Map<string, string> = new Map();
  readonly #contexts: Map<Incarnation, ProcessContext> = new Map();
  #listening: Listening[] = [];
  #nextPort = 20_000;
  #nextEphemeral = 40_000;

  /** Gives a machine its address: 10.0.0.1, 10.0.0.2, … */
  addMachine(machine: string): void {
    if (!this.#addresses.has(machine)) this.#addresses.set(machine, `10.0.0.${this.#addresses.size + 1}`);
  }

  addProcess(owner: Incarnation, context: ProcessContext): void {
    this.#contexts.set(owner, context);
  }

  contextOf(owner: Incarnation): ProcessContext {
    return this.#contexts.get(owner)!;
  }

  addressOf(machine: string): string {
    return this.#addresses.get(machine)!;
  }

  ephemeral(): number {
    return this.#nextEphemeral++;
  }

  /** The machine meant by `host` (a name, an address, loopback). */
  resolve(from: string, host: string): string | undefined {
    if (isLoopback(host) || isWildcard(host)) return from;
    if (this.#addresses.has(host)) return host;
    for (const [machine, address] of this.#addresses) {
      if (address === host) return machine;
    }
    return undefined;
  }

  /** The address that a connection to `host` has on the far side. */
  addressAs(from: string, host: string): string {
    return isLoopback(host) || isWildcard(host) ? '127.0.0.1' : this.addressOf(this.resolve(from, host)!);
  }

  find(machine: string, address: string, port: number): Listening | undefined {
    return this.#listening.find((each) => {
      if (each.machine !== machine || each.port !== port) return false;
      return isWildcard(each.host) || (isLoopback(each.host) ? address === '127.0.0.1' : address !== '127.0.0.1');
    });
  }

  /** Undefined when the port is taken. */
  listen(machine: string, options: ListenOptions, owner: Incarnation, onConnection: Listening['onConnection']): Listening | undefined {
    const { host } = options;
    const port = options.port === 0 ? this.#nextPort++ : options.port;
    const taken = this.#listening.some((each) => {
      if (each.machine !== machine || each.port !== port) return false;
      return isWildcard(each.host) || isWildcard(host) || isLoopback(each.host) === isLoopback(host);
    });
    if (taken) return undefined;
    const listening: Listening = { machine, host, port, owner, onConnection };
    this.#listening.push(listening);
    return listening;
  }

  close(listening: Listening): void {
    this.#listening = this.#listening.filter((each) => each !== listening);
  }

  processDied(owner: Incarnation): void {
    this.#listening = this.#listening.filter((each) => each.owner !== owner);
    this.#contexts.delete(owner);
  }
}
