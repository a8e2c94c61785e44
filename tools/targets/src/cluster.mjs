import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

import { apacheBroker, apacheNameserver } from './apache.mjs';
import { kitemqBroker, kitemqNameserver } from './kitemq.mjs';
import { freePort } from './ports.mjs';

/** @typedef {'kitemq' | 'apache'} TargetName */

/**
 * @typedef {object} ClusterOptions
 * @property {TargetName} target
 * @property {'sync' | 'async'} flush
 * @property {Record<string, string | number | boolean>} [settings] Apache's broker property names
 * @property {string[]} [runtimeFlags] flags for the broker's java or node
 * @property {Record<string, string | undefined>} [env] for the broker
 * @property {(line: string) => void} [log]
 * @property {(dir: string) => Promise<void> | void} [prepare] called with the cluster's directory before the broker is started
 */

/** One name server and one broker of a target in a directory of their own, on free loopback ports. */
export class Cluster {
  /** @param {ClusterOptions} options */
  constructor(options) {
    this.options = options;
    this.dir = fs.mkdtempSync(path.join(os.tmpdir(), `kitemq-${options.target}-`));
    this.namesrvAddr = '';
    this.brokerPort = 0;
    /** @type {import('./service.mjs').Service | undefined} */
    this.nameserver = undefined;
    /** @type {import('./service.mjs').Service | undefined} */
    this.currentBroker = undefined;
  }

  /** Where the broker keeps its data. */
  get dataDir() {
    return path.join(this.dir, this.options.target === 'kitemq' ? 'data' : 'store');
  }

  /** @returns {import('./service.mjs').Service} */
  get broker() {
    if (this.currentBroker === undefined) throw new Error('the broker was not started');
    return this.currentBroker;
  }

  get brokerAddr() {
    return `127.0.0.1:${this.brokerPort}`;
  }

  /** @returns {Promise<this>} */
  async start() {
    const port = await freePort();
    this.namesrvAddr = `127.0.0.1:${port}`;
    const log = this.options.log === undefined ? {} : { log: this.options.log };
    this.nameserver = this.options.target === 'kitemq' ? kitemqNameserver({ dir: this.dir, port }) : await apacheNameserver({ dir: this.dir, port, ...log });
    await this.nameserver.start();
    this.brokerPort = await freePort({ below: 2, above: 1 + shardPorts(this.options.settings) });
    await this.options.prepare?.(this.dir);
    await this.startBroker();
    return this;
  }

  /**
   * Starts the broker on the data that is there.
   * @param {Record<string, string | number | boolean>} [settings] on top of the cluster's
   */
  async startBroker(settings = {}) {
    const { target, flush, runtimeFlags, env, log } = this.options;
    const options = {
      ...{ dir: this.dir, port: this.brokerPort, namesrvAddr: this.namesrvAddr, flush },
      settings: { ...this.options.settings, ...settings },
      ...(runtimeFlags === undefined ? {} : { runtimeFlags }),
      ...(env === undefined ? {} : { env }),
      ...(log === undefined ? {} : { log }),
    };
    if (target === 'apache') fs.rmSync(path.join(this.dir, 'store', 'lock'), { force: true });
    this.currentBroker = target === 'kitemq' ? kitemqBroker(options) : await apacheBroker(options);
    await this.currentBroker.start();
  }

  /** Stops the processes where they are, so that they take nothing from what is measured meanwhile, until {@link resume}. */
  pause() {
    for (const service of [this.nameserver, this.currentBroker]) if (service !== undefined) process.kill(service.pid, 'SIGSTOP');
  }

  resume() {
    for (const service of [this.nameserver, this.currentBroker]) if (service !== undefined) process.kill(service.pid, 'SIGCONT');
  }

  /** @param {{ keep?: boolean }} [options] `keep`: leave the directory, for looking at it */
  async stop({ keep = false } = {}) {
    const stopped = await this.currentBroker?.stop();
    await this.nameserver?.stop();
    if (!keep) fs.rmSync(this.dir, { recursive: true, force: true });
    return stopped ?? { clean: true, code: null };
  }
}

/** How far the port of the last shard is from the first's. @param {ClusterOptions['settings']} settings */
function shardPorts({ shards = 1, shardPortStep = 10 } = {}) {
  return (Number(shards) - 1) * Number(shardPortStep);
}

/** @param {ClusterOptions} options @returns {Promise<Cluster>} */
export async function startCluster(options) {
  const cluster = new Cluster(options);
  try {
    return await cluster.start();
  } catch (error) {
    await cluster.stop({ keep: true });
    throw error;
  }
}
