import type { Clock, Logger } from '@kitemq/runtime';

/** What a start is doing. `rewriting`: writing again what nothing proves to be on disk; `replaying`: bringing the views up to the log's end. */
export interface StartProgress {
  readonly phase: 'rewriting' | 'replaying';
  /** Log positions: where the work began, is, and ends (as far as that is known before). */
  readonly from: number;
  readonly position: number;
  readonly until: number;
}

/** How long work has to take before somebody is told, and how often after that. */
const quietMs = 1000;
const everyMs = 2000;
const mebi = 1024 * 1024;

const names: Readonly<Record<StartProgress['phase'], string>> = {
  rewriting: 'writing the end of the log again, which nothing proves to be on disk',
  replaying: 'replaying the log into the views',
};

/** Says in the log how far a long start has come: at `warn` when it is an exception (a lost checkpoint), so that it is seen on quiet terminals too. */
export class ProgressLog {
  readonly #clock: Clock;
  readonly #say: (fields: Readonly<Record<string, unknown>>, message: string) => void;
  readonly #listener: ((progress: StartProgress) => void) | undefined;
  #phase: StartProgress['phase'] | undefined;
  #began = 0;
  #next = 0;

  constructor(options: { readonly clock: Clock; readonly logger: Logger; readonly level: 'info' | 'warn'; readonly listener: ((progress: StartProgress) => void) | undefined }) {
    this.#clock = options.clock;
    this.#say = (fields, message) => options.logger[options.level](fields, message);
    this.#listener = options.listener;
  }

  at(progress: StartProgress): void {
    const now = this.#clock.monotonic();
    if (this.#phase !== progress.phase) {
      this.#phase = progress.phase;
      this.#began = now;
      this.#next = now + quietMs;
    }
    this.#listener?.(progress);
    if (now < this.#next) return;
    this.#next = now + everyMs;
    const { from, position, until, phase } = progress;
    const seconds = (now - this.#began) / 1000;
    const bytesPerSecond = (position - from) / Math.max(seconds, 0.001);
    const percent = until > from ? Math.min(100, Math.floor((100 * (position - from)) / (until - from))) : 100;
    const fields = {
      percent,
      doneMiB: Math.round((position - from) / mebi),
      ofMiB: Math.round((until - from) / mebi),
      mibPerSecond: Math.round(bytesPerSecond / mebi),
      secondsLeft: Math.max(0, Math.round((until - position) / Math.max(bytesPerSecond, 1))),
    };
    this.#say(fields, names[phase]);
  }
}
