import { spawn } from 'node:child_process';
import fs from 'node:fs';

/**
 * @typedef {object} ServiceOptions
 * @property {string} name for messages and the log file
 * @property {string} command
 * @property {string[]} args
 * @property {string} logFile stdout and stderr are appended to it
 * @property {RegExp} ready a line of stdout that says the service serves
 * @property {number} [readyTimeoutMs] default 60 s
 * @property {Record<string, string | undefined>} [env] added to this process's environment
 * @property {string} [cwd]
 */

/** A child process that prints a line when it is ready, and is ended by its own process id. */
export class Service {
  /** @param {ServiceOptions} options */
  constructor(options) {
    /** @readonly */
    this.options = options;
    /** @type {import('node:child_process').ChildProcess | undefined} */
    this.child = undefined;
    /** Spawn to ready line, in milliseconds. */
    this.startMs = 0;
    /** @type {Promise<void>} */
    this.exited = Promise.resolve();
  }

  /** @returns {number} */
  get pid() {
    const pid = this.child?.pid;
    if (pid === undefined) throw new Error(`${this.options.name} is not running`);
    return pid;
  }

  get running() {
    return this.child !== undefined && this.child.exitCode === null && this.child.signalCode === null;
  }

  /** @returns {Promise<this>} */
  async start() {
    const { name, command, args, logFile, env, cwd } = this.options;
    const log = fs.createWriteStream(logFile, { flags: 'a' });
    const startedAt = performance.now();
    const child = spawn(command, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      ...(cwd === undefined ? {} : { cwd }),
      env: { ...process.env, ...env },
    });
    this.child = child;
    child.stderr.pipe(log, { end: false });
    this.exited = new Promise((resolve) => {
      child.once('close', () => {
        log.end();
        resolve();
      });
      child.once('error', () => resolve());
    });
    liveServices.add(this);
    void this.exited.then(() => liveServices.delete(this));
    await this.#awaitReady(child, log);
    this.startMs = performance.now() - startedAt;
    if (!this.running) throw new Error(`${name} ended at once; see ${logFile}`);
    return this;
  }

  /**
   * @param {import('node:child_process').ChildProcess} child
   * @param {fs.WriteStream} log
   * @returns {Promise<void>}
   */
  #awaitReady(child, log) {
    const { name, ready, readyTimeoutMs = 60_000, logFile } = this.options;
    return new Promise((resolve, reject) => {
      let tail = '';
      const timer = setTimeout(() => reject(new Error(`${name} was not ready in ${readyTimeoutMs} ms; see ${logFile}`)), readyTimeoutMs);
      child.once('error', (error) => {
        clearTimeout(timer);
        reject(new Error(`${name} could not be started: ${error.message}`, { cause: error }));
      });
      child.once('exit', (code, signal) => {
        clearTimeout(timer);
        reject(new Error(`${name} ended (${signal ?? code}) before it was ready; see ${logFile}`));
      });
      child.stdout?.on('data', (/** @type {Buffer} */ chunk) => {
        log.write(chunk);
        if (tail === 'done') return;
        tail += chunk.toString();
        if (tail.split('\n').some((line) => ready.test(line))) {
          tail = 'done';
          clearTimeout(timer);
          resolve();
        }
      });
    });
  }

  /**
   * A clean stop; a process that does not end in time is killed and reported.
   * @param {number} [timeoutMs]
   * @returns {Promise<{ clean: boolean, code: number | null }>}
   */
  async stop(timeoutMs = 20_000) {
    const child = this.child;
    if (child === undefined || !this.running) return { clean: true, code: child?.exitCode ?? null };
    child.kill('SIGTERM');
    const timer = setTimeout(() => child.kill('SIGKILL'), timeoutMs);
    await this.exited;
    clearTimeout(timer);
    return { clean: child.signalCode !== 'SIGKILL', code: child.exitCode };
  }

  /** kill -9 by process id. @returns {Promise<void>} */
  async kill() {
    if (this.running) this.child?.kill('SIGKILL');
    await this.exited;
  }
}

/** @type {Set<Service>} */
const liveServices = new Set();

/** Kills whatever is still running when this process ends for any reason, so that a failed run leaves nothing behind. */
export function killServicesAtExit() {
  process.once('exit', () => {
    for (const service of liveServices) service.child?.kill('SIGKILL');
  });
  for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM'])) process.once(signal, () => process.exit(130));
}
