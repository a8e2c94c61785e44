import { TopicNames } from '@kitemq/protocol';
import type { BrokerContext } from '../broker-context.ts';
import { DelayLevel } from './delay-level.ts';

const kind = 'schedule';
const key = 'offsets';

/**
 * Delivers delayed messages: each level's queue of the schedule topic is in order of due time, so only its head is looked at.
 * Progress is kept in the settings: what is delivered again after a crash is at most what came since the last flush.
 */
export class ScheduleService {
  readonly #context: BrokerContext;
  readonly #levels: readonly DelayLevel[];
  /** Progress of levels that there were before the setting got shorter: it may get longer again. */
  #unused: unknown[] = [];
  /** What the settings have. */
  #saved = '';

  constructor(context: BrokerContext) {
    this.#context = context;
    this.#levels = context.delayLevels.map((delayMs, index) => new DelayLevel(context, index + 1, delayMs));
  }

  start(): void {
    const { store, scope, config } = this.#context;
    const stored = store.settings.get(kind, key);
    if (Array.isArray(stored)) {
      for (const [index, offset] of stored.entries()) {
        const level = this.#levels[index];
        // Beyond the end (a power cut took messages) it would pass over those that come next.
        if (level !== undefined && typeof offset === 'number') level.offset = Math.min(offset, store.maxOffset(TopicNames.schedule, index));
      }
      this.#unused = stored.slice(this.#levels.length);
    }
    this.#saved = JSON.stringify(stored ?? this.offsets());
    for (const level of this.#levels) level.start();
    store.onArrival((topic, queueId) => {
      if (topic === TopicNames.schedule) this.#levels[queueId]?.arrived();
    });
    store.beforeTrim((position) => this.#carry(position));
    scope.every('save the progress of delayed delivery', config.flushDelayOffsetInterval, () => this.save());
  }

  /** What still waits for its time outlives its segment: it is appended again, and waits anew. */
  async #carry(position: number): Promise<void> {
    await Promise.all(this.#levels.map((level) => level.carry(position)));
  }

  /** Next offset to deliver, by level − 1. */
  offsets(): number[] {
    return this.#levels.map((level) => level.offset);
  }

  /** Writes the progress if there was any. */
  async save(): Promise<void> {
    const offsets = [...this.offsets(), ...this.#unused];
    const text = JSON.stringify(offsets);
    if (text === this.#saved) return;
    await this.#context.store.settings.put(kind, key, offsets);
    this.#saved = text;
  }

  /** Stops delivering; call it before the store stops. */
  async stop(): Promise<void> {
    await Promise.all(this.#levels.map((level) => level.stop()));
    await this.save();
  }
}
