/** Samples of the last minute (10 s apart), hour (10 min) and day (1 h), as Apache's StatsItem keeps them. */
const minuteSamples = 7;
const hourSamples = 7;
const daySamples = 25;

/** A number that only grows, with its values in the past. Bumped in place on the hot path; everything else happens on the 10 s tick. */
export class RateCounter {
  /** What was counted since start. */
  value = 0;
  /** How many times something was added: the messages behind bytes or times. */
  times = 0;
  #minute: Samples | undefined;
  #hour: Samples | undefined;
  #day: Samples | undefined;

  add(amount: number): void {
    this.value += amount;
    this.times++;
  }

  /** Takes the samples that are due. `tick` counts periods of 10 s. A counter that never counted costs nothing. */
  sample(tick: number, now: number): void {
    if (this.times === 0) return;
    this.#minute ??= new Samples(minuteSamples);
    this.#minute.push(now, this.value, this.times);
    if (tick % 60 === 0 || this.#hour === undefined) (this.#hour ??= new Samples(hourSamples)).push(now, this.value, this.times);
    if (tick % 360 === 0 || this.#day === undefined) (this.#day ??= new Samples(daySamples)).push(now, this.value, this.times);
  }

  /** What was counted in about the last minute, hour or day. */
  window(span: 'minute' | 'hour' | 'day'): RateWindow {
    const samples = span === 'minute' ? this.#minute : span === 'hour' ? this.#hour : this.#day;
    return samples?.window() ?? emptyWindow;
  }
}

/** `sum` counted, `tps` per second, `avgpt` per time. */
export interface RateWindow {
  readonly sum: number;
  readonly tps: number;
  readonly avgpt: number;
  readonly times: number;
}

const emptyWindow: RateWindow = { sum: 0, tps: 0, avgpt: 0, times: 0 };

class Samples {
  readonly #limit: number;
  readonly #samples: { at: number; value: number; times: number }[] = [];

  constructor(limit: number) {
    this.#limit = limit;
  }

  push(at: number, value: number, times: number): void {
    if (this.#samples.length >= this.#limit) this.#samples.shift();
    this.#samples.push({ at, value, times });
  }

  window(): RateWindow {
    const first = this.#samples[0];
    const last = this.#samples.at(-1);
    if (first === undefined || last === undefined || last.at <= first.at) return emptyWindow;
    const sum = last.value - first.value;
    const times = last.times - first.times;
    return { sum, tps: (sum * 1_000) / (last.at - first.at), avgpt: times === 0 ? 0 : sum / times, times };
  }
}
