import type { AnyCommand, RequestBodyOf, RequestHeaderOf } from '@kitemq/protocol';
import type { RemotingClient, Reply } from '@kitemq/remoting';
import { KiteError } from '@kitemq/runtime';
import { BrokerError } from '../errors.ts';

export interface LinkOptions {
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
}

/** Requests in a row that got no answer before a connection is taken for half-open and closed. */
const SILENT_REQUESTS_MAX = 2;

/** Calls to servers by address, given up on when the other end is silent. */
export class ServerLink {
  readonly #remoting: RemotingClient;
  readonly #silent = new Map<string, number>();

  constructor(remoting: RemotingClient) {
    this.#remoting = remoting;
  }

  /** Any response code resolves. Throws what {@link RemotingClient.invoke} throws. */
  async invoke<C extends AnyCommand>(
    address: string,
    command: C,
    header: RequestHeaderOf<C>,
    call: LinkOptions,
    body?: RequestBodyOf<C>,
  ): Promise<Reply<C>> {
    try {
      const reply = await this.#remoting.invoke(address, command, header, body, call);
      this.#silent.delete(address);
      return reply;
    } catch (error) {
      if (KiteError.is(error, 'KITE_TIMEOUT')) this.#noteSilence(address);
      throw error;
    }
  }

  /** As `invoke`, and anything but code 0 throws. @throws BrokerError */
  async ask<C extends AnyCommand>(
    address: string,
    command: C,
    header: RequestHeaderOf<C>,
    call: LinkOptions,
    body?: RequestBodyOf<C>,
  ): Promise<Reply<C>> {
    const reply = await this.invoke(address, command, header, call, body);
    if (reply.code !== 0) throw new BrokerError(command.name, address, reply.code, reply.remark);
    return reply;
  }

  /** Resolves when the request was handed to the connection. Throws what {@link RemotingClient.invokeOneway} throws. */
  oneway<C extends AnyCommand>(address: string, command: C, header: RequestHeaderOf<C>, call: LinkOptions, body?: RequestBodyOf<C>): Promise<void> {
    return this.#remoting.invokeOneway(address, command, header, body, call);
  }

  /** A peer that vanished without a word leaves a connection that looks fine; only closing it lets the next call dial anew. */
  #noteSilence(address: string): void {
    const count = (this.#silent.get(address) ?? 0) + 1;
    if (count < SILENT_REQUESTS_MAX) {
      this.#silent.set(address, count);
      return;
    }
    this.#silent.delete(address);
    this.#remoting.closeAddress(address);
  }
}
