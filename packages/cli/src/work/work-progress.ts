import type { Clock } from '@kitemq/runtime';
import type { LogTarget } from '../logging/create-logger.ts';

const barCells = 30;
/** How often a terminal's line is drawn, and how often a file or pipe gets one. */
const drawEveryMs = 100;
const lineEveryMs = 10_000;

const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'] as const;

/** Bytes for a person. */
export function bytesText(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${unit === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`;
}

function durationText(seconds: number): string {
  if (seconds < 60) return `${Math.ceil(seconds)} s`;
  return seconds < 3600 ? `${Math.ceil(seconds / 60)} min` : `${(seconds / 3600).toFixed(1)} h`;
}

/** How far long work is: a bar that is drawn over itself on a terminal, a line now and then elsewhere. */
export class WorkProgress {
  readonly #target: LogTarget;
  readonly #clock: Clock;
  #step = '';
  #began = 0;
  #drawn = 0;
  #isOpen = false;

  constructor(target: LogTarget, clock: Clock) {
    this.#target = target;
    this.#clock = clock;
  }

  /** `done` and `total` in bytes. */
  show(step: string, done: number, total: number): void {
    const now = this.#clock.monotonic();
    if (step !== this.#step) {
      this.end();
      this.#step = step;
      this.#began = now;
      this.#drawn = now;
      if (this.#target.isTTY !== true) return;
    } else if (now - this.#drawn < (this.#target.isTTY === true ? drawEveryMs : lineEveryMs)) return;
    this.#drawn = now;
    const seconds = (now - this.#began) / 1000;
    const rate = seconds > 0 ? done / seconds : 0;
    const part = total > 0 ? Math.min(1, done / total) : 0;
    const rest = rate > 0 && done < total ? `, ${durationText((total - done) / rate)} left` : '';
    const numbers = `${bytesText(done)} of ${bytesText(total)}${rate > 0 ? `, ${bytesText(rate)}/s` : ''}${rest}`;
    if (this.#target.isTTY !== true) {
      this.#target.write(`${step}: ${Math.floor(part * 100)} %, ${numbers}\n`);
      return;
    }
    const filled = Math.round(part * barCells);
    this.#isOpen = true;
    this.#target.write(`\r\u001b[K${step} [${'#'.repeat(filled)}${'.'.repeat(barCells - filled)}] ${String(Math.floor(part * 100)).padStart(3)} % ${numbers}`);
  }

  /** Takes the bar away. */
  end(): void {
    if (this.#isOpen) this.#target.write('\r\u001b[K');
    this.#isOpen = false;
    this.#step = '';
  }
}
