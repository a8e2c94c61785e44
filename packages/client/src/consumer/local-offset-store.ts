import type { Disk, Logger } from '@kitemq/runtime';
import { KiteError } from '@kitemq/runtime';
import type { MessageQueue } from '../admin/types.ts';
import { queueKey } from '../route/topic-route.ts';
import type { OffsetStore } from './offset-store.ts';

export interface LocalOffsetStoreOptions {
  readonly group: string;
  readonly disk: Disk;
  /** Where the group's file is; undefined: offsets live in memory only. */
  readonly directory: string | undefined;
  readonly logger: Logger;
}

/** Offsets of a broadcasting consumer: every member reads all, so each keeps its own. */
export class LocalOffsetStore implements OffsetStore {
  readonly #options: LocalOffsetStoreOptions;
  readonly #path: string | undefined;
  readonly #offsets = new Map<string, number>();
  #dirty = false;

  /** Loads what the file holds. @throws KiteError `KITE_OFFSETS_UNREADABLE`: guessing an offset would repeat or lose messages */
  constructor(options: LocalOffsetStoreOptions) {
    this.#options = options;
    const { directory, group, disk } = options;
    if (directory === undefined) return;
    disk.makeDirectorySync(directory);
    this.#path = `${directory}/${encodeURIComponent(group)}.json`;
    if (disk.statSync(this.#path) === undefined) return;
    for (const [key, offset] of Object.entries(this.#load(this.#path))) this.#offsets.set(key, Number(offset));
  }

  #load(path: string): Record<string, unknown> {
    try {
      return JSON.parse(new TextDecoder().decode(this.#options.disk.readFileSync(path))) as Record<string, unknown>;
    } catch (error) {
      throw new KiteError('KITE_OFFSETS_UNREADABLE', `${path} holds no offsets; restore it, or remove it to start anew`, { cause: error, details: { path } });
    }
  }

  read(queue: MessageQueue): Promise<number | undefined> {
    return Promise.resolve(this.#offsets.get(queueKey(queue)));
  }

  current(queue: MessageQueue): number | undefined {
    return this.#offsets.get(queueKey(queue));
  }

  set(queue: MessageQueue, offset: number): void {
    if (this.#offsets.get(queueKey(queue)) === offset) return;
    this.#offsets.set(queueKey(queue), offset);
    this.#dirty = true;
  }

  assume(queue: MessageQueue, offset: number): void {
    this.set(queue, offset);
  }

  flush(): Promise<void> {
    if (!this.#dirty || this.#path === undefined) return Promise.resolve();
    try {
      this.#options.disk.replaceFileSync(this.#path, new TextEncoder().encode(JSON.stringify(Object.fromEntries(this.#offsets))));
      this.#dirty = false;
    } catch (error) {
      this.#options.logger.warn({ group: this.#options.group, path: this.#path, error }, 'offsets were not written; they are tried again');
    }
    return Promise.resolve();
  }

  release(): Promise<void> {
    return this.flush();
  }
}
