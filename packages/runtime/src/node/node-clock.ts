import { performance } from 'node:perf_hooks';
import type { Clock } from '../clock.ts';

/** The machine's clock. */
export class NodeClock implements Clock {
  now(): number {
    return Date.now();
  }

  monotonic(): number {
    return performance.now();
  }
}
