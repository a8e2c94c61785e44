import { KiteError } from './errors.ts';
import { sleep } from './sleep.ts';
import type { TimerHandle, Timers } from './timers.ts';

export interface TaskScopeOptions {
  readonly timers: Timers;
  /** Gets what a task of this scope (or of a child) throws. It must not throw. */
  readonly onError: (error: unknown, task: string) => void;
}

/**
 * Owns background work: tasks, timers, loops and child scopes. `close` cancels all of it and waits until it has ended.
 * What a task throws goes to `onError`; a rejection never stays unhandled. A task that ends with `KITE_ABORTED` after the
 * scope was closed has ended as it should.
 */
export class TaskScope {
  readonly #options: TaskScopeOptions;
  readonly #controller: AbortController = new AbortController();
  readonly #running: Set<Promise<void>> = new Set();
  readonly #timers: Set<TimerHandle> = new Set();
  readonly #children: Set<TaskScope> = new Set();
  readonly #parent: TaskScope | undefined;
  #closing: Promise<void> | undefined;

  constructor(options: TaskScopeOptions, parent?: TaskScope) {
    this.#options = options;
    this.#parent = parent;
  }

  /** Aborts when the scope closes. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  get closed(): boolean {
    return this.#closing !== undefined;
  }

  /** A scope that closes with this one at the latest. */
  child(): TaskScope {
    const child = new TaskScope(this.#options, this);
    if (this.closed) void child.close();
    else this.#children.add(child);
    return child;
  }

  /** Runs `task` now; `name` says in an error report what it was. Nothing happens when the scope is closed. */
  run(name: string, task: (signal: AbortSignal) => Promise<void>): void {
    if (this.closed) return;
    const running: Promise<void> = this.#watch(name, task).finally(() => this.#running.delete(running));
    this.#running.add(running);
  }

  /** Calls `task` once, `delayMs` from now. The returned function cancels it. */
  after(name: string, delayMs: number, task: (signal: AbortSignal) => void | Promise<void>): () => void {
    if (this.closed) return () => {};
    const handle = this.#options.timers.setTimeout(() => {
      this.#timers.delete(handle);
      this.run(name, async (signal) => task(signal));
    }, delayMs);
    this.#timers.add(handle);
    return () => {
      if (this.#timers.delete(handle)) this.#options.timers.clear(handle);
    };
  }

  /** Calls `task` every `periodMs`, first after one period; the period counts from the end of a call, so calls never overlap. The returned function stops it. */
  every(name: string, periodMs: number, task: (signal: AbortSignal) => void | Promise<void>): () => void {
    let stopped = false;
    let cancel = (): void => {};
    const arm = (): void => {
      cancel = this.after(name, periodMs, async (signal) => {
        try {
          await task(signal);
        } finally {
          if (!stopped) arm();
        }
      });
    };
    arm();
    return () => {
      stopped = true;
      cancel();
    };
  }

  /** Resolves after `delayMs`. @throws KiteError `KITE_ABORTED` when the scope closes first. */
  sleep(delayMs: number): Promise<void> {
    return sleep(this.#options.timers, delayMs, this.signal);
  }

  /** Cancels everything and resolves when all of it has ended. Never rejects; call it as often as you like, but do not await it from a task of this scope. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(): Promise<void> {
    for (const handle of this.#timers) this.#options.timers.clear(handle);
    this.#timers.clear();
    this.#controller.abort(new KiteError('KITE_ABORTED', 'the task scope was closed'));
    await Promise.all(Array.from(this.#children, (child) => child.close()));
    await Promise.all(this.#running);
    if (this.#parent !== undefined) this.#parent.#children.delete(this);
  }

  async #watch(name: string, task: (signal: AbortSignal) => Promise<void>): Promise<void> {
    try {
      await task(this.signal);
    } catch (error) {
      if (this.signal.aborted && KiteError.is(error, 'KITE_ABORTED')) return;
      this.#options.onError(error, name);
    }
  }
}
