import type { Backoff } from '@kitemq/runtime';
import { KiteError } from '@kitemq/runtime';
import type { Connection } from './connection.ts';

/** What a client knows about one address: its connection, the attempt to make one, and how the last attempts went. */
export class Peer {
  readonly address: string;
  connection: Connection | undefined;
  connecting: Promise<Connection> | undefined;
  private readonly backoff: Backoff;
  private lastError: KiteError | undefined;
  private retryAt = 0;

  constructor(address: string, backoff: Backoff) {
    this.address = address;
    this.backoff = backoff;
  }

  /** An error while it is too early to try again after a failure. */
  tooEarly(now: number): KiteError | undefined {
    if (this.lastError === undefined || now >= this.retryAt) return undefined;
    const waitMs = Math.ceil(this.retryAt - now);
    return new KiteError(this.lastError.code, `${this.lastError.message} (tried again in ${waitMs} ms at the earliest)`, {
      cause: this.lastError,
      retryable: true,
      details: { address: this.address, waitMs },
    });
  }

  succeeded(): void {
    this.lastError = undefined;
    this.backoff.reset();
  }

  failed(error: KiteError, now: number): void {
    this.lastError = error;
    this.retryAt = now + this.backoff.next();
  }
}
