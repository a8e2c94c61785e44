import type { AnyCommand, Frame, RequestHeaderOf } from '@kitemq/protocol';
import { KiteError, WheelEntry } from '@kitemq/runtime';
import type { Reply } from './channel.ts';
import type { Connection } from './connection.ts';
import type { Endpoint } from './endpoint.ts';
import { events } from './events.ts';
import { FrameReply } from './frame-reply.ts';

export type InvokeCallback<C extends AnyCommand> = (error: KiteError | undefined, reply: Reply<C> | undefined) => void;

/** A request that waits for its answer: in the in-flight table of a connection and in the timer wheel. Ends exactly once. */
export class PendingInvoke<C extends AnyCommand = AnyCommand> extends WheelEntry {
  readonly command: C;
  readonly header: RequestHeaderOf<C>;
  readonly timeoutMs: number;
  opaque = 0;
  private sentAt = 0;
  private done: InvokeCallback<C> | undefined;
  private connection: Connection | undefined;
  private endpoint: Endpoint | undefined;
  private signal: AbortSignal | undefined;
  private onAbort: (() => void) | undefined;

  constructor(command: C, header: RequestHeaderOf<C>, timeoutMs: number, done: InvokeCallback<C>) {
    super();
    this.command = command;
    this.header = header;
    this.timeoutMs = timeoutMs;
    this.done = done;
  }

  /** From now on it can time out. */
  sentOn(connection: Connection, endpoint: Endpoint): void {
    if (this.done === undefined) return;
    this.connection = connection;
    this.endpoint = endpoint;
    if (events.invoke.hasSubscribers) this.sentAt = endpoint.now();
    endpoint.wheel.schedule(this, this.timeoutMs);
  }

  /** Ends it when `signal` aborts. */
  watch(signal: AbortSignal): void {
    if (this.done === undefined) return;
    this.signal = signal;
    this.onAbort = (): void => this.giveUp(abortedError(this.command, this.connection?.remoteAddress ?? 'a peer', signal));
    signal.addEventListener('abort', this.onAbort, { once: true });
  }

  /** The time is over. */
  override expired(): void {
    const address = this.connection!.remoteAddress;
    this.endpoint!.counters.timeouts++;
    this.giveUp(
      new KiteError('KITE_TIMEOUT', `${this.command.name} was not answered by ${address} within ${Math.ceil(this.timeoutMs)} ms. It may or may not have been carried out.`, {
        retryable: true,
        details: { address, timeoutMs: this.timeoutMs },
      }),
    );
  }

  settle(error: KiteError | undefined, frame: Frame | undefined): void {
    const done = this.done;
    if (done === undefined) return;
    this.done = undefined;
    if (this.endpoint !== undefined) this.endpoint.wheel.cancel(this);
    if (this.onAbort !== undefined) this.signal!.removeEventListener('abort', this.onAbort);
    if (events.invoke.hasSubscribers) this.publish(error, frame);
    done(error, frame === undefined ? undefined : new FrameReply(this.command, frame));
  }

  private giveUp(error: KiteError): void {
    this.connection?.inFlight.remove(this);
    this.settle(error, undefined);
  }

  private publish(error: KiteError | undefined, frame: Frame | undefined): void {
    const durationMs = this.endpoint === undefined ? 0 : this.endpoint.now() - this.sentAt;
    events.invoke.publish({ address: this.connection?.remoteAddress, code: this.command.code, responseCode: frame?.code, durationMs, error });
  }
}

export const abortedError = (command: AnyCommand, address: string, signal: AbortSignal): KiteError =>
  new KiteError('KITE_ABORTED', `${command.name} to ${address} was cancelled.`, { cause: signal.reason, details: { address } });
