import { KiteError } from '@kitemq/runtime';
import type { PendingInvoke } from './pending-invoke.ts';

/** The requests in flight on one connection, by opaque. */
export class InFlightTable {
  private readonly byOpaque = new Map<number, PendingInvoke>();
  private nextOpaque: number;
  private readonly max: number;

  constructor(max: number, firstOpaque = 0) {
    this.max = max;
    this.nextOpaque = firstOpaque;
  }

  get size(): number {
    return this.byOpaque.size;
  }

  /** An opaque nobody waits for on this connection; wraps through the negative numbers as Apache's counter does. */
  newOpaque(): number {
    let opaque = this.nextOpaque;
    while (this.byOpaque.has(opaque)) opaque = (opaque + 1) | 0;
    this.nextOpaque = (opaque + 1) | 0;
    return opaque;
  }

  /** @throws KiteError `KITE_TOO_MANY_REQUESTS` */
  add(pending: PendingInvoke<any>): void {
    if (this.byOpaque.size >= this.max) {
      throw new KiteError('KITE_TOO_MANY_REQUESTS', `${this.max} requests wait for an answer on this connection: send slower, or raise invokesInFlightMax.`, { retryable: true });
    }
    pending.opaque = this.newOpaque();
    this.byOpaque.set(pending.opaque, pending);
  }

  /** Forgets `pending`: an answer that comes later is dropped. */
  remove(pending: PendingInvoke<any>): void {
    if (this.byOpaque.get(pending.opaque) === pending) this.byOpaque.delete(pending.opaque);
  }

  /** Takes out the one with this opaque. */
  take(opaque: number): PendingInvoke | undefined {
    const pending = this.byOpaque.get(opaque);
    if (pending !== undefined) this.byOpaque.delete(opaque);
    return pending;
  }

  failAll(makeError: (pending: PendingInvoke) => KiteError): void {
    const all = [...this.byOpaque.values()];
    this.byOpaque.clear();
    for (const pending of all) pending.settle(makeError(pending), undefined);
  }
}
