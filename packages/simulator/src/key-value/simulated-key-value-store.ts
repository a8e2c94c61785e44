import type { KeyValueBatch, KeyValueStore } from '@kitemq/runtime';
import { collectBatch, KiteError } from '@kitemq/runtime';
import type { ProcessContext } from '../core/process-context.ts';
import { systemError } from '../disk/system-error.ts';
import type { KeyValueImage } from './key-value-image.ts';

const commitMs = [0.05, 0.8] as const;
/** With less free space a commit fails; what is in the store is not counted against the disk. */
const commitBytesMin = 4096;
const flushMs = [0.1, 2] as const;

/** A key-value store with LMDB's behaviour in a crash: commits are atomic and ordered, and durable after `flush` only. */
export class SimulatedKeyValueStore implements KeyValueStore {
  readonly #context: ProcessContext;
  readonly #image: KeyValueImage;
  #pending = 0;
  /** Completions come in the order of the calls. */
  #lastDue = 0;
  #closed = false;
  #onIdle: (() => void) | undefined = undefined;

  constructor(context: ProcessContext, image: KeyValueImage) {
    this.#context = context;
    this.#image = image;
  }

  get(key: Uint8Array): Uint8Array | undefined {
    this.#check();
    return this.#image.current.get(key);
  }

  range(start: Uint8Array, end: Uint8Array, visit: (key: Uint8Array, value: Uint8Array) => boolean | void): void {
    this.#check();
    this.#image.current.range(start, end, visit);
  }

  commit(fill: (batch: KeyValueBatch) => void, done: (error: Error | undefined) => void): void {
    this.#check();
    const change = collectBatch(fill);
    const failure = this.#failure();
    if (failure !== undefined) return this.#later(this.#context.machine.random.between(...commitMs), () => done(failure));
    this.#image.enqueue({ owner: this.#context.incarnation, change });
    const target = this.#image.called;
    this.#later(this.#context.machine.random.between(...commitMs), () => {
      this.#applyThrough(target);
      done(undefined);
    });
  }

  commitSync(fill: (batch: KeyValueBatch) => void): void {
    this.#check();
    const change = collectBatch(fill);
    const failure = this.#failure();
    if (failure !== undefined) throw failure;
    this.#image.enqueue({ owner: this.#context.incarnation, change });
    this.#applyThrough(this.#image.called);
  }

  flush(done: (error: Error | undefined) => void): void {
    this.#check();
    const target = this.#image.called;
    this.#later(this.#context.machine.random.between(...flushMs), () => {
      this.#applyThrough(target);
      this.#context.change(() => this.#image.flushed(target));
      done(undefined);
    });
  }

  sizeSync(): number {
    return this.#image.current.byteLength;
  }

  close(): Promise<void> {
    if (this.#closed) return Promise.resolve();
    this.#closed = true;
    if (this.#pending === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#onIdle = resolve;
    });
  }

  /** Why a commit does not work now. */
  #failure(): Error | undefined {
    const { faults, random, totalBytes, usedBytes } = this.#context.machine;
    if (totalBytes - usedBytes < commitBytesMin) return systemError('ENOSPC', 'commit', 'the key-value store');
    return random.chance(faults.failCommitProbability) ? systemError('EIO', 'commit', 'the key-value store') : undefined;
  }

  #applyThrough(target: number): void {
    while (this.#image.applied < target) this.#context.change(() => this.#image.applyNext());
  }

  #later(delayMs: number, callback: () => void): void {
    this.#pending++;
    const { now } = this.#context.world;
    this.#lastDue = Math.max(this.#lastDue, now + delayMs);
    this.#context.later(this.#lastDue - now, () => {
      this.#pending--;
      try {
        callback();
      } finally {
        if (this.#pending === 0) this.#onIdle?.();
      }
    });
  }

  #check(): void {
    this.#context.checkAlive();
    if (this.#closed) throw new KiteError('KITE_VIEWS_CLOSED', 'the key-value store is closed');
  }
}
