import { Client, type Admin } from '@kitemq/client';
import type { Runtime } from '@kitemq/runtime';
import type { ProcessHost } from '../services/process-host.ts';
import { formatTable } from './table.ts';

/** Options every command that talks to a cluster takes. */
export interface ConnectFlags {
  readonly nameserver: string;
  readonly json?: boolean | undefined;
  /** Milliseconds for each call. */
  readonly timeout: number;
}

/** One command's work: a client for it, and where its answer goes. */
export class Session {
  readonly flags: ConnectFlags;
  readonly runtime: Runtime;
  readonly client: Client;
  readonly admin: Admin;
  /** Aborted by Ctrl-C. */
  readonly signal: AbortSignal;
  readonly #host: ProcessHost;

  constructor(flags: ConnectFlags, runtime: Runtime, host: ProcessHost, signal: AbortSignal) {
    this.flags = flags;
    this.runtime = runtime;
    this.signal = signal;
    this.#host = host;
    this.client = new Client({ nameservers: flags.nameserver, timeoutMs: flags.timeout, runtime });
    this.admin = this.client.admin();
  }

  /** The answer: `data` as JSON, or what `text` makes for a person. */
  answer(data: unknown, text: () => string): void {
    this.#host.stdout.write(this.flags.json === true ? `${JSON.stringify(data, undefined, 2)}\n` : text());
  }

  /** One of many answers that come over time: one JSON object a line, or text. */
  item(data: unknown, text: () => string): void {
    this.#host.stdout.write(this.flags.json === true ? `${JSON.stringify(data)}\n` : text());
  }

  table(data: unknown, header: readonly string[], rows: ReadonlyArray<readonly unknown[]>, empty: string): void {
    this.answer(data, () => (rows.length === 0 ? `${empty}\n` : formatTable(header, rows)));
  }

  /** Something a person should know that is no part of the answer. */
  note(text: string): void {
    if (this.flags.json !== true) this.#host.stderr.write(`${text}\n`);
  }
}
