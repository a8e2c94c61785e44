import type { Clock } from '@kitemq/runtime';

/** Latency in ms from which a broker is left alone for a time in ms (Apache's `MQFaultStrategy` tables). */
const penalties: readonly { readonly latencyMs: number; readonly awayMs: number }[] = [
  { latencyMs: 15_000, awayMs: 30_000 },
  { latencyMs: 5_000, awayMs: 10_000 },
  { latencyMs: 3_000, awayMs: 6_000 },
  { latencyMs: 1_800, awayMs: 5_000 },
  { latencyMs: 550, awayMs: 2_000 },
];

/** A failed send counts as this slow: the broker is left alone for 10 s. */
export const FAILURE_LATENCY_MS = 10_000;

/** How long a broker that answered after `latencyMs` is left alone. */
export function penaltyMs(latencyMs: number): number {
  return penalties.find((penalty) => latencyMs >= penalty.latencyMs)?.awayMs ?? 0;
}

/** Remembers which brokers were slow or failing lately. A broker that does well again is used again at once. */
export class LatencyFaults {
  readonly #clock: Clock;
  readonly #awayUntil = new Map<string, number>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  record(brokerName: string, latencyMs: number): void {
    const away = penaltyMs(latencyMs);
    if (away === 0) this.#awayUntil.delete(brokerName);
    else this.#awayUntil.set(brokerName, this.#clock.monotonic() + away);
  }

  available(brokerName: string): boolean {
    const until = this.#awayUntil.get(brokerName);
    return until === undefined || until <= this.#clock.monotonic();
  }
}
