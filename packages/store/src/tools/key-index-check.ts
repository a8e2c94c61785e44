import { sleep, type KeyValueStore, type Timers } from '@kitemq/runtime';
import type { CheckpointMark } from '../checkpoint/checkpoint-mark.ts';
import type { RowsSnapshot } from '../checkpoint/lmdb-snapshot.ts';
import { forCarried } from '../compaction/carried-records.ts';
import type { ScannedRecord } from '../recovery/record-scanner.ts';
import { KeyHasher } from '../views/key-hash.ts';
import { storedKeys } from '../views/key-rows.ts';
import { KeyView } from '../views/keys.ts';
import { SystemTopic } from '../views/system-topics.ts';
import type { StoreProblem } from './verify-store.ts';

/** Log bytes whose keys are compared by one sum. */
const sliceBytes: number = 64 * 1024 * 1024;

export interface KeyIndexCheckOptions {
  readonly rows: RowsSnapshot;
  readonly mark: CheckpointMark;
  /** First log position. */
  readonly begin: number;
  readonly timers: Timers;
  readonly signal: AbortSignal | undefined;
  readonly problem: (problem: StoreProblem) => void;
}

/** What the log has more than the index: 0 twice when both are the same. */
interface Slice {
  keys: number;
  sum: number;
}

/** Compares the key index with the log by sums over all keys of a slice of the log: its entries are ordered by hash on the disk, and too many to be kept. */
export class KeyIndexCheck {
  readonly #options: KeyIndexCheckOptions;
  readonly #hasher: KeyHasher;
  readonly #slices = new Map<number, Slice>();
  #position = 0;
  keysCompared = 0;

  constructor(options: KeyIndexCheckOptions) {
    this.#options = options;
    this.#hasher = new KeyHasher({ addHash: (hash) => this.#add(hash, this.#position, 1) });
  }

  /** Why there is nothing to compare; undefined when there is. */
  whyNotComparable(): string | undefined {
    const version = this.#options.mark.views['keys'];
    if (version === undefined) return 'the checkpoint has no key index';
    return version === new KeyView().version ? undefined : "the checkpoint's key index was written by another version";
  }

  record({ view, buffer, offset, position }: ScannedRecord, topic: string): void {
    this.#position = position;
    this.#hasher.hash(buffer, offset);
    if (topic !== SystemTopic.carried) return;
    const { body } = view;
    forCarried(body, (carried, at) => {
      this.#position = carried.physicalOffset;
      this.#hasher.hash(body, at);
    });
  }

  async finish(): Promise<void> {
    const { problem } = this.#options;
    try {
      await this.#subtractStored();
    } catch (error) {
      this.#options.signal?.throwIfAborted();
      return problem({ kind: 'key', message: error instanceof Error ? error.message : String(error) });
    }
    for (const [index, slice] of this.#slices) {
      if (slice.keys === 0 && slice.sum === 0) continue;
      const how = slice.keys === 0 ? 'others than' : slice.keys > 0 ? `${slice.keys} fewer than` : `${-slice.keys} more than`;
      problem({ kind: 'key', position: index * sliceBytes, message: `the key index has ${how} the keys of the log from ${index * sliceBytes} to ${(index + 1) * sliceBytes}` });
    }
  }

  async #subtractStored(): Promise<void> {
    const { rows, timers, signal } = this.#options;
    // It only reads.
    for (const piece of storedKeys(rows as KeyValueStore)) {
      piece((hash, position) => this.#add(hash, position, -1));
      await sleep(timers, 0, signal);
    }
  }

  #add(hash: number, position: number, sign: 1 | -1): void {
    // Runs go as a whole, some time after the log's beginning.
    if (position < this.#options.begin) return;
    const index = Math.floor(position / sliceBytes);
    let slice = this.#slices.get(index);
    if (slice === undefined) this.#slices.set(index, (slice = { keys: 0, sum: 0 }));
    slice.keys += sign;
    slice.sum = (slice.sum + sign * mixed(hash, position)) | 0;
    if (sign > 0) this.keysCompared++;
  }
}

/** A number that differs when one of both does. */
function mixed(hash: number, position: number): number {
  const seed = hash ^ Math.imul(position % 2 ** 32, 0x9e3779b1);
  const half = Math.imul(seed ^ (seed >>> 16), 0x85ebca6b);
  return half ^ (half >>> 13);
}
