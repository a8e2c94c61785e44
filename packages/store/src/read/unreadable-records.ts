import type { Clock } from '@kitemq/runtime';
import type { CommitLog } from '../commit-log/commit-log.ts';
import type { ColdReader } from './cold-reader.ts';

/** So long (ms) the readers of a record that the disk does not give back wait for it. The system and the drive have tried for up to minutes before they say so. */
export const heldUpMs = 60_000;
/** So often it has been tried by then, and was the disk found at work otherwise. */
export const triesMin = 5;
/** Time (ms) between two tries that count: held pulls come again as often. */
export const triesEveryMs = 5_000;
/** Records of which this is known; of more the oldest are begun anew. */
const recordsMax = 4096;

interface UnreadableRecord {
  readonly since: number;
  triedAt: number;
  tries: number;
  /** Up to where the log was on disk at the last try. */
  flushed: number;
}

/**
 * Tells how long a reader waits for a record that cannot be read. An error may be of the moment, and then nobody must miss the record; a bad sector is for ever, and then
 * nobody can have it. A try counts only when the rest of the disk works: with a disk that is away, everybody waits.
 */
export class UnreadableRecords {
  readonly #log: CommitLog;
  readonly #cold: ColdReader;
  readonly #clock: Clock;
  /** By position, oldest first. */
  readonly #records = new Map<number, UnreadableRecord>();

  constructor({ log, cold, clock }: { readonly log: CommitLog; readonly cold: ColdReader; readonly clock: Clock }) {
    this.#log = log;
    this.#cold = cold;
    this.#clock = clock;
  }

  /** The record could not be read; true when readers go on without it. */
  isGivenUp(position: number): boolean {
    const now = this.#clock.monotonic();
    const known = this.#records.get(position) ?? this.#add(position, now);
    if (known.tries >= triesMin && now - known.since >= heldUpMs) return true;
    if (now - known.triedAt >= triesEveryMs) this.#try(known, now);
    return false;
  }

  /** The record was read. */
  found(position: number): void {
    if (this.#records.size > 0) this.#records.delete(position);
  }

  #add(position: number, now: number): UnreadableRecord {
    const added = { since: now, triedAt: -Infinity, tries: 0, flushed: this.#log.flushed };
    this.#records.set(position, added);
    for (const oldest of this.#records.keys()) {
      if (this.#records.size <= recordsMax) break;
      this.#records.delete(oldest);
    }
    return added;
  }

  #try(known: UnreadableRecord, now: number): void {
    const { written, flushed } = this.#log;
    const isStuck = flushed < written && flushed === known.flushed;
    known.triedAt = now;
    known.flushed = flushed;
    if (isStuck) return;
    this.#cold.read(written - 1, 1, (error) => {
      if (error === undefined) known.tries++;
    });
  }
}
