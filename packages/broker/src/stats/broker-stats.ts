import type { Clock } from '@kitemq/runtime';
import { RateCounter } from './rate-counter.ts';

/** Counters are sampled this often. */
export const samplePeriodMs = 10_000;
const dayMs = 86_400_000;
/** Rates are shown over 10 s, 1 min and 10 min: so many samples are kept. */
const rateSamples = 61;

interface Totals {
  at: number;
  put: number;
  getFound: number;
  getMiss: number;
  transferred: number;
}

/** What the whole broker does: plain numbers bumped in place, sampled every {@link samplePeriodMs}. */
export class BrokerStats {
  sendRequests = 0;
  sendFailures = 0;
  putTotal = 0;
  putBytesTotal = 0;
  pullRequests = 0;
  getTotal = 0;
  getBytesTotal = 0;
  getFoundTimes = 0;
  getMissTimes = 0;
  /** Messages that pulls passed over because they had expired; one for each group that did. */
  expiredPassedOver = 0;
  /** Messages that went to consumers since start, and at the last two midnights (UTC). */
  putTodayMorning = 0;
  putYesterdayMorning = 0;
  getTodayMorning = 0;
  getYesterdayMorning = 0;
  readonly brokerPut: RateCounter = new RateCounter();
  readonly brokerGet: RateCounter = new RateCounter();
  readonly startedAt: number;
  readonly #clock: Clock;
  readonly #samples: Totals[] = [];
  #day: number;
  #tick = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.startedAt = clock.now();
    this.#day = Math.floor(this.startedAt / dayMs);
    this.#push();
  }

  stored(messages: number, bytes: number): void {
    this.putTotal += messages;
    this.putBytesTotal += bytes;
    this.brokerPut.add(messages);
  }

  delivered(messages: number, bytes: number): void {
    this.getTotal += messages;
    this.getBytesTotal += bytes;
    this.getFoundTimes++;
    this.brokerGet.add(messages);
  }

  /** Takes the samples of this period; `counters` are all others that want theirs. */
  sample(counters: Iterable<RateCounter>): void {
    const now = this.#clock.now();
    this.#tick++;
    this.#push();
    this.brokerPut.sample(this.#tick, now);
    this.brokerGet.sample(this.#tick, now);
    for (const counter of counters) counter.sample(this.#tick, now);
    const day = Math.floor(now / dayMs);
    if (day === this.#day) return;
    this.#day = day;
    this.putYesterdayMorning = this.putTodayMorning;
    this.getYesterdayMorning = this.getTodayMorning;
    this.putTodayMorning = this.putTotal;
    this.getTodayMorning = this.getTotal;
  }

  /** Per second over the last 10 s, 60 s and 600 s, as `getBrokerRuntimeInfo` shows them. */
  rates(of: 'put' | 'getFound' | 'getMiss' | 'transferred' | 'getTotal'): string {
    return [1, 6, 60].map((periods) => this.#rate(of, periods)).join(' ');
  }

  #rate(of: 'put' | 'getFound' | 'getMiss' | 'transferred' | 'getTotal', periods: number): number {
    const last = this.#samples.at(-1)!;
    const first = this.#samples[Math.max(0, this.#samples.length - 1 - periods)]!;
    if (last.at <= first.at) return 0;
    const value = (totals: Totals): number => (of === 'getTotal' ? totals.getFound + totals.getMiss : totals[of]);
    return ((value(last) - value(first)) * 1_000) / (last.at - first.at);
  }

  #push(): void {
    if (this.#samples.length >= rateSamples) this.#samples.shift();
    this.#samples.push({
      at: this.#clock.now(),
      put: this.putTotal,
      getFound: this.getFoundTimes,
      getMiss: this.getMissTimes,
      transferred: this.getTotal,
    });
  }
}
