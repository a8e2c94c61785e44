import { monitorEventLoopDelay, type IntervalHistogram } from 'node:perf_hooks';
import type { LoopDelay, LoopDelays } from '../loop-delay.ts';

/** How often it is looked, ms: what Node measures includes this. */
const resolutionMs = 10;
const nanosecondsPerMs = 1e6;

/** Node's own histogram. Nothing runs until somebody asks. */
export class NodeLoopDelay implements LoopDelay {
  #histogram: IntervalHistogram | undefined;

  take(): LoopDelays | undefined {
    const histogram = this.#histogram;
    if (histogram === undefined) {
      this.#histogram = monitorEventLoopDelay({ resolution: resolutionMs });
      this.#histogram.enable();
      return undefined;
    }
    const late = (nanoseconds: number): number => Math.max(0, nanoseconds / nanosecondsPerMs - resolutionMs);
    const delays: LoopDelays = { p50: late(histogram.percentile(50)), p99: late(histogram.percentile(99)), p999: late(histogram.percentile(99.9)), max: late(histogram.max) };
    histogram.reset();
    return delays;
  }
}
