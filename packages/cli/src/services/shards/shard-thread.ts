import { Worker } from 'node:worker_threads';
import type { BrokerSettings, TopicConfig } from '@kitemq/broker';
import { KiteError } from '@kitemq/runtime';
import { ExitCode } from '../exit-code.ts';
import { type ShardNotice, type ShardOrder, type ShardTask, shardTaskKey } from './shard-messages.ts';

/** This module's name where it is a file of its own; in a bundle the file has another name, and is the worker too. */
const ownName = /\/shard-thread(\.[jt]s)$/;

function workerFile(): URL {
  const extension = ownName.exec(import.meta.url)?.[1];
  return extension === undefined ? new URL(import.meta.url) : new URL(`./shard-worker${extension}`, import.meta.url);
}

/** What a thread tells besides that it is ready. */
export interface ShardListener {
  /** Finished log lines. */
  log(text: string): void;
  topicAutoCreated(config: TopicConfig): void;
}

/** A broker in a thread of its own, seen from the main thread. */
export class ShardThread {
  readonly settings: BrokerSettings;
  readonly index: number;
  /** Resolves to `host:port`; rejects when it cannot start, with the sentence that it would end a process of its own with. */
  readonly ready: Promise<string>;
  /** Resolves with the reason when the thread ends unasked or met a bug. Never rejects. */
  readonly broken: Promise<Error>;
  readonly #worker: Worker;
  readonly #stopped: Promise<void>;
  #settleReady: { readonly resolve: (address: string) => void; readonly reject: (error: Error) => void } | undefined;
  #reportBroken: (error: Error) => void = () => {};
  #stopAsked = false;
  /** The last word of a thread that ends in an orderly way, and what went wrong with its stop. */
  #hasEnded = false;
  #failure: string | undefined;

  constructor(task: ShardTask, listener: ShardListener) {
    this.settings = task.settings;
    this.index = task.place.index;
    this.#worker = new Worker(workerFile(), { workerData: { [shardTaskKey]: task }, argv: [], name: `shard ${this.index}` });
    this.ready = new Promise((resolve, reject) => (this.#settleReady = { resolve, reject }));
    // Who waits for all threads looks at one failure only.
    this.ready.catch(() => {});
    this.broken = new Promise((resolve) => (this.#reportBroken = resolve));
    this.#stopped = new Promise((resolve) => this.#worker.once('exit', () => resolve()));
    this.#worker.on('message', (notice: ShardNotice) => this.#onNotice(notice, listener));
    this.#worker.on('error', (error) => this.#ended(error));
    this.#worker.once('exit', (code) => this.#ended(new Error(`its thread ended by itself (${code})`)));
  }

  adoptTopic(config: TopicConfig): void {
    this.#order({ kind: 'topic', config });
  }

  /** Stops the broker and resolves when its thread has ended. @throws KiteError `KITE_SHARD_STOP` when the broker said that it could not stop cleanly */
  async stop(): Promise<void> {
    this.#stopAsked = true;
    this.#order({ kind: 'stop' });
    await this.#stopped;
    if (this.#failure !== undefined) throw new KiteError('KITE_SHARD_STOP', `${this.#name} did not stop cleanly: ${this.#failure}`);
  }

  get #name(): string {
    return `shard ${this.index} (${this.settings.brokerName})`;
  }

  #order(order: ShardOrder): void {
    this.#worker.postMessage(order);
  }

  #onNotice(notice: ShardNotice, listener: ShardListener): void {
    switch (notice.kind) {
      case 'ready':
        this.#settleReady?.resolve(notice.address);
        break;
      case 'refused':
        this.#hasEnded = true;
        this.#settleReady?.reject(new KiteError(notice.exitCode === ExitCode.usage ? 'KITE_CONFIG_INVALID' : 'KITE_SHARD_START', `${this.#name}: ${notice.sentence}`));
        break;
      case 'broken':
        this.#broken(Object.assign(new Error(notice.message), notice.stack === undefined ? {} : { stack: notice.stack }), 'met an error nobody caught');
        break;
      case 'stopped':
        this.#hasEnded = true;
        this.#failure = notice.failure;
        break;
      case 'log':
        listener.log(notice.text);
        break;
      default:
        listener.topicAutoCreated(notice.config);
    }
  }

  #ended(error: Error): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    if (this.#stopAsked) this.#failure = error.message;
    this.#broken(error, 'died');
  }

  #broken(cause: Error, what: string): void {
    const error = new KiteError('KITE_SHARD_DIED', `${this.#name} ${what}: ${cause.message}; the process ends with it, so that all shards start again together`, { cause });
    this.#settleReady?.reject(error);
    this.#reportBroken(error);
  }
}
